"""What a host says of its fence: what the engine keeps for each stack's networks, what nftables holds. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ..render import egress
from .firewall_reading import Rule, fields, listed, matches, network, verdicts

KEPT = re.compile(r"/var/lib/slipway/(?P<stack>[^/]+)/egress\.json:(?P<text>.*)")
CLOSING = {"reject", "drop"}
NOT_LOADED = "no fence is loaded: containers may open anything outside"


@dataclass(frozen=True, slots=True)
class Closed:
    """What a network may not open: these TCP ports, or all but these."""

    ports: frozenset[int] = frozenset()
    all_but: bool = False

    def __str__(self) -> str:
        """Return what it may open, as a person says it."""
        ports = ", ".join(map(str, sorted(self.ports)))
        if self.all_but:
            return f"tcp {ports} only"
        return f"any tcp port but {ports}" if ports else "any tcp port"


@dataclass(frozen=True, slots=True)
class Fence:
    """What the networks of a stack may open, by its release, and whether the loaded rules say the same."""

    stack: str
    ports: tuple[int, ...]  # none: all but mail
    networks: tuple[str, ...]
    in_force: bool

    @property
    def closed(self) -> Closed:
        """Return what it closes."""
        return wanted(self.ports)


@dataclass(frozen=True, slots=True)
class Egress:
    """The fences of a host and what is wrong with them."""

    fences: tuple[Fence, ...] = ()
    faults: tuple[str, ...] = ()


def wanted(ports: Iterable[int]) -> Closed:
    """Return what the engine's rule for these ports closes."""
    return Closed(frozenset((*ports, egress.NAMES)), all_but=True) if ports else Closed(frozenset((egress.MAIL,)))


def read_kept(lines: Iterable[str]) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return stack -> network -> ports, from what `grep -H ''` says of the engine's files."""
    texts: dict[str, str] = {}
    for found in filter(None, map(KEPT.fullmatch, lines)):
        texts[found["stack"]] = texts.get(found["stack"], "") + found["text"]
    return {stack: {subnet: tuple(ports) for subnet, ports in json.loads(text).items()} for stack, text in texts.items()}


def read_egress(table: str, kept: Mapping[str, Mapping[str, tuple[int, ...]]]) -> Egress:
    """Return the fences, from what `nft --json list table inet slipway_egress` says and what the engine keeps."""
    items = json.loads(table).get("nftables", [])
    if not any("chain" in item for item in items):
        fences = _fences(kept, {})
        return Egress(fences, (NOT_LOADED,) if fences else ())
    rules = [item["rule"] for item in items if "rule" in item]
    loaded, strange = _closed(rules), list(_strangers(rules))
    return Egress(_fences(kept, loaded), (*strange, *_differences(kept, loaded)))


def _fences(kept: Mapping[str, Mapping[str, tuple[int, ...]]], loaded: Mapping[str, Closed]) -> tuple[Fence, ...]:
    """Return a fence for each stack and each set of ports its networks have."""
    found = []
    for stack, networks in sorted(kept.items()):
        for ports in sorted(set(networks.values())):
            of = tuple(sorted((subnet for subnet, its in networks.items() if its == ports), key=ip_network))
            found.append(Fence(stack, ports, of, all(loaded.get(subnet) == wanted(ports) for subnet in of)))
    return tuple(found)


def _differences(kept: Mapping[str, Mapping[str, tuple[int, ...]]], loaded: Mapping[str, Closed]) -> Iterator[str]:
    meant = {subnet: (stack, wanted(ports)) for stack, networks in kept.items() for subnet, ports in networks.items()}
    for subnet, (stack, closed) in sorted(meant.items()):
        if (found := loaded.get(subnet, Closed())) != closed:
            yield f"{stack}: {subnet} may open {closed}; the loaded rules let it open {found}"
    for subnet in sorted(set(loaded) - set(meant)):
        yield f"{subnet} may open {loaded[subnet]} by the loaded rules and is of no stack"


def _closed(rules: Iterable[Rule]) -> dict[str, Closed]:
    """Return what each network may not open; a network with two rules is closed by both, so none of ours is like it."""
    found: dict[str, Closed] = {}
    for rule in rules:
        if fence := _fence(rule):
            subnet, closed = fence
            found[subnet] = Closed(closed.ports | found[subnet].ports) if subnet in found else closed
    return found


def _fence(rule: Rule) -> tuple[str, Closed] | None:
    """Return network and ports of a rule that closes some; None where it says anything else."""
    asked = fields(rule)
    if set(asked) != {("ip", "saddr"), ("tcp", "dport")} or not verdicts(rule) & CLOSING or len(matches(rule)) != len(asked):
        return None
    way = next(match["op"] for match in matches(rule) if match["left"]["payload"]["field"] == "dport")
    ports = listed(asked["tcp", "dport"])
    if way not in ("==", "!=") or not all(isinstance(port, int) for port in ports):
        return None
    return network(asked["ip", "saddr"]), Closed(frozenset(ports), all_but=way == "!=")


def _strangers(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        if not _fence(rule) and not _is_own(rule):
            yield f"a rule that is not Slipway's stands in the fence: {json.dumps(rule['expr'])}"


def _is_own(rule: Rule) -> bool:
    """Say whether a rule lets pass what the fence never judges: answers, and what stays among containers."""
    left, right = next(((match["left"], match["right"]) for match in matches(rule)), ({}, None))
    return verdicts(rule) == {"match", "accept"} and len(matches(rule)) == 1 and _passes(left, right)


def _passes(left: Mapping[str, Any], right: Any) -> bool:
    if "ct" in left:
        return set(listed(right)) == {"established", "related"}
    return "meta" in left and left["meta"]["key"] == "oifname" and right in egress.BRIDGES
