"""One at a time: a lock that the kernel frees when its owner dies, with the owner's text for whoever has to wait."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LockHeld

POLL_SECONDS = 0.2


@contextmanager
def held(path: Path, owner: str, wait_seconds: float, say: Callable[[str], None]) -> Iterator[str]:
    """Hold the lock; yield the text of an owner that died with it, or nothing.

    Waits at most `wait_seconds` for a living owner and tells once who that is; raises LockHeld afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        _take(descriptor, path, wait_seconds, say)
        dead_owner = _text(descriptor)
        _write(descriptor, owner)
        try:
            yield dead_owner
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)


def rename(path: Path, owner: str) -> None:
    """Replace the owner's text; for the owner alone."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        _write(descriptor, owner)
    finally:
        os.close(descriptor)


def owner_of(path: Path) -> str:
    """Return the text of the living owner, or nothing where nobody holds the lock."""
    if not path.is_file():
        return ""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return "" if _try(descriptor) else _text(descriptor)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, wait_seconds: float, say: Callable[[str], None]) -> None:
    deadline, told = time.monotonic() + wait_seconds, False
    while not _try(descriptor):
        owner = _text(descriptor) or "somebody who left no name"
        if time.monotonic() >= deadline:
            raise LockHeld(f"{path} is held by {owner}", "wait until that run has ended, then run this again")
        if not told:
            say(f"waiting for {owner}")
            told = True
        time.sleep(POLL_SECONDS)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _text(descriptor: int) -> str:
    return os.pread(descriptor, 4096, 0).decode(errors="replace").strip()


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
    os.fsync(descriptor)
