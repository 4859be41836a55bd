"""What a path on a host is, what it should be, and what may not be touched on the way there.

Runs on hosts as part of the program that `host_files` sends: standard library only. Looks and judges, writes nothing.
"""

import base64
import grp
import hashlib
import os
import pwd
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

MARK = re.compile(rb"\A(?:#!.*\n)?.*(?:Written by|Belongs to) Slipway")  # in the first line, or below a script's `#!`
MARKED_BYTES = 800  # where the mark stands, if it does
SHOWN_BYTES = 200_000  # of a content that a diff holds
SECRETS = "/etc/slipway/secrets/"  # what lay there before may be secret, whatever comes after it


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
    force: bool = True  # False: a file that is there keeps its content
    backup: bool = False


def read_entry(data: dict[str, Any]) -> Entry:
    """Return an entry from its JSON form (content in base64)."""
    return Entry(**{**data, "content": base64.b64decode(data.get("content", ""))})


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return the JSON form of an entry."""
    data = {name: getattr(entry, name) for name in Entry.__slots__}
    return {**data, "content": base64.b64encode(entry.content).decode()}


def look(path: str) -> Entry:
    """Return what is at a path now."""
    found = glance(path)
    return replace(found, content=Path(path).read_bytes()) if found.kind == "file" else found


def glance(path: str) -> Entry:
    """Return what is at a path now, but for the content of a file."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Entry(path)
    owner, group = _name_of(pwd.getpwuid, status.st_uid), _name_of(grp.getgrgid, status.st_gid)
    owned = Entry(path, "other", b"", stat.S_IMODE(status.st_mode), owner, group)
    if stat.S_ISLNK(status.st_mode):
        return replace(owned, kind="link", content=os.fsencode(os.readlink(path)), mode=0)  # noqa: PTH115 - Path drops a `./`
    if stat.S_ISDIR(status.st_mode):
        return replace(owned, kind="folder")
    return replace(owned, kind="file") if stat.S_ISREG(status.st_mode) else owned


def named(entry: Entry) -> Entry:
    """Return the entry with owner and group as the host names them, so that `0` and `root` are one."""
    owner, group = entry.owner, entry.group
    return replace(
        entry,
        owner=_name_of(pwd.getpwuid, int(owner)) if owner.isdigit() else owner,
        group=_name_of(grp.getgrgid, int(group)) if group.isdigit() else group,
    )


