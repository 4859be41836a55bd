"""What visitors met, and what it comes to. Pure: requests, sockets and moments in, numbers out."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

QUICK = ("kept", "fresh")  # the requests whose time is compared: small ones, at a steady rate


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what kind, from when to when (seconds since 1970), and how it failed, empty where it did not.

    `stale` was repeated once, as browsers do: a GET that met a reused connection which was just closing. `wanted` failed
    because the bench had switched a fault of the application on.
    """

    kind: str
    began: float
    ended: float
    failure: str = ""
    stale: bool = False
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """One WebSocket: open from when to when; `cut` says how it ended, empty where the visitor left."""

    opened: float
    ended: float
    cut: str = ""


@dataclass(slots=True)
class Seen:
    """Everything visitors met."""

    asked: list[Asked] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def add(self, other: "Seen") -> None:
        """Take over what others met."""
        self.asked += other.asked
        self.held += other.held

    @property
    def failed(self) -> list[Asked]:
        """Return the requests that failed and should not have."""
        return [one for one in self.asked if one.failure and not one.wanted]

    @property
    def stale(self) -> int:
        """Return how many requests were repeated."""
        return sum(one.stale for one in self.asked)


def failures(seen: Seen) -> dict[str, int]:
    """Return how many requests failed, by kind and reason."""
    return dict(Counter(f"{one.kind}: {one.failure}" for one in seen.failed).most_common())


def longest_outage(seen: Seen) -> float:
    """Return the longest time in which no small request was answered well."""
    good = sorted(one.ended for one in seen.asked if one.kind in QUICK and not one.failure)
    return max((after - before for before, after in itertools.pairwise(good)), default=math.inf)


def p99_ms(requests: Iterable[Asked]) -> float | None:
    """Return the time that 99 of 100 small requests stayed below, in milliseconds; None without any."""
    times = sorted(one.ended - one.began for one in requests if one.kind in QUICK and not one.failure)
    return times[math.ceil(len(times) * 0.99) - 1] * 1000 if times else None


def around(seen: Seen, moments: Iterable[float], seconds: float) -> tuple[list[Asked], list[Asked]]:
    """Return the requests that began so long before and after any of these moments."""
    points = list(moments)
    before = [one for one in seen.asked if any(at - seconds <= one.began < at for at in points)]
    return before, [one for one in seen.asked if any(at <= one.began < at + seconds for at in points)]


def cut_early(held: Iterable[Held], switches: Sequence[float], bound: float) -> list[Held]:
    """Return the sockets that were cut sooner than `bound` seconds after the first switch of their life.

    Without any switch, each cut is one too early: nobody promised when.
    """
    return [one for one in held if one.cut and not _at_its_bound(one, switches, bound)]


def _at_its_bound(one: Held, switches: Sequence[float], bound: float) -> bool:
    first = next((at for at in sorted(switches) if at >= one.opened), math.inf)
    return one.ended >= first + bound - 1  # the clocks of client and host, and what a close frame takes


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which the application itself was at work: a start until it is healthy, a task until its end."""

    began: float
    ended: float


def covered(spans: Iterable[Span], began: float, ended: float) -> float:
    """Return how much of a time these spans cover; what overlaps counts once."""
    total, upto = 0.0, began
    for span in sorted(spans, key=lambda span: span.began):
        start, end = max(span.began, upto), min(span.ended, ended)
        total, upto = total + max(0.0, end - start), max(upto, end)
    return total


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the application's own books say: jobs that were taken and done, and the gaps between the scheduler's ticks."""

    queued: int = 0
    done: int = 0
    started_again: int = 0
    done_again: int = 0
    longest_gap: float = 0.0
    shortest_gap: float = math.inf

    @property
    def lost(self) -> int:
        """Return the jobs that were taken and never done."""
        return self.queued - self.done

    def since(self, before: "Ledger") -> "Ledger":
        """Return what came to the books; ticks are asked for by their time, so they stay."""
        return replace(
            self,
            queued=self.queued - before.queued,
            done=self.done - before.done,
            started_again=self.started_again - before.started_again,
            done_again=self.done_again - before.done_again,
        )

    def __add__(self, other: "Ledger") -> "Ledger":
        """Return the books of two times together."""
        return Ledger(
            self.queued + other.queued,
            self.done + other.done,
            self.started_again + other.started_again,
            self.done_again + other.done_again,
            max(self.longest_gap, other.longest_gap),
            min(self.shortest_gap, other.shortest_gap),
        )
