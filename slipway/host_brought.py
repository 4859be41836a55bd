"""What each path was when a run last brought it into place, so that a change by hand is told from a tree that is newer.

Runs on hosts as part of the program of `host_files`: standard library only. Contents are kept by digest, never in clear.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .host_entries import Entry, named
from .host_strokes import Note, keep


@dataclass(frozen=True, slots=True)
class Brought:
    """What a path was brought to, and the task that did; `digest` is empty where the content is nobody's business."""

    by: str
    kind: str
    mode: int = 0
    owner: str = ""
    group: str = ""
    digest: str = ""
    secret: bool = False  # its digest never leaves the host


CONTENT = "its content changed"
NEWER = "; the tree wants another one by now"
Record = Mapping[str, Brought]


def read(note: Note) -> dict[str, Brought]:
    """Return the record; an empty one where there is none yet, or one that cannot be read."""
    try:
        kept: dict[str, Any] = json.loads(_place(note).read_text())
        return {path: Brought(*words) for path, words in kept.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def remember(entries: Sequence[Entry], by: str, note: Note) -> None:
    """Record what a task brought into place, and forget what it brought once and names no more."""
    before = read(note)
    named_now = {entry.path for entry in entries}
    others = {path: was for path, was in before.items() if was.by != by and path not in named_now}
    _write({**others, **{entry.path: _brought(entry, by) for entry in entries}}, before, note)


def follow(entries: Iterable[Entry], note: Note) -> None:
    """Record what a guard put back: that is no change by hand."""
    before = read(note)
    back = {entry.path: _brought(entry, before[entry.path].by) for entry in entries if entry.path in before}
    _write({**before, **back}, before, note)


def _write(record: Record, before: Record, note: Note) -> None:
    if record == before:
        return
    note.folder.mkdir(parents=True, exist_ok=True)
    note.folder.chmod(0o700)
    words = {path: [getattr(was, name) for name in Brought.__slots__] for path, was in sorted(record.items())}
    keep([Entry(str(_place(note)), "file", json.dumps(words, indent=0).encode(), 0o600, str(os.geteuid()), str(os.getegid()))])


def _place(note: Note) -> Path:
    return note.folder / "brought.json"


def _brought(entry: Entry, by: str) -> Brought:
    entry = named(entry)
    if entry.kind == "absent":
        return Brought(by, "absent")
    if entry.kind == "link":
        return Brought(by, "link", digest=os.fsdecode(entry.content))
    content = _digest(entry.content) if entry.kind == "file" and entry.force else ""
    return Brought(by, entry.kind, entry.mode, entry.owner, entry.group, content, entry.secret)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def by_hand(changes: Iterable[Entry], found: Mapping[str, Entry], by: str, record: Record) -> dict[str, str]:
    """Return path -> what somebody changed there, of the paths that a task would change.

    A path that no run brought into place is no drift, but for a file of ours in a folder of this task: it was put there.
    """
    known = any(was.by == by for was in record.values())
    absent = Brought(by, "absent")
    return {
        entry.path: words + (NEWER if _brought(entry, was.by) != was else "")
        for entry in changes
        if (was := record.get(entry.path, absent if known and entry.kind == "absent" else None))
        and (words := difference(was, found[entry.path]))
    }


def difference(was: Brought, found: Entry) -> str:
    """Return in words how a path differs from what it was brought to; nothing where it does not."""
    if found.kind != was.kind:
        return _kind(was, found)
    if found.kind == "absent":
        return ""
    if found.kind == "link":
        target = os.fsdecode(found.content)
        return f"leads to {target}, not to {was.digest}" if target != was.digest else ""
    parts = [
        CONTENT if was.digest and _digest(found.content) != was.digest else "",
        f"mode {found.mode:04o}, not {was.mode:04o}" if found.mode != was.mode else "",
        f"of {found.owner}:{found.group}, not {was.owner}:{was.group}"
        if (found.owner, found.group) != (was.owner, was.group)
        else "",
    ]
    return "; ".join(part for part in parts if part)


def _kind(was: Brought, found: Entry) -> str:
    if found.kind == "absent":
        return "is gone"
    return "was put there" if was.kind == "absent" else f"is a {found.kind}, not a {was.kind}"
