"""What may reach each host and what its containers may open: what is declared, what the rules really say, and who listens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import firewall
from ..entry import Refusal
from ..environment import Opening
from ..load import load_environment
from .egress_reading import Egress, Fence, read_egress, read_kept, wanted
from .firewall_reading import Listener, Wall, Way, read_listeners, read_wall
from .hosts import Host, choose_environment, choose_hosts
from .silence import why_silent
from .ssh import Answer

# Four questions in one login: a line for each table, what the engine keeps up to an empty line, then sockets.
TABLES = "; ".join(f"nft --json list table inet {name} 2>/dev/null || echo '{{}}'" for name in ("slipway", "slipway_egress"))
ASKED = f"{TABLES}; grep -H '' /var/lib/slipway/*/egress.json 2>/dev/null; echo; exec ss -Hltnup"
COMMAND = ("sudo", "-n", "sh", "-c", ASKED)
NO_ANSWER, CHANGES_FOUND = 3, 6
Ask = Callable[[Host, Sequence[str]], Answer]


@dataclass(frozen=True, slots=True)
class Report:
    """A host's firewall beside what is declared, or why it said nothing."""

    host: Host
    declared: tuple[Opening, ...] = ()
    wall: Wall = field(default_factory=Wall)
    listeners: tuple[Listener, ...] = ()
    egress: Egress = field(default_factory=Egress)
    meant: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # stack -> ports, as its file says now
    silence: Refusal | None = None

    @property
    def differences(self) -> list[str]:
        """Return where the host is not as declared."""
        return [*self._differences_of_the_wall, *self.egress.faults]

    @property
    def _differences_of_the_wall(self) -> list[str]:
        if not self.wall.loaded:
            return list(self.wall.faults)
        asked = {way for opening in self.declared for way in ways(opening)}
        let_in = self.wall.early & self.wall.host
        return [
            *self.wall.faults,
            *(f"{way} is declared and not let in" for way in sorted(asked - let_in)),
            *(f"{way} is let in and not declared" for way in sorted(self.wall.early - asked)),
        ]

    @property
    def shut(self) -> list[Listener]:
        """Return who listens for other hosts on a port that the rules keep shut."""
        return [one for one in self.listeners if one.outside and not self.wall_opens(one.protocol, one.port)]

    def wall_opens(self, protocol: str, port: int) -> bool:
        """Say whether anybody is let in to a port."""
        return not self.wall.loaded or any(way.leads_to(protocol, port) for way in self.wall.early)

    def lets_in(self, opening: Opening) -> bool:
        """Say whether the rules let in all that an opening means."""
        return not self.wall.loaded or set(ways(opening)) <= self.wall.early & self.wall.host

    def programs(self, opening: Opening) -> list[str]:
        """Return who listens behind an opening."""
        behind = (one for one in self.listeners if one.outside and (one.protocol, one.port) == (opening.protocol, opening.port))
        return sorted({program for one in behind for program in one.programs or ("somebody",)})

    def next_deploy(self, fence: Fence) -> str:
        """Say what a stack's containers may open from its next deploy on, where that is something else."""
        later = wanted(self.meant.get(fence.stack, fence.ports))
        return "" if later == fence.closed else str(later)


def ask_all(root: Path, env: str, names: str, ask: Ask) -> list[Report]:
    """Ask every host at the same time."""
    inventory = choose_environment(root, env)
    hosts = choose_hosts(inventory, names)
    environment = load_environment(inventory, root / "compose")
    declared = (*firewall.ALWAYS, *environment.openings)
    meant = {name: tuple(sorted(stack.egress_ports)) for name, stack in environment.stacks.items()}
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(hosts)))) as pool:
        return list(pool.map(lambda host: report(host, declared, ask(host, COMMAND), meant), hosts))


def report(host: Host, declared: Sequence[Opening], answer: Answer, meant: Mapping[str, tuple[int, ...]] | None = None) -> Report:
    """Turn an answer into a report."""
    if answer.code:
        return Report(host, silence=why_silent(host, answer))
    said, _, sockets = answer.output.partition("\n\n")
    wall, fence, *kept = said.splitlines()
    found = read_egress(fence, read_kept(kept))
    return Report(host, tuple(declared), read_wall(wall), tuple(read_listeners(sockets)), found, meant or {})


