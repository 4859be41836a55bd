"""Faults gathered while files are read: where, what is wrong, what was meant. Raises nothing."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..errors import Fault
from .nodes import Node

Path = tuple[str | int, ...]

SECRET_NAME = re.compile(r".*(PASSWORD|SECRET|TOKEN|_KEY)", re.IGNORECASE)
MOST = 1000  # faults that are told at once
MANY = 500  # from here on, guesses at what was meant would cost seconds
VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
FEW = 12  # a larger group of words leads nobody to the variable that is wrong in it


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the inventory gives a variable its value."""

    value: str
    file: str
    line: int

    def __str__(self) -> str:
        """Return it for a sentence."""
        return f"`{short(self.value)}` in {self.file}:{self.line}"


@dataclass(slots=True)
class Faults:
    """All faults of one reading; `origins` are the variables of the stack that is read."""

    found: list[Fault] = field(default_factory=list)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[Fault, ...]:
        """Return the faults by their place; the last one says so where some are left out.

        What an anchor brings to many places is one fault: it is mended once.
        """
        places: dict[tuple[str, int, str, str], list[Fault]] = {}
        for fault in sorted(set(self.found)):
            places.setdefault((fault.file, fault.line, fault.message, fault.hint), []).append(fault)
        faults = [_one_of(same) for same in places.values()]
        if len(faults) < MOST:
            return tuple(faults)
        *told, last = faults[:MOST]
        return (*told, Fault(last.file, last.line, "(file)", "further faults are left out", "mend those above first"))

    def about(self, origins: Mapping[str, Origin]) -> "Faults":
        """Return the same faults for a stack with these variables."""
        return Faults(self.found, origins)

    def add(self, node: Node, path: Path, message: str, hint: str = "") -> None:
        """Note what is wrong at a node, and which lines of the inventory its value comes from."""
        if len(self.found) >= 2 * MOST:
            return
        origins = {name: self.origins[name] for name in variables_in(node) if name in self.origins}
        named = [f"`{name}` is {origin}" for name, origin in origins.items() if node.raw or origin.value in message]
        parts = [hint, *named]
        self.found.append(fault_at(node, path, message, "; ".join(filter(None, parts))))

    def unknown(self, node: Node, path: Path, word: str, known: Iterable[str]) -> None:
        """Note a key that nobody knows; `path` leads to the mapping that holds it."""
        if len(self.found) >= 2 * MOST:
            return
        choices = sorted(known)
        near = nearest(word, choices) if len(self.found) < MANY else ""
        self.add(node, path, f"unknown key `{short(word)}`", near or f"known here: {listed(choices)}")


def _one_of(same: list[Fault]) -> Fault:
    first, more = same[0], len(same) - 1
    if not more:
        return first
    note = f"the same at {more} more {'place' if more == 1 else 'places'}"
    return replace(first, hint=f"{first.hint}; {note}" if first.hint else note)


def fault_at(node: Node, path: Path, message: str, hint: str = "") -> Fault:
    """Return the fault with the place of its node."""
    return Fault(node.file, node.line, shown(path), message, hint)


def variables_in(node: Node) -> list[str]:
    """Return the variables that a value is written with, those of a small group of words included."""
    texts = [text for text in _texts(node) if "$" in text] if node.weight <= FEW else []
    return list(dict.fromkeys(match[1] for text in texts for match in VARIABLE.finditer(text.replace("$$", ""))))


def _texts(node: Node) -> Iterator[str]:
    yield node.raw
    for _, item in inside(node):
        yield from _texts(item)


def inside(node: Node) -> Iterator[tuple[str | int, Node]]:
    """Yield the entries of a mapping, or the items of a list by their numbers."""
    yield from node.mapping.items()
    yield from enumerate(node.items)


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
