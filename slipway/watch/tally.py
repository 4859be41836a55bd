"""Count answers by the second in which their request began, so that memory is bounded however many there are.

What says nothing about the release is left out: what the edge answered itself, and clients that gave up, but for the time they
waited. A failure is no answer, so its time counts nowhere: fast ones would flatter the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .window import Kind, Second

CLIENT_GAVE_UP = 499
FIRST_FAILURE = 500
SWITCHING_PROTOCOLS = 101


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the edge's log: when the request began, what came of it, how long the service took (None: not asked).

    `slot` is the port at the edge that the last replica was asked at, 0 for none.
    """

    began: float
    service: str
    status: int
    milliseconds: float | None = None
    kind: Kind = "plain"
    slot: int = 0


@dataclass(slots=True)
class Tally:
    """Counts of one stack; `slow_ms` is the bound of the watch, None without one."""

    slow_ms: float | None = None
    counted: dict[tuple[str, Kind], dict[int, Second]] = field(default_factory=dict)

    def add(self, answers: Iterable[Answer]) -> None:
        """Count answers."""
        for answer in answers:
            if answer.milliseconds is not None:
                self._count(answer, answer.milliseconds)

    def seconds(self, service: str, kind: Kind, begin: float, end: float) -> list[Second]:
        """Return the counts of a service from one moment up to another, in order."""
        found = self.counted.get((service, kind), {})
        return [found[at] for at in sorted(found) if begin <= at < end]

    def forget(self, before: int) -> None:
        """Forget what began before a moment: a canary without an end may be looked at for weeks."""
        for seconds in self.counted.values():
            for at in [at for at in seconds if at < before]:
                del seconds[at]

    def _count(self, answer: Answer, milliseconds: float) -> None:
        kind: Kind = "stream" if answer.status == SWITCHING_PROTOCOLS else answer.kind
        gave_up, failed = answer.status == CLIENT_GAVE_UP, answer.status >= FIRST_FAILURE
        timed = kind == "plain" and not failed
        slow = timed and self.slow_ms is not None and milliseconds > self.slow_ms
        seconds = self.counted.setdefault((answer.service, kind), {})
        at = int(answer.began // 1)
        was = seconds.get(at) or Second(at)
        seconds[at] = Second(
            at,
            was.requests + (not gave_up),
            was.failed + failed,
            was.timed + timed,
            was.slow + slow,
        )
