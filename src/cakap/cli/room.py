"""Where a server can be reached: its addresses, the names it answers to, its TLS; said and checked."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import ifaddr

from cakap.cli.frame import ERR, FAILED, stop
from cakap.settings.reader import host_name, names_hosts, plain_host

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def own_addresses() -> list[str]:
    """Addresses of this machine at which others may reach it: of every network that it is in."""
    addresses = {
        str(address.ip if address.is_IPv4 else address.ip[0])
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
    }
    return sorted(address for address in addresses if not _only_here(address))


def _only_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local


def prepare(host: str, port: int, *, names: Sequence[str], tls: bool) -> list[str]:
    """Say where the server is reached, let it answer there, and return granian's options for TLS.

    An address that was asked for, and every own address where all of them are, is a name that is
    allowed, unless CAKAP_HOSTS or cakap.toml names others.
    """
    from django.conf import settings

    reached = (
        [one for one in own_addresses() if _heard(one, host)] if host in EVERYWHERE else [host]
    )
    allowed = [host_name(one) for one in settings.ALLOWED_HOSTS]
    everywhere, configured = host in EVERYWHERE, names_hosts()
    wanted = [*names, *([] if configured and everywhere else reached)]
    added = [one for one in map(host_name, wanted) if one not in allowed and "*" not in allowed]
    allowed += dict.fromkeys(added)
    os.environ["CAKAP_HOSTS"] = ",".join(allowed)
    required = [plain_host(name) for name in (*names, *([] if everywhere else [host]))]
    addresses = [plain_host(address) for address in reached]
    is_fixed = configured or bool(required)
    options = _tls_options(required, addresses, is_fixed=is_fixed) if tls else []
    _say(host, port, reached, allowed, tls=tls)
    return options


def _heard(address: str, host: str) -> bool:
    """Whether a server that listens everywhere at `host` hears this address: 0.0.0.0 is IPv4 alone."""
    return host == "::" or ":" not in address


def _say(
    host: str, port: int, reached: Sequence[str], allowed: Sequence[str], *, tls: bool
) -> None:
    scheme = "https" if tls else "http"
    for address in reached or [host]:
        ERR.print(
            f"{scheme}://{host_name(address)}:{port}/ – Ctrl-C untuk berhenti",
            highlight=False,
            markup=False,
        )
    if _only_here(host):
        ERR.print(
            "Hanya komputer ini yang dapat membukanya. Untuk komputer lain di ruang: "
            "cakap serve --host 0.0.0.0",
            highlight=False,
            markup=False,
        )
        return
    if not reached:
        ERR.print(
            "Komputer ini tidak berada di jaringan mana pun; ruang belum dapat membukanya. Sambungkan "
            "ke jaringan ruang, lalu jalankan lagi.",
            style="red", highlight=False, markup=False,
        )  # fmt: skip
    ERR.print(f"Nama yang diterima: {', '.join(allowed)}", highlight=False, markup=False)
    left = [one for one in reached if host_name(one) not in allowed and "*" not in allowed]
    if left:
        ERR.print(
            f"Tidak diterima: {', '.join(left)}. CAKAP_HOSTS tidak memuatnya; tambahkan di sana, atau: "
            f"cakap serve --name {left[0]}",
            style="red", highlight=False, markup=False,
        )  # fmt: skip
    if not tls:
        ERR.print(
            "TLS: tidak. Isi halaman terbaca di jaringan ini; buatlah sertifikat: cakap site tls, lalu "
            "cakap serve --tls",
            highlight=False,
            markup=False,
        )


def _tls_options(required: Sequence[str], reached: Sequence[str], *, is_fixed: bool) -> list[str]:
    """Granian's options for the site's certificate, which must name what is required and be in date.

    An address that it does not name is said. A certificate that names no address is refused unless
    is_fixed, that is, unless the name under which the room reaches the server is configured.
    """
    from django.conf import settings

    from cakap.delivery.sites.certificates import read_certificates

    try:
        found = read_certificates(Path(settings.DATA) / "tls")
    except FileNotFoundError:
        stop("Sertifikat belum dibuat: cakap site tls", FAILED)
    unnamed = [one for one in reached if one not in found.names]
    missing = [one for one in required if one not in found.names]
    if unnamed and len(unnamed) == len(reached) and not is_fixed:
        missing = unnamed
    elif unnamed:
        ERR.print(
            f"Sertifikat tidak memuat {', '.join(unnamed)}: peramban di jaringan itu tidak mempercayainya.",
            highlight=False, markup=False,
        )  # fmt: skip
    if missing:
        stop(
            f"Sertifikat tidak memuat {', '.join(missing)}; buatlah lagi: "
            f"cakap site tls --name {missing[0]}",
            FAILED,
        )
    if found.ends < datetime.now(UTC):
        stop(f"Sertifikat berakhir {found.ends:%d-%m-%Y}; buatlah lagi: cakap site tls", FAILED)
    os.environ["CAKAP_HTTPS"] = "own"
    return [
        "--ssl-certificate", str(found.certificate), "--ssl-keyfile", str(found.key),
    ]  # fmt: skip
