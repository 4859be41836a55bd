"""What hosts that switch together are told: one word at a time, in a file beside the records, and when it was heard.

Whoever releases on several hosts says it with `slipway together`. A host that hears nothing for a while decides alone.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from ..codec import from_json
from ..errors import HostError, ReleaseRefused
from ..plan.step import Step
from . import clock, files
from .layout import StackFolder
from .machine import Work

FILE, LOCK = "together.json", "together.lock"
# ssh notices a cut line after 45 s; with the way back of seconds all hosts serve one release again well within 2 minutes.
SILENCE_SECONDS = 60
POLL_SECONDS = 0.1
Word = Literal["look", "go", "confirm", "back"]
WORDS: tuple[Word, ...] = get_args(Word)


@dataclass(frozen=True, slots=True)
class Heard:
    """The last word that decides something, and when anything was heard; nothing was where `together` is another."""

    together: str
    word: Word = "look"
    at: str = ""
    why: str = ""


def tell(folder: StackFolder, together: str, word: Word, why: str = "") -> None:
    """Keep a word for the engine; one that only looks leaves the word before it in force, also one that is told meanwhile."""
    with _alone(folder):
        before = heard(folder, together)
        kept = (
            Heard(together, before.word, clock.now(), before.why) if word == "look" else Heard(together, word, clock.now(), why)
        )
        files.write(folder.path / FILE, json.dumps(asdict(kept)), 0o640)


@contextlib.contextmanager
def _alone(folder: StackFolder) -> Iterator[None]:
    """Have others who tell a word wait; each takes milliseconds."""
    folder.path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def heard(folder: StackFolder, together: str) -> Heard:
    """Return what was heard of a release of several hosts."""
    path = folder.path / FILE
    found = from_json(Heard, json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else Heard("")
    return found if found.together == together else Heard(together)


@dataclass(slots=True)
class Patience:
    """How long a host waits for a word: from when it began to wait, and anew from each word it hears."""

    folder: StackFolder
    together: str
    at: str = ""
    since: float = field(default_factory=time.monotonic)
    began: float = field(default_factory=time.monotonic)

    def word(self) -> Heard:
        """Return what was heard last."""
        found = heard(self.folder, self.together)
        if found.at != self.at:
            self.at, self.since = found.at, time.monotonic()
        return found

    @property
    def over(self) -> bool:
        """Say whether nothing was heard for too long."""
        return time.monotonic() - self.since >= SILENCE_SECONDS


def wait_at_gate(work: Work, step: Step) -> None:
    """Wait until whoever asked says go; raise where a host is not prepared, or nothing is heard any more."""
    patience = Patience(work.folder, step.arguments["together"])
    while (said := patience.word()).word != "go":
        if said.word == "back":
            raise ReleaseRefused(f"the hosts switch together, and one cannot: {said.why}", "mend that, then deploy again")
        if patience.over:
            again = "see that it reaches all hosts, then deploy again"
            raise HostError(f"whoever asked was not heard of for {SILENCE_SECONDS} s, so no host switches", again)
        if time.monotonic() - patience.began >= step.limit_seconds:
            raise HostError(f"other hosts were not prepared within {step.limit_seconds} s", "see what they wait for")
        time.sleep(POLL_SECONDS)
