"""What a host's own tools say of its firewall: the rules nftables holds, the sockets that listen. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Rule = Mapping[str, Any]

INNER_INTERFACES = {"lo", "docker0", "br-*", "veth*"}
NEEDED = ("early", "input", "forward", "openings")
CHAINS = ("openings", "containers")
PASSES = ("accept", "return")
DHCP = {("udp", "sport"): 67, ("udp", "dport"): 68}
PROGRAM = re.compile(r'\("([^"]+)",')
LOCAL = re.compile(r"\[?(?P<address>[^\]%]+)\]?(?:%[^:]+)?:(?P<port>[0-9]+)")


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """A way in: from a network (everywhere if empty) to ports of the host."""

    protocol: str
    first: int
    last: int
    source: str = ""

    def __str__(self) -> str:
        """Return it as a person writes it."""
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} {ports} from {self.source or 'everywhere'}"

    def leads_to(self, protocol: str, port: int) -> bool:
        """Say whether a port is among those it leads to."""
        return self.protocol == protocol and self.first <= port <= self.last


@dataclass(frozen=True, slots=True)
class Wall:
    """What the loaded rules let in: to host and containers (`early`), to the host itself (`host`), and what is wrong."""

    early: frozenset[Way] = frozenset()
    host: frozenset[Way] = frozenset()
    faults: tuple[str, ...] = ()
    loaded: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A socket that waits for others; `programs` as the kernel names them."""

    protocol: str
    port: int
    address: str
    programs: tuple[str, ...] = ()

    @property
    def outside(self) -> bool:
        """Say whether other hosts could reach it if the firewall let them."""
        return self.address == "*" or not ip_address(self.address.removeprefix("::ffff:")).is_loopback


def read_wall(text: str) -> Wall:
    """Return what `nft --json list table inet slipway` says; a table that is not there holds nothing back."""
    items = json.loads(text).get("nftables", [])
    chains = {item["chain"]["name"] for item in items if "chain" in item}
    missing = [name for name in NEEDED if name not in chains]
    if missing:
        return Wall(faults=(_lost(missing),), loaded=False)
    rules = {name: [item["rule"] for item in items if "rule" in item and item["rule"]["chain"] == name] for name in chains}
    faults = [f"{name}: {fault}" for name in ("early", "input", "openings") for fault in _faults(rules[name], name)]
    return Wall(frozenset(_ways(rules, "early")), frozenset(_ways(rules, "input")), tuple(faults))


def _lost(missing: Sequence[str]) -> str:
    if len(missing) == len(NEEDED):
        return "no rules of Slipway are loaded: nothing is held back"
    return f"the loaded rules lack {', '.join(missing)}: what may come in cannot be told"


def _ways(rules: Mapping[str, Sequence[Rule]], chain: str) -> Iterator[Way]:
    for rule in rules[chain]:
        if _jump(rule) == "openings":
            yield from _ways(rules, "openings")
        elif _passes(rule) and not _is_own(rule):
            yield from _way(rule) or ()


def _faults(rules: Sequence[Rule], chain: str) -> Iterator[str]:
    """Yield what lets in more than ports can say, and a chain whose end stands open."""
    for rule in rules:
        if (_passes(rule) and not _is_own(rule) and _way(rule) is None) or (_jump(rule) or CHAINS[0]) not in CHAINS:
            yield f"a rule that is not Slipway's lets in more than a port: {json.dumps(rule['expr'])}"
    if chain != "openings" and not (rules and "drop" in verdicts(rules[-1]) and not matches(rules[-1])):
        yield "the last rule does not drop what is left"


def verdicts(rule: Rule) -> set[str]:
    """Return the words of a rule: `match`, `accept`, `counter` and the like."""
    return {word for part in rule["expr"] for word in part}


def _passes(rule: Rule) -> bool:
    return bool(verdicts(rule) & set(PASSES))


def _jump(rule: Rule) -> str:
    return next((part[word]["target"] for part in rule["expr"] for word in ("jump", "goto") if word in part), "")


def matches(rule: Rule) -> list[Mapping[str, Any]]:
    """Return the conditions of a rule."""
    return [part["match"] for part in rule["expr"] if "match" in part]


def _is_own(rule: Rule) -> bool:
    """Say whether a rule has a condition that keeps out whoever asks for a port from outside; others only narrow it."""
    return any(map(_is_inner, matches(rule))) or fields(rule) == DHCP


def _is_inner(match: Mapping[str, Any]) -> bool:
    left, wanted = match["left"], set(map(str, listed(match["right"])))
    if match["op"] not in ("==", "in"):
        return False
    if "meta" in left:
        return wanted <= {"iifname": INNER_INTERFACES, "l4proto": {"icmp", "ipv6-icmp"}}.get(left["meta"]["key"], set())
    if "ct" in left:
        return left["ct"]["key"] == "state" and wanted <= {"established", "related"}
    return "fib" in left and wanted <= {"broadcast", "multicast", "anycast"}


def fields(rule: Rule) -> dict[tuple[str, str], Any]:
    """Return what a rule asks of a packet's headers."""
    payloads = [(match["left"].get("payload", {}), match["right"]) for match in matches(rule)]
    return {(left.get("protocol", ""), left.get("field", "")): right for left, right in payloads}


def _way(rule: Rule) -> list[Way] | None:
    """Return the ways a rule opens, or None where it says more or less than a port and a source."""
    asked = fields(rule)
    ports = [(name[0], right) for name, right in asked.items() if name[1] == "dport"]
    sources = [right for name, right in asked.items() if name[1] == "saddr"]
    exact = len(asked) == len(ports) + len(sources) and all(match["op"] == "==" for match in matches(rule))
    if len(ports) != 1 or not exact or any(isinstance(item, str) and item.startswith("@") for item in asked.values()):
        return None
    (protocol, numbers), networks = ports[0], [network(item) for right in sources for item in listed(right)] or [""]
    return [Way(protocol, *_span(number), source) for number in listed(numbers) for source in networks]


def listed(right: Any) -> list[Any]:
    """Return what a condition compares with, one or many, as a list."""
    if isinstance(right, list):
        return right
    return list(right["set"]) if isinstance(right, dict) and "set" in right else [right]


def _span(number: Any) -> tuple[int, int]:
    first, last = number["range"] if isinstance(number, dict) else (number, number)
    return int(first), int(last)


def network(item: Any) -> str:
    """Return a network or an address as a network."""
    prefix = item.get("prefix") if isinstance(item, dict) else None
    return str(ip_network(f"{prefix['addr']}/{prefix['len']}" if prefix else item))


def read_listeners(text: str) -> list[Listener]:
    """Return the sockets `ss -Hltnup` tells."""
    return sorted({_listener(line.split()) for line in text.splitlines() if line.strip()})


def _listener(words: Sequence[str]) -> Listener:
    place = LOCAL.fullmatch(words[4])
    if not place:
        raise ValueError(f"{words[4]!r} is no address with a port")
    programs = PROGRAM.findall(" ".join(words[6:]))
    return Listener(words[0], int(place["port"]), place["address"], tuple(sorted(set(programs))))
