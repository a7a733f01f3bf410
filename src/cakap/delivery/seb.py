"""Safe Exam Browser: the configuration of a session and the Config Key by which it proves itself.

Source: safeexambrowser.org, developer documentation "Config Key": the settings as JSON with keys in
alphabetical order, letters alike, without white space and without originatorVersion, hashed with
SHA-256; every request carries the SHA-256 of its URL (no fragment) followed by that key.
"""

from __future__ import annotations

import hmac
import json
import plistlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

HEADER = "X-SafeExamBrowser-ConfigKeyHash"


def settings_of(start: str, quit_code: str) -> dict[str, Any]:
    """What a room's browsers are told: one site, full screen, no way out but the code."""
    host = start.partition("//")[2].partition("/")[0]
    rule = {"active": True, "regex": False, "action": 1, "expression": f"{host}/*"}
    return {
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


def configuration(settings: Mapping[str, Any]) -> bytes:
    """The settings as a .seb file (an unencrypted property list)."""
    return plistlib.dumps(dict(settings), sort_keys=True)


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
