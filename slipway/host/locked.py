"""A stack that is locked by a person: it serves on, and nothing is released until it is unlocked."""

import json
from dataclasses import asdict, dataclass

from ..errors import LockHeld
from . import files
from .layout import StackFolder

FILE = "locked.json"


@dataclass(frozen=True, slots=True)
class Locked:
    """Who locked a stack, when and why."""

    who: str
    at: str
    why: str = ""

    def __str__(self) -> str:
        """Return it for a sentence."""
        return f"{self.who} at {self.at[:16]}Z{f': {self.why}' if self.why else ''}"


def read(folder: StackFolder) -> Locked | None:
    """Return who locked a stack, if anybody did."""
    path = folder.path / FILE
    return Locked(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def lock(folder: StackFolder, by: Locked) -> None:
    """Lock a stack; one that somebody else locked stays theirs."""
    check(folder)
    files.write(folder.path / FILE, json.dumps(asdict(by)), 0o640)


def unlock(folder: StackFolder) -> Locked | None:
    """Unlock a stack; return who had locked it."""
    found = read(folder)
    files.remove(folder.path / FILE)
    return found


def check(folder: StackFolder) -> None:
    """Raise where a stack is locked."""
    if found := read(folder):
        raise LockHeld(f"{folder.name} was locked by {found}", f"once that is over: fab unlock {folder.name}")
