"""The words of stack file and inventory as trees: path, type, default, meaning, and whether they are in force.

Read from the annotations of the model. A path holds `[]` where a list's items stand and `<name>` where the user names things.
"""

import dataclasses
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from ..environment import AsWritten, Environment
from ..load import force
from ..load.schema import words
from ..model import Service, Stack
from ..policy import ranges

Page = Literal["root", "service", "inventory"]
Pattern = tuple[str, ...]

ITEM: Final = "[]"
REQUIRED: Final = object()
KINDS: Mapping[Page, type] = {"root": Stack, "service": Service, "inventory": Environment}
NAMED_BY = {
    "connections": "<store>",
    "exceptions": "<rule>",
    "place": "<service>",
    "images": "<service>",
    "registries": "<registry>",
    "addresses": "<host>",
    "stacks": "<stack>",
    "releases": "<stack>",
    "json": "<field>",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A type taken apart: the lists and mappings around it, and what may stand inside."""

    holes: Pattern
    cores: tuple[Any, ...]
    optional: bool = False

    @property
    def group(self) -> type | None:
        """Return the dataclass whose words stand inside, if any."""
        return next((core for core in self.cores if dataclasses.is_dataclass(core) and isinstance(core, type)), None)

    @property
    def choices(self) -> tuple[str | int, ...]:
        """Return the values that may stand inside where they are listed."""
        return tuple(choice for core in self.cores if get_origin(core) is Literal for choice in get_args(core))


@dataclass(frozen=True, slots=True)
class Entry:
    """A word: where it stands, what may be written, and what it means."""

    page: Page
    path: Pattern
    shape: Shape
    doc: str
    default: Any
    in_force: bool
    children: tuple["Entry", ...] = ()

    @property
    def key(self) -> str:
        """Return the word itself."""
        return self.path[-1]

    @property
    def required(self) -> bool:
        """Say whether it must be written wherever its group is."""
        return self.default is REQUIRED

    @property
    def full_key(self) -> str:
        """Return the word with the one above it, which is how ranges and formats are named: `routes.path`."""
        above = [part for part in self.path[:-1] if not is_hole(part)]
        return ".".join([*above[-1:], self.key])

    @property
    def limits(self) -> tuple[float, float]:
        """Return the least and the most that it may hold."""
        return ranges.limits(self.key, self.full_key.rpartition(".")[0])

    @property
    def anchor(self) -> str:
        """Return the word's place on its reference page."""
        return "-".join(part for part in self.path if not is_hole(part))


def is_hole(part: str) -> bool:
    """Say whether a part of a path stands for what the user writes there."""
    return part == ITEM or part.startswith("<")


def shape(kind: Any, key: str = "") -> Shape:
    """Take a type apart; `key` is the word it belongs to."""
    origin = get_origin(kind)
    if origin is Annotated and kind != AsWritten:
        return shape(get_args(kind)[0], key)
    if origin in (Union, types.UnionType):
        kinds = tuple(part for part in get_args(kind) if part is not type(None))
        inner = shape(kinds[0], key) if len(kinds) == 1 else Shape((), kinds)
        return dataclasses.replace(inner, optional=type(None) in get_args(kind))
    if origin is tuple:
        inner = shape(get_args(kind)[0], key)
        return Shape((ITEM, *inner.holes), inner.cores)
    if origin is Mapping:
        inner = shape(get_args(kind)[1])
        return Shape((NAMED_BY.get(key, "<name>"), *inner.holes), inner.cores)
    return Shape((), (kind,))


@cache
def entries(page: Page) -> tuple[Entry, ...]:
    """Return the words of a page, in the model's order."""
    return tuple(_below(page, KINDS[page], ()))


def everything(found: tuple[Entry, ...]) -> Iterator[Entry]:
    """Yield words and all words below them."""
    for entry in found:
        yield entry
        yield from everything(entry.children)


def _below(page: Page, kind: type, path: Pattern) -> Iterator[Entry]:
    specs = {spec.name: spec for spec in dataclasses.fields(kind)}
    for key, word in words(kind).items():
        where, inside = (*path, key), shape(word.kind, key)
        children = tuple(_below(page, inside.group, (*where, *inside.holes))) if inside.group else ()
        yield Entry(page, where, inside, word.doc, _default(specs[word.field]), _in_force(page, where), children)


def _default(spec: "dataclasses.Field[Any]") -> Any:
    if spec.default_factory is not dataclasses.MISSING:
        return spec.default_factory()
    return REQUIRED if spec.default is dataclasses.MISSING else spec.default


def _in_force(page: Page, path: Pattern) -> bool:
    return force.in_force(page, [part for part in path if part != ITEM and not part.startswith("<")])
