"""The append-only list of what happened to a stack: one JSON object per line, on the disk before the next thing happens."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in one file."""

    path: Path

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add an entry and bring it to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            os.write(descriptor, _line_break_if_torn(descriptor) + json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def entries(self, offset: int = 0) -> list[Entry]:
        """Return the entries from a byte offset on; lines that tell no event, such as torn ones, are left out."""
        return list(self.read(offset)[0])

    def read(self, offset: int = 0) -> tuple[list[Entry], int]:
        """Return the whole entries from a byte offset on, and the offset after them."""
        if not self.path.is_file():
            return [], offset
        with self.path.open("rb") as file:
            file.seek(offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        return list(_parsed(whole)), offset + len(whole)

    @property
    def size(self) -> int:
        """Return the offset after the last entry."""
        return self.path.stat().st_size if self.path.is_file() else 0


def _line_break_if_torn(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _parsed(data: bytes) -> Iterator[Entry]:
    for line in data.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and "event" in entry:
            yield entry
