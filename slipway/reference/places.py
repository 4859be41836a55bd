"""Values in force and where each was written: a stack file's line, an inventory's line, a variable, or nowhere.

Secrets show their name and their kind of source, never a value or a command's arguments.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..codec import to_json
from ..environment import Instance, SecretCommand
from ..load.faults import Path
from ..load.interpolation import Scope, fill
from ..load.inventory import Inventory
from ..load.nodes import Node
from ..load.schema import words
from ..load.secrecy import USERINFO
from ..load.service import deepest
from ..model import Threshold
from .entries import ITEM, Entry
from .wording import is_nothing, written

ANY = "*"
HIDDEN = "(not shown)"
Part = str | int
Kind = Literal["default", "stack file", "inventory"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that a value is made of, and where it got its own value; no file = nobody gave one."""

    name: str
    kind: Literal["variable", "pin", "secret", "not given"]
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    kind: Kind
    file: str = ""
    line: int = 0
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A word with its value in force: as text for people, as data for machines."""

    path: tuple[Part, ...]
    text: str
    data: Any
    origin: Origin


@dataclass(frozen=True, slots=True)
class Tree:
    """Typed values and the nodes they were read from; `values` belongs to one group of words."""

    kind: Kind
    values: Any
    node: Node | None
    names: "Names | None" = None


@dataclass(frozen=True, slots=True)
class Names:
    """Where the variables and secrets of a stack are given."""

    stack: str
    instance: Instance
    pinned: Mapping[str, str]
    inventory: Inventory

    def of(self, node: Node) -> tuple[Variable, ...]:
        """Return the names that texts at and below a node use, each once."""
        scope = Scope({**self.instance.variables, **self.pinned}, frozenset(self.instance.secrets))
        for raw in _texts(node):
            fill(raw, scope)
        return tuple(self.variable(name) for name in sorted(scope.used))

    def variable(self, name: str) -> Variable:
        """Return a name and where it was given."""
        if name in self.instance.secrets:
            return self._at(name, "secret", ("stacks", self.stack, "secrets", name))
        if name in self.pinned:
            return self._at(name, "pin", ("releases", self.stack, "variables", name))
        if name in self.instance.variables:
            return self._at(name, "variable", ("stacks", self.stack, "variables", name))
        return Variable(name, "not given")

    def _at(self, name: str, kind: Literal["variable", "pin", "secret"], path: Path) -> Variable:
        node = deepest(self.inventory.root, path)
        return Variable(name, kind, node.file, node.line)


def placed(tree: Tree, entry: Entry, wanted: tuple[Part, ...] = ()) -> Iterator[Placed]:
    """Yield the values of a word and of the words below it.

    `wanted` narrows what is below: keys, numbers of list items, or `*` for all of them.
    """
    value = getattr(tree.values, _field(tree.values, entry.key))
    node = _step(tree.node, entry.key)
    yield from _values(_Place(tree, entry, (entry.key,), node), entry.shape.holes, value, wanted)


def origin(tree: Tree, node: Node | None) -> Origin:
    """Return where a node stands, or that nothing was written."""
    if node is None:
        return Origin("default")
    return Origin(tree.kind, node.file, node.line, tree.names.of(node) if tree.names else ())


@dataclass(frozen=True, slots=True)
class _Place:
    tree: Tree
    entry: Entry
    path: tuple[Part, ...]
    node: Node | None

    def below(self, key: Part) -> "_Place":
        """Return the place of an item or an entry of a mapping."""
        return _Place(self.tree, self.entry, (*self.path, key), _step(self.node, key))

    def child(self, entry: Entry) -> "_Place":
        """Return the place of a word of the group that stands here."""
        return _Place(self.tree, entry, (*self.path, entry.key), _step(self.node, entry.key))

    def value(self, value: Any) -> Placed:
        """Return what stands here."""
        text, data = _shown(self.entry, value)
        return Placed(self.path, text, data, origin(self.tree, self.node))


def _values(place: _Place, holes: tuple[str, ...], value: Any, wanted: tuple[Part, ...]) -> Iterator[Placed]:
    if (value is None and not wanted) or (value is not None and _is_leaf(place.entry, holes, value, wanted)):
        yield place.value(value)
    elif value is None:
        return  # what is asked for stands below a group that nobody wrote
    elif holes:
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            if not wanted or wanted[0] in (ANY, key):
                yield from _values(place.below(key), holes[1:], item, wanted[1:])
    else:
        for child in place.entry.children:
            if not wanted or wanted[0] == child.key:
                below = getattr(value, _field(value, child.key))
                yield from _values(place.child(child), child.shape.holes, below, wanted[1:])


def _is_leaf(entry: Entry, holes: tuple[str, ...], value: Any, wanted: tuple[Part, ...]) -> bool:
    """Say whether a value is shown as one: lists of plain values and thresholds are, unless a part of them is asked for."""
    if holes == (ITEM,) and not entry.children:
        return not wanted
    if holes:
        return not value and not wanted
    return isinstance(value, SecretCommand) or not dataclasses.is_dataclass(value) or (type(value) is Threshold and not wanted)


def _shown(entry: Entry, value: Any) -> tuple[str, Any]:
    if isinstance(value, SecretCommand):
        text = f"command `{value.command[0]} …`" if len(value.command) > 1 else f"command `{''.join(value.command)}`"
        return text, text
    if entry.full_key == "receivers.webhook" and value:
        return _hidden(re.sub(r"(://[^/]+/).+", rf"\1{HIDDEN}", value))
    if isinstance(value, str) and USERINFO.search(value):
        return _hidden(USERINFO.sub(lambda match: match[0].replace(match[1], HIDDEN), value))
    return "none" if is_nothing(value) else written(value), _data(value)


def _hidden(text: str) -> tuple[str, str]:
    return text, text


def _data(value: Any) -> Any:
    return {key: _data(item) for key, item in value.items()} if isinstance(value, Mapping) else to_json(value)


def _field(value: Any, key: str) -> str:
    kind: type = type(value)
    return words(kind)[key].field


def _step(node: Node | None, key: Part) -> Node | None:
    if node is None:
        return None
    return node.mapping.get(key) if isinstance(key, str) else dict(enumerate(node.items)).get(key)


def _texts(node: Node) -> Iterator[str]:
    yield node.raw
    for below in (*node.items, *node.mapping.values()):
        yield from _texts(below)
