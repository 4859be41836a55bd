"""Texts of a stack file with the inventory's values filled in: escaped for Compose, or plain for our own typed words."""

from dataclasses import dataclass
from typing import Any

from .faults import Faults, Path, seen
from .interpolation import Scope, escaped, fill, secrets_in, unescaped
from .nodes import Node
from .scalars import Scalar, go_text
from .schema import FAULTY


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills texts from one scope and notes what has no value."""

    faults: Faults
    scope: Scope

    def escaped(self, node: Node, path: Path) -> str | None:
        """Return a text in Compose's escaped form, or None after noting why not."""
        filled = fill(node.raw, self.scope)
        for problem in filled.problems:
            line = node.start + 1 + node.raw.count("\n", 0, problem.offset) if node.literal else node.line
            place = Node(node.value, node.file, line, line)
            self.faults.add(place, path, problem.message, problem.hint)
        return None if filled.problems else filled.text

    def plain(self, node: Node, path: Path) -> Scalar | object:
        """Return the final value of a typed word, or FAULTY after noting why not."""
        if not isinstance(node.value, str):
            return node.value if not isinstance(node.value, (dict, list)) else FAULTY
        text = self.escaped(node, path)
        if text is None:
            return FAULTY
        if secrets := secrets_in(text):
            self.faults.add(node, path, f"secret `{secrets[0]}` in a word that is no secret", "write a variable or the value")
            return FAULTY
        return unescaped(text)

    def tree(self, node: Node, path: Path) -> Any:
        """Return a Compose value to be passed through, its texts escaped."""
        if isinstance(node.value, dict):
            return {key: self.tree(item, (*path, key)) for key, item in node.mapping.items()}
        if isinstance(node.value, list):
            return [self.tree(item, (*path, index)) for index, item in enumerate(node.items)]
        return self.scalar(node, path) if isinstance(node.value, str) else node.value

    def scalar(self, node: Node, path: Path) -> str:
        """Return a scalar as the text that Compose makes of it, escaped; empty after a fault."""
        if node.tag == "date":
            self.faults.add(node, path, f"Compose reads {seen(node, path)} as a date", "write it in quotes")
            return ""
        if isinstance(node.value, str):
            return self.escaped(node, path) or ""
        if isinstance(node.value, (dict, list)):
            self.faults.add(node, path, f"{node.kind} where text is wanted")
            return ""
        return escaped(go_text(node.value))