def _name_of(lookup: Callable[[int], Any], number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def is_ours(entry: Entry) -> bool:
    """Return whether a file says of itself that Slipway wrote it."""
    return entry.kind == "file" and bool(MARK.search(entry.content[:MARKED_BYTES]))


def differs(wanted: Entry, found: Entry) -> bool:
    """Return whether the path is not yet as wanted."""
    if wanted.kind != found.kind:
        return True
    if wanted.kind == "absent":
        return False
    if wanted.kind == "link":
        return wanted.content != found.content
    same_content = wanted.kind == "folder" or not wanted.force or wanted.content == found.content
    return not same_content or (wanted.mode, wanted.owner, wanted.group) != (found.mode, found.owner, found.group)


def settled(wanted: Entry, found: Entry) -> Entry:
    """Return the entry as it will be written; refuse what would destroy a folder, a socket or a device."""
    if found.kind == "folder" and wanted.kind != "folder":
        raise Refused(f"{wanted.path}: a folder is in the way; look what it holds and move it aside")
    if wanted.kind == "folder" and found.kind not in ("folder", "absent"):
        raise Refused(f"{wanted.path}: a {found.kind} is in the way of the folder; look what it is and move it aside")
    if found.kind == "other":
        raise Refused(f"{wanted.path}: a socket, pipe or device is in the way; look whose it is and move it aside")
    return replace(wanted, content=found.content) if not wanted.force and found.kind == "file" else wanted


def missing_parents(changes: Iterable[Entry], see: Callable[[str], Entry]) -> list[Entry]:
    """Return the folders that must be made first, outermost first; refuse a parent that is no folder."""
    listed = {entry.path for entry in changes}
    made: dict[str, Entry] = {}
    for entry in changes:
        for parent in _parents_to_make(entry, see):
            if parent not in listed:
                made[parent] = Entry(parent, "folder", b"", 0o755, *_us())
    return [made[path] for path in sorted(made)]


def _parents_to_make(entry: Entry, see: Callable[[str], Entry]) -> Iterator[str]:
    for parent in reversed(Path(entry.path).parents):
        found = see(str(parent))
        if found.kind == "absent":
            if entry.kind != "absent":
                yield str(parent)
        elif found.kind == "link":
            _follow(parent, entry.path)
        elif found.kind != "folder":
            raise Refused(f"{entry.path}: {parent} is a {found.kind}, not a folder; look what it is and move it aside")


def _follow(link: Path, path: str) -> None:
    owner = link.lstat().st_uid
    if owner not in (0, os.geteuid()):
        name = _name_of(pwd.getpwuid, owner)
        raise Refused(f"{path}: {link} is a link that {name} could turn elsewhere; make it root's or a folder")
    if not link.is_dir():
        raise Refused(f"{path}: {link} is a link that leads to no folder; mend it or move it aside")


def _us() -> tuple[str, str]:
    return _name_of(pwd.getpwuid, os.geteuid()), _name_of(grp.getgrgid, os.getegid())


def refuse_unwritable(changes: Iterable[Entry]) -> None:
    """Refuse what cannot be written: a read-only place, or a path that is a mount of its own."""
    mounts = mount_points()
    for entry in changes:
        folder = ground(entry.path)
        if not os.access(folder, os.W_OK):
            raise Refused(f"{entry.path}: {folder} cannot be written to (a read-only file system?); nothing was changed")
        if entry.kind != "folder" and f"{folder.rstrip('/')}/{Path(entry.path).name}" in mounts:
            raise Refused(f"{entry.path}: something is mounted there and cannot be replaced; unmount it first")


def ground(path: str) -> str:
    """Return the deepest folder above a path that is there, without links."""
    return os.path.realpath(next(parent for parent in Path(path).parents if parent.is_dir()))


def mount_points() -> set[str]:
    """Return where something is mounted."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    return {re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in lines}


def difference(before: Entry, after: Entry) -> dict[str, str]:
    """Return one item of Ansible's diff; the content of a secret stays out of it."""
    secret = after.secret or before.secret or after.path.startswith(SECRETS)
    texts = {side: _head(entry) + ("" if secret else _text(entry)) for side, entry in (("before", before), ("after", after))}
    title = f"{after.path} (secret)" if secret else after.path
    return {**texts, "before_header": title, "after_header": title}


def _head(entry: Entry) -> str:
    owned = f" {entry.mode:04o} {entry.owner}:{entry.group}" if entry.kind not in ("absent", "link") else ""
    return f"{entry.kind}{owned}\n"


def _text(entry: Entry) -> str:
    if b"\0" in entry.content or len(entry.content) > SHOWN_BYTES:
        return f"({len(entry.content)} bytes, sha256 {hashlib.sha256(entry.content).hexdigest()})\n"
    text = entry.content.decode(errors="replace")
    return text if not text or text.endswith("\n") else text + "\n"


def without_secrets(text: str, entries: Iterable[Entry]) -> str:
    """Return a checker's words with every word of a secret file struck out."""
    spoken = {word for entry in entries if entry.secret for word in re.findall(rb"[^\s\"'`;:=,{}()\[\]<>]{4,}", entry.content)}
    for word in sorted(spoken, key=len, reverse=True):
        text = text.replace(word.decode(errors="replace"), "(secret)")
    return text


def seer(foreseen: Mapping[str, Entry]) -> Callable[[str], Entry]:
    """Return `look` with some paths as they will be."""
    return lambda path: foreseen[path] if path in foreseen else look(path)
