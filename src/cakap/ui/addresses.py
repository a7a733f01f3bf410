"""Where a request comes from. Everything that names or counts an address asks here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

HEADER = b"x-real-ip"
ONE_SUBSCRIBER = 64  # bits of an IPv6 address that belong to one line; the rest is freely chosen


def client_address(*, peer: str, told: str) -> str:
    """The address of a client: the socket's peer, or what our own web server tells in X-Real-IP.

    Anybody can send a header: without the setting CAKAP_PROXY it does not count. Nor does one that
    holds no address.
    """
    if settings.CAKAP_PROXY:
        return _plain(told) or _plain(peer)
    return _plain(peer)


def address_of(request: HttpRequest) -> str:
    """The address of a request of Django."""
    return client_address(
        peer=request.META.get("REMOTE_ADDR", ""), told=request.META.get("HTTP_X_REAL_IP", "")
    )


def address_of_scope(peer: str, headers: Mapping[bytes, bytes]) -> str:
    """The address of a request of the bare server (ASGI)."""
    return client_address(peer=peer, told=headers.get(HEADER, b"").decode("latin-1"))


def subscriber_of(address: str) -> str:
    """What guesses are counted by: an IPv4 address, or the network of an IPv6 address."""
    if ":" not in address:
        return address
    return str(ip_network(f"{address}/{ONE_SUBSCRIBER}", strict=False).network_address)


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """An address as it is usually written; IPv4 inside IPv6 is IPv4; empty where it is none."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(inner or address)
