"""What is at each path that `host_files` brought into place, told by digest: it spares a call whose paths are all right.

Runs on hosts as part of the program of `host_probe`: standard library only. Whatever could make a call do more than compare is
told too, and then the call is made.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from .host_brought import Brought, read
from .host_entries import MARKED_BYTES, Entry, differs, glance, is_ours, look, read_entry
from .host_guard import GUARDS
from .host_strokes import Cut, Note


def told(note: Note) -> dict[str, Any]:
    """Return what is at each recorded path, but for secret ones, and what an earlier call left to do."""
    record = read(note)
    return {
        "cut_short": note.read() != Cut(),
        "guards": sorted(path.name for path in GUARDS.glob("*") if path.is_dir()),
        "there": dict(_briefs(record)),
        "ours": {folder: _ours(Path(folder)) for folder in sorted({str(Path(path).parent) for path in record})},
    }


def _briefs(record: Mapping[str, Brought]) -> Iterator[tuple[str, list[Any]]]:
    for path, was in record.items():
        with suppress(OSError):  # the task that wants it says what is wrong there
            if not was.secret:
                yield path, _brief(look(path) if was.digest else glance(path))


def _brief(found: Entry) -> list[Any]:
    content = found.content.decode(errors="replace") if found.kind == "link" else _digest(found.content)
    return [found.kind, found.mode, found.owner, found.group, content]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _ours(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.glob("*") if is_ours(_head(path)))


def _head(path: Path) -> Entry:
    found = glance(str(path))
    with suppress(OSError):
        if found.kind == "file":
            with path.open("rb") as file:
                return replace(found, content=file.read(MARKED_BYTES))
    return found


def all_right(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Return whether a request would find nothing to do on a host that told this. Pure."""
    if not known or known["cut_short"] or (wanted["guard"] or {}).get("name") in known["guards"]:
        return False
    entries = [read_entry(item) for item in wanted["entries"]]
    stale = set(_strangers(wanted["exclusive"], known)) - {entry.path for entry in entries}
    return not stale and all(_is_right(entry, known["there"].get(entry.path)) for entry in entries)


def _strangers(exclusive: Iterable[str], known: Mapping[str, Any]) -> Iterator[str]:
    for folder in exclusive:
        yield from known["ours"].get(folder, [f"{folder}: not looked at"])


def _is_right(wanted: Entry, brief: Collection[Any] | None) -> bool:
    if brief is None or wanted.secret or wanted.owner.isdigit() or wanted.group.isdigit():  # only the host knows the names
        return False
    kind, mode, owner, group, content = brief
    found = Entry(wanted.path, kind, str(content).encode(), mode, owner, group)
    return not differs(wanted if kind == "link" else replace(wanted, content=_digest(wanted.content).encode()), found)
