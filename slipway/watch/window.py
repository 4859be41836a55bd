"""What was seen of a release since it went live: plain samples, times in seconds since the switch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["plain", "stream"]
State = Literal["good", "bad", "undecided", "too-little"]


@dataclass(frozen=True, slots=True)
class Second:
    """The requests that began in one second.

    `timed` are those whose time says something about the release, `slow` those of them beyond the bound of the watch.
    """

    at: int
    requests: int = 0
    failed: int = 0
    timed: int = 0
    slow: int = 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a service answered: its plain requests, or its streams (WebSockets and other answers that last).

    `before` is what the release before it answered, up to the switch; `beside` what the release that serves answers at the same
    time, where this one is a canary. `open` counts streams that go on: they are told of only
    when they end, so that without them every failure would weigh too much.
    """

    service: str
    seconds: Sequence[Second] = ()
    before: Sequence[Second] = ()
    beside: Sequence[Second] = ()
    kind: Kind = "plain"
    open: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """How a replica answers the health question: how many bad answers in a row, and what was wrong with the last."""

    replica: str
    bad_in_a_row: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often a replica ended and was started again since the switch, and why the last time."""

    replica: str
    count: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a replica used at one moment; `limit_mb` is 0 where it has no limit."""

    at: float
    replica: str
    mb: float
    limit_mb: float = 0


@dataclass(frozen=True, slots=True)
class Window:
    """All that was seen up to `at`, the seconds since the switch."""

    at: float
    traffic: Sequence[Traffic] = ()
    checks: Sequence[Check] = ()
    restarts: Sequence[Restarts] = ()
    memory: Sequence[Memory] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a release.

    `bad` takes it back; `undecided` goes on watching; at the end it is `good`, or `too-little`: it passes, and people are told
    that there was too little traffic to judge. `trigger` is the word of the watch that was broken, empty otherwise; `text` is
    for people, `numbers` for the journal.
    """

    state: State
    trigger: str = ""
    text: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
