"""What a path on a host is, what it should be, and the strokes that make it so.

Runs on hosts as part of the program that `host_files` sends: standard library only. Knows no request, no checker, no guard.
"""

import base64
import contextlib
import grp
import os
import pwd
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


class Refused(Exception):
    """The set was not brought into place; the host is as it was."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a path is or should be: a file, a folder, a link or absent."""

    path: str
    kind: str = "absent"
    content: bytes = b""  # of a link: its target
    mode: int = 0
    owner: str = "root"
    group: str = "root"
    secret: bool = False
    once: bool = False  # a file that is there keeps its content


def read_entry(data: dict[str, Any]) -> Entry:
    """Return an entry from its JSON form (content in base64)."""
    return Entry(**{**data, "content": base64.b64decode(data.get("content", ""))})


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return the JSON form of an entry."""
    data = {name: getattr(entry, name) for name in Entry.__slots__}
    return {**data, "content": base64.b64encode(entry.content).decode()}


def look(path: str) -> Entry:
    """Return what is at a path now."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Entry(path)
    owner, group = _name_of(pwd.getpwuid, status.st_uid), _name_of(grp.getgrgid, status.st_gid)
    owned = Entry(path, "other", b"", stat.S_IMODE(status.st_mode), owner, group)
    if stat.S_ISLNK(status.st_mode):
        return replace(owned, kind="link", content=os.fsencode(Path(path).readlink()), mode=0)
    if stat.S_ISDIR(status.st_mode):
        return replace(owned, kind="folder")
    if stat.S_ISREG(status.st_mode):
        return replace(owned, kind="file", content=Path(path).read_bytes())
    return owned


def _name_of(lookup: Callable[[int], Any], number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def differs(wanted: Entry, found: Entry) -> bool:
    """Return whether the path is not yet as wanted."""
    if wanted.kind != found.kind:
        return True
    if wanted.kind == "absent":
        return False
    if wanted.kind == "link":
        return wanted.content != found.content
    same_content = wanted.kind == "folder" or wanted.once or wanted.content == found.content
    return not same_content or (wanted.mode, wanted.owner, wanted.group) != (found.mode, found.owner, found.group)


def settled(wanted: Entry, found: Entry) -> Entry:
    """Return the entry as it will be written; refuse what would destroy a folder."""
    if found.kind == "folder" and wanted.kind != "folder":
        raise Refused(f"{wanted.path}: a folder is in the way; look what it holds and move it aside")
    if wanted.kind == "folder" and found.kind not in ("folder", "absent"):
        raise Refused(f"{wanted.path}: a {found.kind} is in the way of the folder; look what it is and move it aside")
    return replace(wanted, content=found.content) if wanted.once and found.kind == "file" else wanted


def difference(before: Entry, after: Entry) -> dict[str, str]:
    """Return one item of Ansible's diff; the content of a secret stays out of it."""
    secret = after.secret or before.secret
    texts = {side: _head(entry) + ("" if secret else _text(entry)) for side, entry in (("before", before), ("after", after))}
    title = f"{after.path} (secret)" if secret else after.path
    return {**texts, "before_header": title, "after_header": title}


def _head(entry: Entry) -> str:
    owned = f" {entry.mode:04o} {entry.owner}:{entry.group}" if entry.kind not in ("absent", "link") else ""
    return f"{entry.kind}{owned}\n"


def _text(entry: Entry) -> str:
    text = entry.content.decode(errors="replace")
    return text if not text or text.endswith("\n") else text + "\n"


def write(changes: Sequence[Entry]) -> None:
    """Stage every file beside its place, then rename all; a full disk is met before the first rename."""
    staged: list[tuple[Path, str]] = []
    try:
        for entry in changes:
            _prepare(entry, staged)
    except OSError as problem:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
        raise Refused(f"{problem.filename or 'a file'}: {problem.strerror or problem}; no file was changed") from problem
    for temporary, path in staged:
        temporary.replace(path)
    for entry in (entry for entry in changes if entry.kind == "absent"):
        Path(entry.path).unlink(missing_ok=True)
    _sync({str(Path(entry.path).parent) for entry in changes})


def _prepare(entry: Entry, staged: list[tuple[Path, str]]) -> None:
    if entry.kind == "folder":
        Path(entry.path).mkdir(parents=True, exist_ok=True)
        _own(Path(entry.path), entry)
    elif entry.kind in ("file", "link"):
        staged.append((_temporary(entry), entry.path))
        _fill(staged[-1][0], entry)


def _temporary(entry: Entry) -> Path:
    """Return a name beside the final one that no include pattern takes and that the next run overwrites."""
    place = Path(entry.path)
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.slipway-new")
    temporary.unlink(missing_ok=True)
    return temporary


def _fill(temporary: Path, entry: Entry) -> None:
    if entry.kind == "link":
        temporary.symlink_to(os.fsdecode(entry.content))
        return
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(entry.content)
        file.flush()
        os.fsync(file.fileno())
    _own(temporary, entry)


def _own(path: Path, entry: Entry) -> None:
    owner, group = (int(name) if name.isdigit() else name for name in (entry.owner, entry.group))
    shutil.chown(path, owner, group)
    path.chmod(entry.mode)  # after chown, which drops setuid bits


def _sync(folders: Iterable[str]) -> None:
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
