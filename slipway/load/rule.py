"""What a rule is asked about, and what it gives: places, what is wrong there, and what to do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File

from ..environment import Environment
from .faults import Faults, Path, listed, nearest
from .hosts import Hosts
from .inventory import Inventory
from .nodes import Node
from .service import Draft, deepest
from .stack import StackDraft


@dataclass(frozen=True, slots=True)
class Whole:
    """An environment with all its stacks, and the nodes they were read from."""

    environment: Environment
    inventory: Inventory
    hosts: Hosts
    compose: File
    drafts: Mapping[str, StackDraft]

    def at(self, *parts: str | int) -> tuple[Node, Path]:
        """Return the deepest node of the inventory on the way down, and the whole path."""
        return deepest(self.inventory.root, parts), parts


Found = tuple[tuple[Node, Path], str, str]
ServiceRule = Callable[[Draft], Iterator[Found]]
StackRule = Callable[[StackDraft], Iterator[Found]]
WholeRule = Callable[[Whole], Iterator[Found]]
MemberRule = Callable[[Whole, StackDraft], Iterator[Found]]


def note_all(found: Iterator[Found], faults: Faults) -> None:
    """Note everything a rule found."""
    for (node, path), message, hint in found:
        faults.add(node, path, message, hint)


def known(word: str, words: Iterable[str], what: str) -> str:
    """Return `did you mean …`, or the words there are."""
    choices = sorted(words)
    return nearest(word, choices) or f"{what}: {listed(choices)}"
