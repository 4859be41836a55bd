"""Tell how a run on a host goes: each step with its seconds, and what a long one waits for."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Progress:
    """Takes the lines of a host's command in, and says what a person wants to see of them."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def line(self, text: str) -> None:
        """Take one line: an event as JSON, or nothing that is told here."""
        event = event_of(text)
        if event and (said := sentence(event)):
            self.say(f"{self.clock() - self._began:6.1f} s  {said}")


def event_of(text: str) -> Mapping[str, Any] | None:
    """Return the event that a line holds, None for any other line."""
    with suppress(ValueError):
        found = json.loads(text) if text.startswith("{") else None
        return found if isinstance(found, dict) and "event" in found else None
    return None


def sentence(event: Mapping[str, Any]) -> str:
    """Return an event for people; nothing for the beginning of a step, which is told at its end."""
    if event["event"] == "waits":
        return f"… {event['text']}"
    if event["event"] == "warning":
        return f"warning: {event['text']}"
    if event["event"] == "step" and event["state"] == "done":
        return f"{event['why']} ({float(event['seconds']):.1f} s)"
    if event["event"] == "step" and event["state"] == "failed":
        return f"FAILED: {event['why']} ({float(event['seconds']):.1f} s)"
    return ""
