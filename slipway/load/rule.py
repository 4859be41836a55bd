"""What a rule gives: places, what is wrong there, and what to do."""

from collections.abc import Callable, Iterator

from .faults import Faults, Path
from .nodes import Node
from .service import Draft
from .stack import StackDraft

Found = tuple[tuple[Node, Path], str, str]
ServiceRule = Callable[[Draft], Iterator[Found]]
StackRule = Callable[[StackDraft], Iterator[Found]]


def note_all(found: Iterator[Found], faults: Faults) -> None:
    """Note everything a rule found."""
    for (node, path), message, hint in found:
        faults.add(node, path, message, hint)
