"""What the tests of `host_files` share: builders of wanted entries, a folder to bring them into, mounts of one's own."""

import ctypes
import getpass
import grp
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from slipway.host_entries import Entry, look
from slipway.host_files import Means, Request, bring, heard
from slipway.host_strokes import Note

USER = getpass.getuser()
GROUP = grp.getgrgid(os.getgid()).gr_name
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_BIND, MS_REMOUNT, MS_REC, MS_PRIVATE = 0x1, 0x1000, 0x20, 0x4000, 0x40000
NO_NAMESPACE = 77

_libc = ctypes.CDLL(None, use_errno=True)


def agrees(argv: Sequence[str], entries: Sequence[Entry], places: Sequence[str]) -> tuple[int, str]:
    return 0, ""


def refuses(argv: Sequence[str], entries: Sequence[Entry], places: Sequence[str]) -> tuple[int, str]:
    return 1, "line 3: unknown word `hunter2`"


def file(path: Path, content: str | bytes, mode: int = 0o644, **words: bool) -> Entry:
    return Entry(str(path), "file", content.encode() if isinstance(content, str) else content, mode, USER, GROUP, **words)


def folder(path: Path, mode: int = 0o755) -> Entry:
    return Entry(str(path), "folder", mode=mode, owner=USER, group=GROUP)


def link(path: Path, target: str) -> Entry:
    return Entry(str(path), "link", target.encode())


@dataclass(frozen=True)
class Place:
    """A folder files are brought into, and the note of its calls beside it."""

    folder: Path
    note: Note

    def bring(self, *entries: Entry, judge: Any = agrees, **words: Any) -> dict[str, Any]:
        """Make a whole call whose answer is heard."""
        request = Request(entries, **words)
        result = bring(request, Means(judge, self.note))
        heard(request, self.note)
        return result

    def tree(self) -> dict[str, tuple[str, bytes, int]]:
        """Return all that is in the folder."""
        found = [look(str(path)) for path in sorted(self.folder.rglob("*"))]
        return {str(Path(one.path).relative_to(self.folder)): (one.kind, one.content, one.mode) for one in found}


def place_in(parent: Path) -> Place:
    (parent / "etc").mkdir(parents=True)
    return Place(parent / "etc", Note(parent / "state"))


def in_own_mounts(act: Callable[[], None]) -> None:
    """Run in a child with mounts of its own (and as its own root, where we are not root); fail as it fails."""
    child = os.fork()
    if child == 0:
        os._exit(_carry_out(act))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == NO_NAMESPACE:
        pytest.skip("needs root, or a kernel that gives users namespaces of their own")
    assert code == 0, "see the traceback above"


def _carry_out(act: Callable[[], None]) -> int:
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if user else 0)):
        return NO_NAMESPACE
    try:
        if user:
            for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
                Path(f"/proc/self/{name}").write_text(text)
        mount("none", "/", "", MS_REC | MS_PRIVATE)
        act()
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        return 1
    return 0


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    if _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()):
        raise OSError(ctypes.get_errno(), f"mount on {target}")
