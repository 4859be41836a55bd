"""Read typed words from nodes by the annotations of the model: widening a dataclass widens what may be written.

A field with `Annotated` is a word of the file; its second argument is documentation, a third one the key where it differs from
the field's name. Fields without are filled in by the loader.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from ..environment import AsWritten
from .faults import Faults, Path, listed, nearest, seen
from .interpolation import is_one_variable
from .nodes import Node
from .scalars import Scalar, resolve

FAULTY: Final = object()
NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}

TRUTHS = dict.fromkeys(("yes", "on", "y"), "write `true`") | dict.fromkeys(("no", "off", "n"), "write `false`")

Resolve = Callable[[Node, Path], Scalar | object]


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """A key that a file may hold: the field it fills, its type, what it means."""

    field: str
    kind: Any
    doc: str
    required: bool


@cache
def words(kind: type) -> Mapping[str, Word]:
    """Return the words of a dataclass by their keys."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for spec in dataclasses.fields(kind):
        hint = hints[spec.name]
        if get_origin(hint) is Annotated:
            inner, doc, *key = get_args(hint)
            required = spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING
            found[key[0] if key else spec.name] = Word(spec.name, inner, doc, required)
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Reader:
    """Reads nodes into the model; `resolve` gives a scalar's final value, of the type it was written for."""

    faults: Faults
    resolve: Resolve

    def read(self, kind: Any, node: Node, path: Path) -> Any:
        """Return the value, or FAULTY after noting why not."""
        origin = get_origin(kind)
        if kind == AsWritten and _is_exact(node):
            return node.raw
        if origin is Annotated:
            return self.read(get_args(kind)[0], node, path)
        if origin in (Union, types.UnionType):
            return self._read_union(get_args(kind), node, path)
        if origin is tuple:
            return self._read_tuple(get_args(kind)[0], node, path)
        if origin is Mapping:
            return self._read_mapping(get_args(kind)[1], node, path)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return self._read_dataclass(kind, node, path)
        if kind is Any:
            return self._read_any(node, path)
        return self._read_scalar(kind, node, path)

    def fields(self, kind: type, node: Node, path: Path) -> dict[str, Any]:
        """Return the values that a mapping gives to a dataclass's words, by field; faulty ones are left out."""
        if not isinstance(node.value, dict):
            if not node.is_null:
                self._wrong(node, path, "a mapping")
            return {}
        known, found = words(kind), {}
        for key, item in node.mapping.items():
            if key not in known:
                self.faults.unknown(item, path, key, known)
            elif (value := self.read(known[key].kind, item, (*path, key))) is not FAULTY:
                found[known[key].field] = value
        return found

    def _read_dataclass(self, kind: type, node: Node, path: Path) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, path, "a mapping")
        found = self.fields(kind, node, path)
        known = words(kind)
        missing = [key for key, word in known.items() if word.required and key not in node.mapping]
        for key in missing:
            self.faults.add(node, path, f"`{key}` is missing", f"add it: {known[key].doc}")
        complete = all(word.field in found for word in known.values() if word.required)
        return kind(**found) if complete else FAULTY

    def _read_tuple(self, kind: Any, node: Node, path: Path) -> Any:
        if not isinstance(node.value, list):
            return self._wrong(node, path, "a list")
        read = [self.read(kind, item, (*path, index)) for index, item in enumerate(node.items)]
        return tuple(item for item in read if item is not FAULTY)

    def _read_mapping(self, kind: Any, node: Node, path: Path) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, path, "a mapping")
        read = {key: self.read(kind, item, (*path, key)) for key, item in node.mapping.items()}
        return {key: item for key, item in read.items() if item is not FAULTY}

    def _read_union(self, kinds: tuple[Any, ...], node: Node, path: Path) -> Any:
        if node.is_null and type(None) in kinds:
            return None
        shaped = [kind for kind in kinds if kind is not type(None)]
        fitting = [kind for kind in shaped if dataclasses.is_dataclass(kind) == isinstance(node.value, dict)]
        return self.read((fitting or shaped)[0], node, path)

    def _read_any(self, node: Node, path: Path) -> Any:
        if isinstance(node.value, dict):
            return self._read_mapping(Any, node, path)
        if isinstance(node.value, list):
            return list(self._read_tuple(Any, node, path))
        return self.resolve(node, path)

    def _read_scalar(self, kind: Any, node: Node, path: Path) -> Any:
        literals = get_args(kind) if get_origin(kind) is Literal else ()
        if isinstance(node.value, (dict, list)) or node.is_null:
            return self._wrong(node, path, _one_of(literals) if literals else NAMES[kind])
        value = self.resolve(node, path)
        if value is FAULTY:
            return FAULTY
        if kind is not str and isinstance(value, str) and is_one_variable(node.raw) and value not in literals:
            value = resolve(value)
        if literals:
            return value if _is_among(value, literals) else self._not_among(node, path, value, literals)
        if kind is float and type(value) is int:
            return float(value)
        return value if type(value) is kind else self._wrong(node, path, NAMES[kind], value)

    def _wrong(self, node: Node, path: Path, wanted: str, value: object = None) -> Any:
        found = f"{seen(node, path)} is {node.kind}" if node.raw else node.kind
        filled = isinstance(value, str) and "$" in node.raw
        message = f"{found} where {wanted} is wanted" if not filled else f"{seen(node, path)} does not give {wanted}"
        self.faults.add(node, path, message, _advice(node, path, wanted))
        return FAULTY

    def _not_among(self, node: Node, path: Path, value: object, choices: tuple[Any, ...]) -> Any:
        near = nearest(str(value), [str(choice) for choice in choices]) or (f"write `{choices[0]}`" if len(choices) == 1 else "")
        self.faults.add(node, path, f"{seen(node, path)} where {_one_of(choices)} is wanted", near)
        return FAULTY


def _advice(node: Node, path: Path, wanted: str) -> str:
    if wanted == "text":
        quoted = f"write {seen(node, path).replace('`', chr(34))} in quotes" if node.raw else ""
        return 'write "" for an empty text' if node.is_null else quoted
    if wanted == "true or false":
        return TRUTHS.get(node.raw.lower(), "")
    return ""


def _is_exact(node: Node) -> bool:
    """Say whether a number or truth is written the one way that keeps its text."""
    return (type(node.value) is int and str(node.value) == node.raw) or (
        type(node.value) is bool and node.raw in ("true", "false")
    )


def _is_among(value: object, choices: tuple[Any, ...]) -> bool:
    return any(type(value) is type(choice) and value == choice for choice in choices)


def _one_of(choices: tuple[Any, ...]) -> str:
    return f"one of {listed(str(choice) for choice in choices)}" if len(choices) > 1 else f"`{choices[0]}`"
