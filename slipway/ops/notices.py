"""Try the receivers of an environment: each host sends each of them a message that means nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .hosts import Host
from .releasing import ENGINE
from .silence import why_silent
from .status import Ask

NOT_REACHED = 3


@dataclass(frozen=True, slots=True)
class Tried:
    """How a host reached its receivers, or why it could not be asked."""

    host: str
    deliveries: tuple[dict[str, Any], ...] = ()
    silence: str = ""

    @property
    def failed(self) -> bool:
        """Say whether somebody would not hear of a release."""
        return bool(self.silence) or any(one["error"] for one in self.deliveries)


def test_all(hosts: Sequence[Host], receiver: str, ask: Ask) -> list[Tried]:
    """Have each host send to all receivers, or to one."""
    words = [*ENGINE, "notify-test", *([f"--receiver={receiver}"] if receiver else [])]
    return [_tried(host, words, ask) for host in hosts]


def _tried(host: Host, words: Sequence[str], ask: Ask) -> Tried:
    answer = ask(host, words)
    try:
        return Tried(host.name, tuple(json.loads(answer.output.strip().splitlines()[-1])))
    except (ValueError, IndexError):
        if answer.reached and answer.errors.strip():
            return Tried(host.name, silence=answer.errors.strip())
        reason = why_silent(host, answer)
        return Tried(host.name, silence=f"{reason.cause}\n  next: {reason.next_step}")


def code(found: Sequence[Tried]) -> int:
    """Return the exit code."""
    return NOT_REACHED if any(one.failed for one in found) else 0


def as_json(found: Sequence[Tried]) -> list[dict[str, Any]]:
    """Return it for machines."""
    return [asdict(one) for one in found]


def as_text(found: Sequence[Tried]) -> str:
    """Return a line for each receiver of each host."""
    return "\n".join(line for one in found for line in _lines(one))


def _lines(tried: Tried) -> list[str]:
    if tried.silence:
        return [f"{tried.host}: {tried.silence}"]
    width = max(len(one["receiver"]) for one in tried.deliveries)
    return [f"{tried.host}: {one['receiver']:<{width}}  {one['kind']:<7}  {_outcome(one)}" for one in tried.deliveries]


def _outcome(delivery: dict[str, Any]) -> str:
    if delivery["error"]:
        return f"not reached: {delivery['error']}"
    return "took it" if delivery["tries"] == 1 else f"took it, at try {delivery['tries']}"
