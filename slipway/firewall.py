"""What may reach a host from outside: the openings of the inventory, and the nftables rules they mean. Pure."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal, cast, get_args

from .environment import Opening
from .errors import SlipwayError

ALWAYS = (
    Opening(22, "SSH: people and Slipway log in"),
    Opening(80, "HTTP: leads to HTTPS, proves domains to the certificate authority"),
    Opening(443, "HTTPS: the edge"),
)
Protocol = Literal["tcp", "udp"]
LONGEST_COMMENT = 127  # bytes; nftables keeps 128 with the zero at the end


class BadOpening(SlipwayError):
    """An entry of `openings` that no rule can be made of."""

    exit_code = 2


def rules(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the rules of the inventory's `openings`, one per source."""
    return [rule for entry in entries for rule in opening_rules(opening(entry))]


def opening(entry: Mapping[str, Any]) -> Opening:
    """Return an entry of `openings`; what may be left out is filled in."""
    port, protocol = entry.get("port"), entry.get("protocol") or "tcp"
    if not str(port).isascii() or not str(port).isdigit() or not 1 <= int(str(port)) <= 65535:
        raise BadOpening(f"openings: port {port!r} is none", "write a number from 1 to 65535")
    if protocol not in get_args(Protocol):
        raise BadOpening(f"openings: port {port}: protocol {protocol!r} is unknown", "write tcp or udp, or leave it out")
    sources = tuple(str(network(source, int(str(port)))) for source in entry.get("sources") or ())
    return Opening(int(str(port)), str(entry.get("why") or ""), cast(Protocol, protocol), sources)


def network(source: object, port: int) -> IPv4Network | IPv6Network:
    """Return the network that an entry of `sources` means; an address stands for itself alone."""
    try:
        return ip_network(str(source), strict=False)
    except ValueError as error:
        raise BadOpening(f"openings: port {port}: {source!r} is no network", "write 192.0.2.0/24 or 192.0.2.7") from error


def opening_rules(wanted: Opening) -> list[str]:
    """Return the rules that let an opening in; without sources one for both families."""
    rule = f"{wanted.protocol} dport {wanted.port} accept{comment(wanted.why)}"
    return [f"{family(source)} saddr {source} {rule}" for source in wanted.sources] or [rule]


def family(source: str) -> str:
    """Return the word of nftables for a network's family."""
    return "ip" if ip_network(source).version == 4 else "ip6"


def comment(why: str) -> str:
    """Return a reason as a rule carries it: nftables knows no escapes, so what would end the quotes is replaced."""
    said = kept_reason(why)
    return f' comment "{said}"' if said else ""


def kept_reason(why: str) -> str:
    """Return what a rule keeps of a reason: one line, no double quotes, as many whole characters as fit."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in why).split()).replace('"', "'")
    return line.encode()[:LONGEST_COMMENT].decode(errors="ignore").strip()
