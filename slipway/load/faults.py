"""Faults gathered while files are read: where, what is wrong, what was meant. Raises nothing."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import Fault
from .nodes import Node

Path = tuple[str | int, ...]

SECRET_NAME = re.compile(r".*(PASSWORD|SECRET|TOKEN|_KEY)", re.IGNORECASE)
MANY = 500  # from here on, guesses at what was meant would cost seconds


@dataclass(slots=True)
class Faults:
    """All faults of one reading."""

    found: list[Fault] = field(default_factory=list)

    def add(self, node: Node, path: Path, message: str, hint: str = "") -> None:
        """Note what is wrong at a node."""
        self.found.append(fault_at(node, path, message, hint))

    def unknown(self, node: Node, path: Path, word: str, known: Iterable[str]) -> None:
        """Note a key that nobody knows; `path` leads to the mapping that holds it."""
        choices = sorted(known)
        near = nearest(word, choices) if len(self.found) < MANY else ""
        self.add(node, path, f"unknown key `{short(word)}`", near or f"known here: {listed(choices)}")


def fault_at(node: Node, path: Path, message: str, hint: str = "") -> Fault:
    """Return the fault with the place of its node."""
    return Fault(node.file, node.line, shown(path), message, hint)


def shown(path: Path) -> str:
    """Return a path as people write it: `services.api.x-slipway.routes[0].port`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{short(part)}" for part in path)
    return text.removeprefix(".") or "(file)"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `did you mean …` for the known word that looks most like this one, or nothing."""
    close = difflib.get_close_matches(word[:60], list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Return the words for a sentence, the first dozen of them."""
    items = list(words)
    return ", ".join(f"`{word}`" for word in items[:12]) + (", …" if len(items) > 12 else "") if items else "nothing"


def is_secret_name(name: str) -> bool:
    """Say whether a name promises a secret."""
    return SECRET_NAME.fullmatch(name) is not None


def seen(node: Node, path: Path) -> str:
    """Return a scalar as written, for a sentence; what may be a secret is not shown."""
    hidden = any(isinstance(part, str) and (part == "secrets" or is_secret_name(part)) for part in path)
    return "the value" if hidden else f"`{short(node.raw)}`"


def short(word: str) -> str:
    """Return a user's word fit for one line."""
    line = " ".join(word.split())
    return line if len(line) <= 60 else f"{line[:57]}…"
