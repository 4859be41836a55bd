"""Releases in a row by one side, with the load on, and what they came to."""

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .seen import Asked, Held, Ledger, Seen, around, cut_early, failures, longest_outage, p99_ms
from .sides import Deploy, Side, ledger
from .stand import DRAIN_SECONDS
from .visitors import Jobs, visiting

WINDOW_SECONDS = 10
JOBS_SECONDS = 240  # what was handed in must be done by then, or it is lost
ONE_TICK_SECONDS = 1.0  # ticks come every 2 s: two within this time are of two schedulers


@dataclass(slots=True)
class Series:
    """What one side did and what visitors met meanwhile; several rounds are added up."""

    side: str
    deploys: list[Deploy] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    quiet: list[Asked] = field(default_factory=list)
    books: Ledger = field(default_factory=Ledger)
    cpu_seconds: float = 0.0
    outage: float = 0.0

    @property
    def switches(self) -> list[float]:
        """Return when traffic moved; nothing for a side that does not move it."""
        return [deploy.switched for deploy in self.deploys if deploy.switched is not None]

    @property
    def early(self) -> list[Held]:
        """Return the sockets that were cut before their bound."""
        return cut_early(self.seen.held, self.switches, DRAIN_SECONDS)

    def add(self, other: "Series") -> None:
        """Take a further round in."""
        self.deploys += other.deploys
        self.seen.add(other.seen)
        self.quiet += other.quiet
        self.books = self.books + other.books
        self.cpu_seconds += other.cpu_seconds
        self.outage = max(self.outage, other.outage)


def run(side: Side, first: int, count: int, jobs: Jobs) -> Series:
    """Bring releases out one after another under load; the first quiet moment is the measure for times."""
    side.stand.wake(side.project)
    side.settle()
    began, before = time.time(), ledger(side.door, 1)
    side.cpu_seconds()
    found = Series(side.name)
    with visiting(side.door, jobs) as crowd:
        time.sleep(WINDOW_SECONDS)
        found.quiet = list(crowd.seen.asked)
        for number in range(first, first + count):
            found.deploys.append(side.deploy(number))
            time.sleep(WINDOW_SECONDS)
        crowd.jobs_handed_in.wait(JOBS_SECONDS)
        ticks = ledger(side.door, time.time() - began)
        side.settle()
    found.seen, found.outage = crowd.seen, longest_outage(crowd.seen)
    found.books = replace(_done(side, before), longest_gap=ticks.longest_gap, shortest_gap=ticks.shortest_gap)
    found.cpu_seconds = side.cpu_seconds()
    side.stand.pause(side.project)
    return found


def _done(side: Side, before: Ledger) -> Ledger:
    """Wait until every job that was taken is done, or counts as lost."""
    deadline = time.monotonic() + JOBS_SECONDS
    while (found := ledger(side.door, 1).since(before)).lost and time.monotonic() < deadline:
        time.sleep(1)
    return found


def as_json(found: Series) -> dict[str, Any]:
    """Return the numbers of a side for machines."""
    before, after = around(found.seen, found.switches, WINDOW_SECONDS)
    deploying = [one for one in found.seen.asked if any(d.began <= one.began <= d.ended for d in found.deploys)]
    count = max(1, len(found.deploys))
    return {
        "side": found.side,
        "deploys": len(found.deploys),
        "requests": len(found.seen.asked),
        "failed": len(found.seen.failed),
        "failures": failures(found.seen),
        "stale": found.seen.stale,
        "sockets_cut_early": len(found.early),
        "sockets_cut": sum(bool(one.cut) for one in found.seen.held),
        "jobs": found.books.queued,
        "jobs_lost": found.books.lost,
        "jobs_done_again": found.books.done_again,
        "jobs_started_again": found.books.started_again,
        "tick_gap_longest": round(found.books.longest_gap, 2),
        "tick_gap_shortest": round(found.books.shortest_gap, 2) if math.isfinite(found.books.shortest_gap) else None,
        "two_schedulers": found.books.shortest_gap < ONE_TICK_SECONDS,
        "outage_seconds": round(found.outage, 2),
        "seconds_per_deploy": round(statistics.median(d.ended - d.began for d in found.deploys), 2),
        "seconds_to_switch": _median(d.switched - d.began for d in found.deploys if d.switched),
        "seconds_over_start": _median(d.over_start for d in found.deploys if d.over_start is not None),
        "cpu_seconds_per_deploy": round(found.cpu_seconds / count, 2),
        "p99_ms_quiet": _rounded(p99_ms(found.quiet)),
        "p99_ms_deploying": _rounded(p99_ms(deploying)),
        "p99_ms_before_switch": _rounded(p99_ms(before)) if found.switches else None,
        "p99_ms_after_switch": _rounded(p99_ms(after)) if found.switches else None,
    }


def _median(figures: Any) -> float | None:
    found: Sequence[float] = list(figures)
    return round(statistics.median(found), 2) if found else None


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 1)