def ways(opening: Opening) -> Iterator[Way]:
    """Yield the ways in that an opening means."""
    for source in opening.sources or ("",):
        network = str(firewall.network(source, opening.port)) if source else ""
        yield Way(opening.protocol, opening.port, opening.port, network)


def code(reports: Sequence[Report]) -> int:
    """Return the exit code."""
    if any(report.silence for report in reports):
        return NO_ANSWER
    return CHANGES_FOUND if any(report.differences for report in reports) else 0


def as_json(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Return the reports for machines."""
    return [_data(report) for report in reports]


def _data(report: Report) -> dict[str, Any]:
    if report.silence:
        return {"host": report.host.name, "error": {"cause": report.silence.cause, "next": report.silence.next_step}}
    return {
        "host": report.host.name,
        "differences": report.differences,
        "openings": [_opening(report, opening) for opening in report.declared],
        "shut": [
            {"protocol": one.protocol, "port": one.port, "address": one.address, "programs": list(one.programs)}
            for one in report.shut
        ],
        "egress": [_fence(report, fence) for fence in report.egress.fences],
    }


def _opening(report: Report, opening: Opening) -> dict[str, Any]:
    words = {"protocol": opening.protocol, "port": opening.port, "sources": list(opening.sources), "why": opening.why}
    return {**words, "let_in": report.lets_in(opening), "programs": report.programs(opening)}


def _fence(report: Report, fence: Fence) -> dict[str, Any]:
    words = {"stack": fence.stack, "ports": list(fence.ports), "networks": list(fence.networks)}
    return {**words, "may_open": str(fence.closed), "next_deploy": report.next_deploy(fence), "in_force": fence.in_force}


def as_text(reports: Sequence[Report]) -> str:
    """Return the reports for people."""
    return "\n\n".join("\n".join(_host(report)) for report in reports)


def _host(report: Report) -> Iterator[str]:
    if report.silence:
        yield f"{report.host.name} ({report.host})\n  no answer    {report.silence.cause}"
        yield f"  next         {report.silence.next_step}"
        return
    count = len(report.differences)
    verdict = f"{count} difference{'s' if count > 1 else ''}" if count else "as declared"
    yield f"{report.host.name} ({report.host}): {verdict}"
    yield from (f"  differs      {difference}" for difference in report.differences)
    if count:
        tags = "" if report.egress.faults else " --tags firewall"
        yield f"  next         run site.yml with --limit {report.host.name}{tags}"
    yield from (_open_line(report, opening) for opening in report.declared)
    yield from _shut_lines(report.shut)
    yield from (_fence_line(report, fence) for fence in report.egress.fences)


def _open_line(report: Report, opening: Opening) -> str:
    programs = ", ".join(report.programs(opening)) or "nothing listens"
    sources = ", ".join(opening.sources) or "everywhere"
    verdict = "open" if report.lets_in(opening) else "not open"
    return f"  {verdict:12} {f'{opening.protocol} {opening.port}':9} {programs:15}  from {sources}: {opening.why}"


def _shut_lines(shut: Sequence[Listener]) -> Iterator[str]:
    places: dict[tuple[str, int], list[Listener]] = {}
    for one in shut:
        places.setdefault((one.protocol, one.port), []).append(one)
    for (protocol, port), found in places.items():
        programs = ", ".join(sorted({program for one in found for program in one.programs or ("somebody",)}))
        addresses = ", ".join(dict.fromkeys(one.address for one in found))
        yield f"  kept shut    {f'{protocol} {port}':9} {programs:15}  listens on {addresses}"


def _fence_line(report: Report, fence: Fence) -> str:
    verdict = "may open" if fence.in_force else "not fenced"
    later = report.next_deploy(fence)
    change = f"; from its next deploy on {later}" if later else ""
    return f"  {verdict:12} {fence.stack:9} {fence.closed!s:15}  containers of {', '.join(fence.networks)}{change}"
