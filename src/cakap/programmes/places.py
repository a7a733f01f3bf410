"""Where a room's machines are: its networks and the names of its workstations, as an operator writes them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


@lru_cache(maxsize=256)
def networks_of(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of a text such as "10.1.0.0/24, 10.2.0.7"; ValueError names what is none."""
    found = []
    for word in text.replace(",", " ").split():
        try:
            found.append(ip_network(word, strict=False))
        except ValueError as exc:
            message = f"diharapkan alamat seperti 10.1.0.0/24; ditemukan {word}."
            raise ValueError(message) from exc
    return tuple(found)


def is_inside(text: str, address: str) -> bool:
    """Whether an address lies in one of the networks; no networks: anywhere."""
    networks = networks_of(text)
    if not networks:
        return True
    try:
        own = ip_address(address)
    except ValueError:
        return False
    return any(own in network for network in networks)


@lru_cache(maxsize=256)
def workstations_of(text: str) -> dict[str, str]:
    """Address -> name, of lines such as "PC-01 10.1.0.11"; ValueError names the line that is none."""
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, _, address = line.strip().rpartition(" ")
        try:
            found[str(ip_address(address))] = name.strip()
        except ValueError as exc:
            message = f"baris {number}: diharapkan nama dan alamat; ditemukan {line.strip()}."
            raise ValueError(message) from exc
        if not name.strip():
            message = f"baris {number}: nama komputer kosong."
            raise ValueError(message)
    return found
