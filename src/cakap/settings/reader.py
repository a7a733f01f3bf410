"""Reads the configuration: environment first, then cakap.toml, then the default; nonsense is refused."""

from __future__ import annotations

import ipaddress
import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

KEYS = (
    "data", "database_url", "time_zone", "language", "hosts", "https", "debug", "dask", "proxy",
    "sign_ins",
    "mail_host", "mail_port", "mail_user", "mail_password", "mail_security", "mail_from",
)  # fmt: skip


class BadConfiguration(Exception):
    """A setting that cannot be used; the message names it, what was found and what was expected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """What a deployment may choose; each field is `CAKAP_<NAME>` or a key of cakap.toml.

    own_authority: served over HTTPS with a certificate of the site's own authority (https = own).
    """

    data: Path
    database_url: str
    time_zone: str
    language: str
    hosts: tuple[str, ...]
    https: bool
    own_authority: bool
    debug: bool
    dask: str
    proxy: bool
    sign_ins: int
    mail_host: str
    mail_port: int
    mail_user: str
    mail_password: str
    mail_security: str
    mail_from: str


def read_configuration(file: Path | None = None) -> Configuration:
    """The configuration of this process; `file` stands in for CAKAP_CONFIG or ./cakap.toml."""
    from_file = _read_file(file or _default_file())
    given = {key: os.environ.get(f"CAKAP_{key.upper()}", from_file.get(key)) for key in KEYS}
    data = Path(given["data"] or "cakap-data").absolute()
    https = _one_of("https", given["https"] or "no", ("yes", "no", "own"))
    return Configuration(
        data=data,
        database_url=given["database_url"] or f"sqlite:///{data / 'cakap.sqlite3'}",
        time_zone=_time_zone(given["time_zone"] or "Asia/Jakarta"),
        language=_one_of("language", given["language"] or "id", ("id", "en")),
        hosts=tuple(map(host_name, (given["hosts"] or "localhost,127.0.0.1,[::1]").split(","))),
        https=https != "no",
        own_authority=https == "own",
        debug=_one_of("debug", given["debug"] or "no", ("yes", "no")) == "yes",
        dask=given["dask"] or "",
        proxy=_one_of("proxy", given["proxy"] or "no", ("yes", "no")) == "yes",
        sign_ins=_at_once(given["sign_ins"] or "30"),
        mail_host=given["mail_host"] or "",
        mail_port=_port("mail_port", given["mail_port"] or "587"),
        mail_user=given["mail_user"] or "",
        mail_password=given["mail_password"] or "",
        mail_security=_one_of(
            "mail_security", given["mail_security"] or "starttls", ("none", "starttls", "tls")
        ),
        mail_from=_sender(given["mail_host"] or "", given["mail_from"] or ""),
    )


def _default_file() -> Path:
    return Path(os.environ.get("CAKAP_CONFIG", "cakap.toml"))


def names_hosts() -> bool:
    """Whether the configuration itself says which names the server answers to."""
    return bool(os.environ.get("CAKAP_HOSTS") or _read_file(_default_file()).get("hosts"))


def plain_host(text: str) -> str:
    """A name or an address in its one spelling: 2001:DB8:0::1 and [2001:db8::1] are 2001:db8::1."""
    name = text.strip().lower()
    try:
        return str(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        return name


def host_name(text: str) -> str:
    """The same as a browser sends it: an IPv6 address in brackets."""
    name = plain_host(text)
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def secret_key(data: Path) -> str:
    """The installation's own key; the first run makes it, readable by the owner alone."""
    path = data / "secret.key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(64))
    return path.read_text()


def _read_file(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        message = f"{path}: not a TOML file ({exc})"
        raise BadConfiguration(message) from exc
    unknown = sorted(set(content) - set(KEYS))
    if unknown:
        message = f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(KEYS)}"
        raise BadConfiguration(message)
    return {key: _as_text(value) for key, value in content.items()}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return str(value)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        message = f"{name} = {value!r}; expected one of {', '.join(allowed)}"
        raise BadConfiguration(message)
    return value


def _port(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 2**16):
        message = f"{name} = {value!r}; expected a port from 1 to 65535"
        raise BadConfiguration(message)
    return int(value)


def _at_once(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 6 and int(value)):
        message = f"sign_ins = {value!r}; expected a whole number from 1 to 99999"
        raise BadConfiguration(message)
    return int(value)


def _sender(host: str, address: str) -> str:
    if host and "@" not in address:
        message = f"mail_from = {address!r}; expected the sender's address where mail_host is set"
        raise BadConfiguration(message)
    return address


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        message = f"time_zone = {name!r}; expected a name such as Asia/Jakarta"
        raise BadConfiguration(message) from exc
    return name
