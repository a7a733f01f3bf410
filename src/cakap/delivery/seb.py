"""Safe Exam Browser: the configuration of a session and the keys by which it proves itself.

Source: safeexambrowser.org, developer documentation "Config Key": the settings as JSON with keys in
alphabetical order, letters alike, without white space and without originatorVersion, hashed with
SHA-256; every request carries the SHA-256 of its URL (no fragment) followed by that key. The Browser
Exam Key, which differs by build of the browser, travels likewise in a header of its own. Where the
browser's view cannot set headers, its JavaScript API tells both, hashed with the URL of the page; our
page hands them on in a cookie (static/delivery/seb.js).

"File Format" (same place): the XML packed by gzip, encrypted with a password after RNCryptor's format
version 3, behind the prefix "pswd", and all of it packed by gzip again.

"SEB Config Keys" (same place), embeddedCertificates: certificates that the browser trusts beside those of
its system, base64 of DER, with a type. SEB for macOS and iOS takes them; SEB for Windows goes by the
certificates of Windows, where the authority is installed (`cakap site tls` says how).
"""

from __future__ import annotations

import base64
import gzip
import hmac
import json
import plistlib
import re
import secrets
from collections.abc import Iterable, Mapping
from hashlib import pbkdf2_hmac, sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding

HEADER = "X-SafeExamBrowser-ConfigKeyHash"
EXAM_KEY_HEADER = "X-SafeExamBrowser-RequestHash"
PAGE_COOKIE = re.compile(r"(?:^|;)\s*cakap_seb=([0-9a-f]*)\.([0-9a-f]*)\.([^;\s]*)")
EXAM_KEY = re.compile(r"[0-9a-f]{64}")
SHORT_CODE = 8  # characters of the codes of sessions planned before the modern views were known
ROUNDS, MODERN_VIEW = 10_000, 3
AUTHORITY = 2  # the type of a certificate that signs others


def settings_of(start: str, quit_code: str, authority: Path | None = None) -> dict[str, Any]:
    """What a room's browsers are told: one site, full screen, no way out but the code.

    authority: the file of a certificate authority of the site's own, which they are told to trust.
    """
    host = start.partition("//")[2].partition("/")[0]
    rule = {"active": True, "regex": False, "action": 1, "expression": f"{host}/*"}
    modern = {} if len(quit_code) <= SHORT_CODE else {"browserWindowWebView": MODERN_VIEW}
    trusted = {"embeddedCertificates": [_trusted(authority)]} if authority else {}
    return (modern | trusted) | {
        "originatorVersion": "cakap",
        "startURL": start,
        "sendBrowserExamKey": True,
        "sebConfigPurpose": 0,
        "browserViewMode": 1,
        "allowQuit": True,
        "hashedQuitPassword": sha256(quit_code.encode()).hexdigest(),
        "allowSwitchToApplications": False,
        "allowVirtualMachine": False,
        "allowScreenSharing": False,
        "enablePrivateClipboard": True,
        "newBrowserWindowByLinkPolicy": 0,
        "URLFilterEnable": True,
        "URLFilterRules": [rule],
    }


def _trusted(authority: Path) -> dict[str, Any]:
    found = x509.load_pem_x509_certificate(authority.read_bytes())
    content = base64.b64encode(found.public_bytes(Encoding.DER)).decode()
    name = found.subject.rfc4514_string().removeprefix("CN=")
    return {"certificateDataBase64": content, "name": name, "type": AUTHORITY}


def configuration(settings: Mapping[str, Any]) -> bytes:
    """The settings as a .seb file (an unencrypted property list)."""
    return plistlib.dumps(dict(settings), sort_keys=True)


def sealed(settings: Mapping[str, Any], password: str) -> bytes:
    """The settings as a .seb file that opens with a password alone."""
    return gzip.compress(b"pswd" + _encrypted(gzip.compress(configuration(settings)), password))


def _encrypted(content: bytes, password: str) -> bytes:
    """RNCryptor version 3 with a password: AES-256-CBC, then HMAC-SHA-256 over all before it."""
    salt, mac_salt, start = (secrets.token_bytes(size) for size in (8, 8, 16))
    padder = PKCS7(128).padder()
    padded = padder.update(content) + padder.finalize()
    cipher = Cipher(AES256(_stretched(password, salt)), CBC(start)).encryptor()
    body = bytes((3, 1)) + salt + mac_salt + start + cipher.update(padded) + cipher.finalize()
    return body + hmac.digest(_stretched(password, mac_salt), body, "sha256")


def _stretched(password: str, salt: bytes) -> bytes:
    return pbkdf2_hmac("sha1", password.encode(), salt, ROUNDS, 32)


def config_key(settings: Mapping[str, Any]) -> str:
    """The Config Key of the settings, in hexadecimal."""
    told = {name: value for name, value in settings.items() if name != "originatorVersion"}
    text = json.dumps(_ordered(told), ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=str.casefold)}
    return [_ordered(one) for one in value] if isinstance(value, list) else value


def proves(header: str, url: str, key: str) -> bool:
    """Whether a request with this header, to this URL, came from a browser with these settings."""
    wanted = sha256(f"{url.partition('#')[0]}{key}".encode()).hexdigest()
    return hmac.compare_digest(header.encode(), wanted.encode())


def page_proof(cookies: str) -> tuple[str, str, str]:
    """What a page's script told: the hashes of both keys and the page's address; empty where nothing."""
    found = PAGE_COOKIE.search(cookies)
    return (found[1], found[2], unquote(found[3])) if found else ("", "", "")


def exam_keys_of(text: str) -> tuple[str, ...]:
    """The Browser Exam Keys of a text, one a line; ValueError names what is none."""
    keys = tuple(line.strip().lower() for line in text.splitlines() if line.strip())
    for key in keys:
        if not EXAM_KEY.fullmatch(key):
            message = f"diharapkan 64 angka heksadesimal; ditemukan {key[:80]}."
            raise ValueError(message)
    return keys


def proves_one(header: str, url: str, keys: Iterable[str]) -> bool:
    """Whether a request came from a browser with one of these keys."""
    return any(proves(header, url, key) for key in keys)
