"""Bring changes into place in single strokes; a note on the host lets the next call finish what was cut short.

Runs on hosts as part of the program that `host_files` sends: standard library only. Knows no request and no checker. The order
is the promise: noted, staged, guarded, decided, renamed. Cut before it is decided, a change is taken back; after, it is finished.
"""

import contextlib
import fcntl
import grp
import hashlib
import json
import os
import pwd
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .host_entries import Entry, Refused, entry_json, is_ours, look, read_entry

FOLDER = Path("/var/lib/slipway/files")
LOCK = Path("/run/slipway-files.lock")


@dataclass(frozen=True, slots=True)
class Cut:
    """What a call had begun: what it changes (without contents), what it made for that, and what nobody has heard of yet."""

    entries: tuple[Entry, ...] = ()
    made: tuple[str, ...] = ()
    staged: tuple[str, ...] = ()  # written beside their places; other files only change owner or mode
    decided: bool = False
    guard: str = ""
    paths: tuple[str, ...] = ()  # what its answer would have named
    unheard: tuple[str, ...] = ()  # of earlier calls: written, but perhaps no handler was told


@dataclass(frozen=True, slots=True)
class Note:
    """The note of the one call that is at work, or was when it was cut short."""

    folder: Path = FOLDER

    def read(self) -> Cut:
        """Return what is noted; an empty one where nothing is."""
        try:
            data = json.loads((self.folder / "note.json").read_text())
        except FileNotFoundError:
            return Cut()
        entries = tuple(read_entry(item) for item in data.pop("entries"))
        lists = {word: tuple(data[word]) for word in ("made", "staged", "paths", "unheard")}
        return Cut(entries, decided=data["decided"], guard=data["guard"], **lists)

    def write(self, cut: Cut) -> None:
        """Note it so that a power cut cannot take it; an empty one is no note."""
        note = self.folder / "note.json"
        if cut == Cut():
            note.unlink(missing_ok=True)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        keep([Entry(str(note), "file", json.dumps(_cut_json(cut)).encode(), 0o600, str(os.geteuid()), str(os.getegid()))])


def _cut_json(cut: Cut) -> dict[str, Any]:
    data = {name: getattr(cut, name) for name in Cut.__slots__}
    return {**data, "entries": [entry_json(replace(entry, content=b"")) for entry in cut.entries]}


