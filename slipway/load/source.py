"""What every reader of a stack file shares: the texts, the faults, the notes and the folder beside the file."""

import re
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from ..errors import Fault
from .faults import Faults, Path, fault_at, short
from .filling import Filling
from .interpolation import unescaped
from .nodes import Node
from .schema import FAULTY, Reader

TRUTHS = {**dict.fromkeys(("true", "y", "yes", "on"), True), **dict.fromkeys(("false", "n", "no", "off"), False)}
DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """A stack file being read; `notes` are keys that are left aside, with the reason."""

    faults: Faults
    filling: Filling
    folder: File
    notes: list[Fault] = field(default_factory=list)

    @property
    def reader(self) -> Reader:
        """Return the reader of typed words."""
        return Reader(self.faults, self.filling.plain)

    def note(self, node: Node, path: Path, reason: str) -> None:
        """Say that a key is left aside."""
        self.notes.append(fault_at(node, path, f"ignored: {reason}"))

    def entries(self, node: Node | None, path: Path) -> dict[str, Node]:
        """Return a mapping's entries; anything else but nothing is a fault."""
        if node is None or node.is_null:
            return {}
        if not isinstance(node.value, dict):
            self.faults.add(node, path, f"{node.kind} where a mapping is wanted")
        return node.mapping

    def mapping(self, node: Node, path: Path) -> dict[str, Node]:
        """Return a mapping's entries; anything else, nothing included, is a fault."""
        if not isinstance(node.value, dict):
            self.faults.add(node, path, f"{node.kind} where a mapping is wanted", "remove the key" if node.is_null else "")
        return node.mapping

    def pairs(self, node: Node, path: Path) -> dict[str, Node | str]:
        """Return a mapping or a list of `key=value` as key -> node, or -> text in escaped form for a list."""
        if not isinstance(node.value, list):
            return dict(self.mapping(node, path))
        found: dict[str, Node | str] = {}
        for index, item in enumerate(node.items):
            known = len(self.faults.found)
            key, equals, value = self.word(item, (*path, index)).partition("=")
            if len(self.faults.found) > known:
                continue  # a text that could not be read names no key
            found[unescaped(key)] = value if equals else Node(None, item.file, item.line, item.line)
        return found

    def names(self, node: Node | None, path: Path) -> list[str]:
        """Return a list of texts, or one text as a list."""
        if node is None or node.is_null:
            return []
        if isinstance(node.value, dict):
            self.faults.add(node, path, "a mapping where a list is wanted")
            return []
        if not isinstance(node.value, list):
            return [self.word(node, path)]
        return [self.word(item, (*path, index)) for index, item in enumerate(node.items)]

    def word(self, node: Node, path: Path) -> str:
        """Return a text in escaped form; Compose takes no number here."""
        if isinstance(node.value, str):
            return self.filling.scalar(node, path)
        found = f"`{short(node.raw)}` is {node.kind}" if node.raw else node.kind
        self.faults.add(node, path, f"{found} where text is wanted", f'write "{short(node.raw)}" in quotes' if node.raw else "")
        return ""

    def text(self, node: Node | None, path: Path) -> str:
        """Return a plain text, a number's text included; empty if nothing or after a fault."""
        if node is None or node.is_null:
            return ""
        if isinstance(node.value, (dict, list)):
            self.faults.add(node, path, f"{node.kind} where text is wanted")
            return ""
        value = self.filling.plain(node, path)
        return "" if value is FAULTY else (value if isinstance(value, str) else node.raw)

    def number(self, node: Node, path: Path) -> int | None:
        """Return a whole number that is not negative; Compose also takes one in quotes."""
        value = self.filling.plain(node, path)
        if isinstance(value, str) and DIGITS.fullmatch(value):
            value = int(value)
        if type(value) is int and value >= 0:
            return value
        if value is not FAULTY or not node.raw:
            found = f"`{short(node.raw)}`" if node.raw else node.kind
            self.faults.add(node, path, f"{found} where a whole number is wanted")
        return None

    def truth(self, node: Node | None, path: Path) -> bool:
        """Return true or false; Compose also takes them in quotes, and `yes` and `no`."""
        value: Any = self.filling.plain(node, path) if node is not None else False
        if isinstance(value, str):
            value = TRUTHS.get(value.lower())
        if node is not None and type(value) is not bool and (value is not FAULTY or not node.raw):
            found = f"`{short(node.raw)}`" if node.raw else node.kind
            self.faults.add(node, path, f"{found} where true or false is wanted")
        return value is True

    def only(self, entries: dict[str, Node], path: Path, known: frozenset[str]) -> None:
        """Note the keys that nobody knows, extensions apart."""
        for key, node in entries.items():
            if key not in known and not key.startswith("x-"):
                self.faults.unknown(node, path, key, known)
