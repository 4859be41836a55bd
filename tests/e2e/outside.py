"""Another host of the lab's network, as a stranger: what it reaches of a host over IPv4 and IPv6.

The lab's network has no IPv6 of its own; both hosts are given addresses on their link for as long as they are asked.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from slipway import lab

from .demo_site import ROOT, Site

SCAN = ROOT / "molecule/shared/tests/scan.py"
PREFIX = "fd42:212::"
DISABLED = "/proc/sys/net/ipv6/conf/eth0/disable_ipv6"


@dataclass(frozen=True, slots=True)
class Outside:
    """The stranger, and the host it knocks at."""

    prober: lab.LabHost
    site: Site

    @property
    def addresses(self) -> tuple[str, str]:
        """Return the host's addresses, one of each family."""
        return self.site.host.address, address6(self.site.host)

    def scan(self, *ports: str | int, addresses: Sequence[str] = (), udp: bool = False) -> dict[str, dict[str, list[int]]]:
        """Return by address which ports answered and which refused; the others kept silent."""
        words = [",".join(addresses or self.addresses), *(["udp"] if udp else []), *map(str, ports)]
        found: dict[str, dict[str, list[int]]] = json.loads(
            inside(self.prober, "python3", "-c", SCAN.read_text(encoding="utf-8"), *words)
        )
        return found

    def reached(self, *ports: str | int, addresses: Sequence[str] = (), udp: bool = False) -> dict[str, list[int]]:
        """Return by address the ports that answered in any way: those the firewall let through."""
        found = self.scan(*ports, addresses=addresses, udp=udp)
        return {address: sorted(kinds["open"] + kinds["refused"]) for address, kinds in found.items()}

    def each(self, ports: list[int]) -> dict[str, list[int]]:
        """Return what `reached` says where all families let the same ports in."""
        return {address: ports for address in self.addresses}

    @contextmanager
    def routing(self, network: str) -> Iterator[None]:
        """Lead the way to a network of containers through the host."""
        inside(self.prober, "ip", "route", "replace", network, "via", self.site.host.address)
        yield
        inside(self.prober, "ip", "route", "del", network)

    def give_addresses(self) -> None:
        """Give both hosts an IPv6 address; a reboot takes it away."""
        for host in (self.prober, self.site.host):
            inside(host, "sh", "-c", f"echo 0 > {DISABLED}; ip -6 address replace {address6(host)}/64 dev eth0 nodad")

    def take_addresses(self) -> None:
        """Leave both hosts as the lab made them."""
        for host in (self.prober, self.site.host):
            inside(host, "sh", "-c", f"echo 1 > {DISABLED}")


def address6(host: lab.LabHost) -> str:
    """Return the IPv6 address a host is given."""
    return f"{PREFIX}{host.address.rpartition('.')[2]}"


def inside(host: lab.LabHost, *argv: str) -> str:
    """Return what a command prints in a host's container."""
    command = ["docker", "exec", host.container, *argv]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert run.returncode == 0, run.stderr or run.stdout
    return run.stdout