@contextlib.contextmanager
def alone(seconds: float, lock: Path = LOCK) -> Iterator[bool]:
    """Wait until no other call is at work; give whether that came true in time."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    until = time.monotonic() + seconds
    try:
        while not (held := _held(descriptor)) and time.monotonic() < until:
            time.sleep(0.05)
        yield held
    finally:
        os.close(descriptor)


def _held(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def strokes(
    changes: Sequence[Entry], found: dict[str, Entry], note: Note, cut: Cut, arm: Callable[[], object] = lambda: None
) -> Iterator[str]:
    """Yield after each stroke that brings the changes into place; take all back and refuse where one fails."""
    done: list[Entry] = []
    try:
        yield from _stage(changes, found, note, cut)
        arm()
        yield "armed"
        note.write(replace(cut, decided=True))
        yield "decided"
        for entry in _in_order(changes):
            done.append(entry)
            _place(entry, cut.staged)
            yield f"placed {entry.path}"
    except (OSError, Refused) as problem:
        for entry in done:
            _restore(found[entry.path], cut.staged)
        take_back(cut)
        with contextlib.suppress(OSError):  # a full disk takes no note; the next call takes back once more
            note.write(Cut(unheard=cut.unheard))
        raise problem if isinstance(problem, Refused) else Refused(f"{_cause(problem)}; no file was changed") from problem
    _sync({str(Path(entry.path).parent) for entry in changes})
    yield "on disk"


def _cause(problem: OSError) -> str:
    return f"{problem.filename or 'a file'}: {problem.strerror or problem}"


def _stage(changes: Sequence[Entry], found: dict[str, Entry], note: Note, cut: Cut) -> Iterator[str]:
    """Write everything beside its place; a full disk is met here, before the first rename."""
    note.write(cut)
    yield "noted"
    for path in cut.made:
        Path(path).mkdir(0o700, exist_ok=True)
        _own_in_place(next(entry for entry in changes if entry.path == path))
        yield f"made {path}"
    staged = [entry for entry in changes if entry.path in cut.staged]
    for entry in staged:
        _fill(entry)
        yield f"staged {entry.path}"
    for copy in copies(changes, found, note.folder):
        Path(copy.path).parent.mkdir(parents=True, exist_ok=True)
        keep([copy])
        yield f"kept {copy.path}"
    _sync(str(_temporary(entry.path)) for entry in staged if entry.kind == "file")  # after all: the first one carries the rest
    _sync({str(Path(entry.path).parent) for entry in staged})
    yield "staged on disk"


def copies(changes: Iterable[Entry], found: dict[str, Entry], folder: Path) -> list[Entry]:
    """Return the copies to keep of what others wrote; named by content, so that the same one is kept once."""
    replaced = [(entry, found[entry.path]) for entry in changes if entry.backup]
    foreign = [old for new, old in replaced if old.kind == "file" and old.content != new.content and not is_ours(old)]
    return [replace(old, path=_copy_of(old, folder), mode=0o600, owner=_us(), group=str(os.getegid())) for old in foreign]


def _copy_of(old: Entry, folder: Path) -> str:
    return f"{folder}/replaced{old.path}.{hashlib.sha256(old.content).hexdigest()[:12]}"


def _us() -> str:
    return str(os.geteuid())


def _in_order(changes: Sequence[Entry]) -> list[Entry]:
    """Return files and links, then folders, then what goes, the innermost first."""
    order = {"file": 0, "link": 0, "folder": 1, "absent": 2}
    return sorted(changes, key=lambda entry: (order[entry.kind], -len(entry.path) if entry.kind == "absent" else 0))


def draft(changes: Sequence[Entry], found: dict[str, Entry]) -> Cut:
    """Return the note of what bringing the changes into place will do."""
    made = [entry.path for entry in changes if entry.kind == "folder" and found[entry.path].kind == "absent"]
    living = [entry for entry in changes if entry.kind in ("file", "link")]
    staged = [new.path for new in living if (new.kind, new.content) != (found[new.path].kind, found[new.path].content)]
    return Cut(entries=tuple(changes), made=tuple(made), staged=tuple(staged))


def _place(entry: Entry, staged: Collection[str]) -> None:
    if entry.kind == "absent":
        _remove(Path(entry.path))
    elif entry.path in staged:
        _temporary(entry.path).replace(entry.path)
    elif entry.kind != "link":
        _own_in_place(entry)


def _remove(path: Path) -> None:
    """Remove a file or link; of folders only an empty one, which a way back may find where there was none."""
    if path.is_dir() and not path.is_symlink():
        with contextlib.suppress(OSError):
            path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _restore(before: Entry, staged: Collection[str]) -> None:
    with contextlib.suppress(OSError):  # the others still go back
        if before.path in staged or before.kind in ("absent", "link"):
            lay(before)
        else:
            _own_in_place(before)


def lay(entry: Entry) -> None:
    """Make one path so, at once and without a note: for a view nobody else sees, and for ways back."""
    if entry.kind in ("file", "link"):
        _fill(entry)
    elif entry.kind == "folder":
        Path(entry.path).mkdir(exist_ok=True)
    _place(entry, [entry.path] if entry.kind != "folder" else [])


def keep(entries: Iterable[Entry]) -> None:
    """Write files of our own, one after the other, so that a power cut cannot take them."""
    for entry in entries:
        _fill(entry)
        _sync([str(_temporary(entry.path))])
        _place(entry, [entry.path])
        _sync([str(Path(entry.path).parent)])


def take_back(cut: Cut) -> None:
    """Remove what a change had staged and made before it was decided."""
    for path in cut.staged:
        with contextlib.suppress(OSError):
            _temporary(path).unlink(missing_ok=True)
    for path in sorted(cut.made, reverse=True):
        with contextlib.suppress(OSError):  # somebody uses it
            Path(path).rmdir()


def finish(cut: Cut) -> None:
    """Bring the rest of a decided change into place; what cannot be is left for its own call to meet."""
    for entry in _in_order(cut.entries):
        with contextlib.suppress(OSError):
            _place(entry, cut.staged)
    take_back(replace(cut, made=()))


def after(cut: Cut) -> dict[str, Entry]:
    """Return what the paths of a cut call will be once it is finished or taken back."""
    if not cut.decided:
        return {path: Entry(path) for path in cut.made}
    return {entry.path: _finished(entry, cut.staged) for entry in cut.entries}


def _finished(entry: Entry, staged: Collection[str]) -> Entry:
    if entry.kind in ("absent", "folder"):
        return entry
    found, waiting = look(entry.path), look(str(_temporary(entry.path)))
    if entry.path in staged:
        return found if waiting.kind == "absent" else replace(waiting, path=entry.path)
    return replace(found, mode=entry.mode, owner=entry.owner, group=entry.group)


def write(changes: Sequence[Entry], note: Note) -> None:
    """Bring entries into place that nobody has to be told of."""
    found = {entry.path: look(entry.path) for entry in changes}
    exhaust(strokes(changes, found, note, draft(changes, found)))
    note.write(Cut())


def exhaust(steps: Iterator[str]) -> None:
    """Take every step."""
    deque(steps, maxlen=0)


def _temporary(path: str) -> Path:
    """Return a name beside the final one that no include pattern takes."""
    place = Path(path)
    return place.with_name(f".{place.name[:200]}.slipway-new")


def _fill(entry: Entry) -> None:
    temporary = _temporary(entry.path)
    temporary.unlink(missing_ok=True)
    if entry.kind == "link":
        temporary.symlink_to(os.fsdecode(entry.content))
        return
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(entry.content)
        file.flush()
        _own(file.fileno(), entry)


def _own_in_place(entry: Entry) -> None:
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # never through a link put there meanwhile
    try:
        _own(descriptor, entry)
    finally:
        os.close(descriptor)


def _own(descriptor: int, entry: Entry) -> None:
    owner = int(entry.owner) if entry.owner.isdigit() else pwd.getpwnam(entry.owner).pw_uid
    group = int(entry.group) if entry.group.isdigit() else grp.getgrnam(entry.group).gr_gid
    os.fchown(descriptor, owner, group)
    os.fchmod(descriptor, entry.mode)  # after chown, which drops setuid bits


def _sync(paths: Iterable[str]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
