"""Say where the ways to a host lead: who is logged in from where, and which networks lie at its own cards.

Runs on hosts as part of the program of `host_probe`: standard library only. Takes what the kernel's tables say as text. Pure.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

SSH_PORT = 22
ESTABLISHED = "01"
MAPPED = "0000000000000000FFFF0000"  # an IPv4 address among IPv6 ones
INNER_CARDS = ("lo", "docker", "br-", "veth")


def told(sockets: Mapping[str, str], routes: str) -> dict[str, Any]:
    """Return where logins come from (IPv4), the networks at the host's own cards, and whether Docker has its first bridge."""
    bridge = any(line.startswith("docker0\t") for line in routes.splitlines())
    return {"peers": sorted(set(peers(sockets))), "near": sorted(set(near(routes))), "bridge": bridge}


def peers(sockets: Mapping[str, str]) -> Iterator[str]:
    """Yield where open logins come from, by /proc/net/tcp and tcp6."""
    for row in (line.split() for name in ("tcp", "tcp6") for line in sockets.get(name, "").splitlines()[1:]):
        port, address = row[1].rpartition(":")[2], row[2].partition(":")[0].removeprefix(MAPPED)
        if row[3] == ESTABLISHED and int(port, 16) == SSH_PORT and len(address) == 8:
            yield str(_address(address))


def near(routes: str) -> Iterator[str]:
    """Yield the networks that are reached without a gateway, by /proc/net/route."""
    for card, target, gateway, _, _, _, _, mask, *_ in (line.split() for line in routes.splitlines()[1:]):
        if int(gateway, 16) == 0 and int(mask, 16) and not card.startswith(INNER_CARDS):
            yield str(IPv4Network(f"{_address(target)}/{_address(mask)}"))


def _address(text: str) -> IPv4Address:
    """Return an address that the kernel wrote as a number of this machine."""
    return IPv4Address(bytes.fromhex(text)[::-1])
