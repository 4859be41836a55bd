"""Read the edge's log of requests as it grows, also where it is rotated meanwhile. One line is one JSON object.

Several nginx workers write it, each line when its request has ended, at most a second later: lines are in order but for that.
"""

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ..watch.tally import Answer

CHUNK = 1 << 18
LONGEST_LINE = 1 << 20
DISORDER_SECONDS = 5.0
IDLE_SECONDS = 10.0  # workers write on into a renamed file until they are told; then nobody does


@dataclass(slots=True)
class _Part:
    """One file of the log: the current one, or one that was renamed and may still be written to."""

    file: BinaryIO
    rest: bytes = b""
    idle_since: float = 0.0

    @property
    def inode(self) -> int:
        return os.fstat(self.file.fileno()).st_ino


@dataclass(slots=True)
class EdgeLog:
    """The log of one stack's requests that ended at `since` (seconds of the epoch) or later.

    `asked` names paths that health questions go to, by service: those are nobody's requests.
    """

    path: Path
    stack: str
    since: float
    asked: frozenset[tuple[str, str]] = frozenset()
    clock: Callable[[], float] = time.monotonic
    parts: list[_Part] = field(init=False, default_factory=list)

    def answers(self) -> Iterator[Answer]:
        """Yield what was written since the last time; `began` is in seconds of the epoch."""
        mark = f'"stack":{json.dumps(self.stack)}'.encode()
        for line in self._lines():
            # A quote inside of a value is escaped, so that no client can write the mark.
            if mark in line and (answer := self._answer(line)):
                yield answer

    def close(self) -> None:
        """Let go of the files."""
        while self.parts:
            self.parts.pop().file.close()

    def _answer(self, line: bytes) -> Answer | None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            data = json.loads(line.decode(errors="replace"))
            counts = float(data["ts"]) >= self.since and (data["service"], data["uri"]) not in self.asked
            return answer_of(data) if counts else None
        return None

    def _lines(self) -> Iterator[bytes]:
        self._open_what_is_new()
        for part in list(self.parts):
            before = part.file.tell()
            yield from _new_lines(part)
            if part.file.tell() != before:
                part.idle_since = self.clock()
        self._close_what_is_left()

    def _open_what_is_new(self) -> None:
        paths = (self.path,) if self.parts else (self.path.with_name(f"{self.path.name}.1"), self.path)
        known = {part.inode for part in self.parts}
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino not in known:
                    self.parts.append(_Part(_opened(path, self.since - DISORDER_SECONDS), idle_since=self.clock()))

    def _close_what_is_left(self) -> None:
        """Close renamed files that nobody writes to any more."""
        for part in self.parts[:-1]:
            if self.clock() - part.idle_since > IDLE_SECONDS:
                part.file.close()
                self.parts.remove(part)


def answer_of(data: dict[str, Any]) -> Answer:
    """Return what a line says: a request began when it ended less the time it took."""
    return Answer(
        began=float(data["ts"]) - float(data["rt"]),
        service=data["service"],
        status=int(data["status"]),
        milliseconds=_milliseconds(data["urt"]),
        kind="stream" if data["kind"] == "stream" else "plain",
        slot=_slot(str(data.get("upstream", ""))),
    )


def _slot(upstreams: str) -> int:
    """Return the port of the replica that was asked last: `10.255.77.1:20001, 10.255.77.1:20002`."""
    port = upstreams.rpartition(":")[2]
    return int(port) if port.isascii() and port.isdecimal() else 0


def _milliseconds(times: str) -> float | None:
    """Return the service's own time: one number for each replica that was tried, none where none was asked."""
    found = [float(part) for part in re.split(r"[,: ]+", times) if part and part != "-"]
    return sum(found) * 1000 if found else None


def _new_lines(part: _Part) -> Iterable[bytes]:
    if part.file.tell() > os.fstat(part.file.fileno()).st_size:
        part.file.seek(0)
    while chunk := part.file.read(CHUNK):
        *lines, rest = (part.rest + chunk).split(b"\n")
        part.rest = rest if len(rest) < LONGEST_LINE else b""
        yield from lines


def _opened(path: Path, moment: float) -> BinaryIO:
    """Open a file at the first line that was written at a moment or later: found by halving, not by reading all."""
    file = path.open("rb", buffering=0)
    low, high = 0, os.fstat(file.fileno()).st_size
    while high - low > CHUNK:
        middle = (low + high) // 2
        if _written(file, middle) < moment:
            low = middle
        else:
            high = middle
    file.seek(low)
    return file


def _written(file: BinaryIO, position: int) -> float:
    """Return the time of the first whole line after a position."""
    file.seek(position)
    for line in file.read(CHUNK).split(b"\n")[1:]:
        if found := re.match(rb'\{"ts":"([0-9.]+)"', line):
            return float(found[1])
    return 0.0
