"""What may reach each host: what is declared, what its rules really let in, and what really listens there."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import firewall
from ..entry import Refusal
from ..environment import Opening
from ..load import load_environment
from .firewall_reading import Listener, Wall, Way, read_listeners, read_wall
from .hosts import Host, choose_environment, choose_hosts
from .silence import why_silent
from .ssh import Answer

# Two questions in one login: the first line is the table, the others are sockets.
ASKED = "nft --json list table inet slipway 2>/dev/null || echo '{}'; exec ss -Hltnup"
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
    silence: Refusal | None = None

    @property
    def differences(self) -> list[str]:
        """Return where the host is not as declared."""
        if not self.wall.loaded:
            return list(self.wall.faults)
        wanted = {way for opening in self.declared for way in ways(opening)}
        let_in = self.wall.early & self.wall.host
        return [
            *self.wall.faults,
            *(f"{way} is declared and not let in" for way in sorted(wanted - let_in)),
            *(f"{way} is let in and not declared" for way in sorted(self.wall.early - wanted)),
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


def ask_all(root: Path, env: str, names: str, ask: Ask) -> list[Report]:
    """Ask every host at the same time."""
    inventory = choose_environment(root, env)
    hosts = choose_hosts(inventory, names)
    declared = (*firewall.ALWAYS, *load_environment(inventory, root / "compose").openings)
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(hosts)))) as pool:
        return list(pool.map(lambda host: report(host, declared, ask(host, COMMAND)), hosts))


def report(host: Host, declared: Sequence[Opening], answer: Answer) -> Report:
    """Turn an answer into a report."""
    if answer.code:
        return Report(host, silence=why_silent(host, answer))
    table, _, sockets = answer.output.partition("\n")
    return Report(host, tuple(declared), read_wall(table), tuple(read_listeners(sockets)))


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
    }


def _opening(report: Report, opening: Opening) -> dict[str, Any]:
    words = {"protocol": opening.protocol, "port": opening.port, "sources": list(opening.sources), "why": opening.why}
    return {**words, "let_in": report.lets_in(opening), "programs": report.programs(opening)}


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
        yield f"  next         run site.yml with --limit {report.host.name} --tags firewall"
    yield from (_open_line(report, opening) for opening in report.declared)
    yield from _shut_lines(report.shut)


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
