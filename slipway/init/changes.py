"""What can be asked of a YAML text: values put, replaced and taken out, each named by its path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .layout import Part, Path


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value at a path: in place of what is there, or as a new entry.

    `block` puts each entry of a mapping on its own line; `notes` are comments beside entries, `note` beside a value; `first`
    puts a new entry before all others.
    """

    path: Path
    value: Any
    block: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """Replace a value where it is written, for everybody who shares it."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item to the end of a list."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Drop:
    """Take entries or items out of a collection, and the collection itself once it is empty."""

    path: Path
    parts: frozenset[Part]


@dataclass(frozen=True, slots=True)
class Head:
    """Put whole lines before the first entry of the root."""

    lines: tuple[str, ...]


Change = Put | Write | Append | Drop | Head
