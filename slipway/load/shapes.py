"""Shapes of Compose's values: each reads a node and returns it in Compose's long form, its texts escaped.

Small ones are for scalars, the others are made of them. What does not fit is noted as a fault.
"""

import re
from collections.abc import Callable
from typing import Any

from .faults import Path, short
from .interpolation import unescaped
from .nodes import Node
from .quantities import duration_text, nanoseconds, single, size_bytes
from .schema import FAULTY
from .source import Source

Shape = Callable[[Source, Node, Path], Any]

HINTS = {"a size": "write `512m` or `1g`", "a duration": "write `30s` or `1m30s`"}
NOTHING: tuple[object, ...] = (False, 0, "", [], {})
ALWAYS_SAID = frozenset(("attach", "command", "entrypoint", "init", "retries"))
WHOLE = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
NUMBER = re.compile(r"[-+]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})([eE][-+]?[0-9]{1,2})?", re.ASCII)


def text(source: Source, node: Node, path: Path) -> str:
    """Return a text; Compose takes no number for one."""
    return source.word(node, path)


def scalar(source: Source, node: Node, path: Path) -> str:
    """Return a text or a number's text."""
    if isinstance(node.value, bool) or node.is_null:
        return source.word(node, path)
    return source.filling.scalar(node, path)


def truth(source: Source, node: Node, path: Path) -> bool:
    """Return true or false."""
    return source.truth(node, path)


def flag(source: Source, node: Node, path: Path) -> bool:
    """Return true or false where Compose takes no text for them."""
    if not isinstance(node.value, bool):
        source.faults.add(node, path, f"{_seen(node)} where true or false is wanted")
    return node.value is True


def integer(source: Source, node: Node, path: Path) -> int:
    """Return a whole number where Compose takes no text for one."""
    if isinstance(node.value, str):
        source.faults.add(node, path, f"{_seen(node)} where a whole number is wanted", "write it without quotes")
        return 0
    return whole(source, node, path)


def whole(source: Source, node: Node, path: Path) -> int:
    """Return a whole number, which may also stand in quotes."""
    value = source.filling.plain(node, path)
    if type(value) is int:
        return value
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return int(value)
    _misfit(source, node, path, value, "a whole number")
    return 0


def number(source: Source, node: Node, path: Path) -> int | float:
    """Return a number as precise as Compose keeps it."""
    value = source.filling.plain(node, path)
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return single(float(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return single(value)
    _misfit(source, node, path, value, "a number")
    return 0


def size(source: Source, node: Node, path: Path) -> str:
    """Return the bytes of `512m`, or of a whole number; nothing for none."""
    value = source.filling.plain(node, path)
    if type(value) is int:
        return str(value) if value else ""
    found = size_bytes(value) if isinstance(value, str) else None
    if found is None:
        _misfit(source, node, path, value, "a size")
    return str(found) if found else ""


def size_in_text(source: Source, node: Node, path: Path) -> str:
    """Return the bytes of `512m`; Compose takes no bare number here."""
    return size(source, node, path) if isinstance(node.value, str) else text(source, node, path)


def duration(source: Source, node: Node, path: Path) -> str:
    """Return `90s` as `1m30s`."""
    if not isinstance(node.value, str):
        return text(source, node, path)
    value = source.filling.plain(node, path)
    found = nanoseconds(value) if isinstance(value, str) else None
    if found is None:
        _misfit(source, node, path, value, "a duration")
    return duration_text(found or 0)


def _misfit(source: Source, node: Node, path: Path, value: object, wanted: str) -> None:
    if value is not FAULTY or isinstance(node.value, (dict, list)):
        source.faults.add(node, path, f"{_seen(node)} where {wanted} is wanted", HINTS.get(wanted, ""))


def _seen(node: Node) -> str:
    return f"`{short(node.raw)}`" if node.raw else node.kind


def said(entries: dict[str, Any]) -> dict[str, Any]:
    """Return entries without those that Compose takes for nothing said."""
    return {key: value for key, value in entries.items() if value is not None and (key in ALWAYS_SAID or value not in NOTHING)}


def each(shape: Shape) -> Shape:
    """Return the shape of a list."""

    def read(source: Source, node: Node, path: Path) -> list[Any]:
        if not isinstance(node.value, list):
            source.faults.add(node, path, f"{node.kind} where a list is wanted", _as_list(node))
        return [shape(source, item, (*path, index)) for index, item in enumerate(node.items)]

    return read


def _as_list(node: Node) -> str:
    return f"write `[{short(node.raw)}]`" if node.raw else ""


def once(shape: Shape) -> Shape:
    """Return the shape of a list of which Compose keeps each item once."""

    def read(source: Source, node: Node, path: Path) -> list[Any]:
        return list(dict.fromkeys(each(shape)(source, node, path)))

    return read


def unique(shape: Shape) -> Shape:
    """Return the shape of a list in which Compose refuses the same item twice."""

    def read(source: Source, node: Node, path: Path) -> list[Any]:
        found: list[Any] = each(shape)(source, node, path)
        seen: set[Any] = set()
        for index, item in enumerate(found):
            if item in seen:
                source.faults.add(node.items[index], (*path, index), "written twice in one list", "remove it")
            seen.add(item)
        return found

    return read


def one_or(shape: Shape) -> Shape:
    """Return the shape of a list for which a single text may stand."""

    def read(source: Source, node: Node, path: Path) -> list[Any]:
        found: list[Any] = [text(source, node, path)] if isinstance(node.value, str) else shape(source, node, path)
        return found

    return read


def named(shape: Shape) -> Shape:
    """Return the shape of a mapping with keys of the team's own."""

    def read(source: Source, node: Node, path: Path) -> dict[str, Any]:
        return {key: shape(source, item, (*path, key)) for key, item in own_keys(source, node, path).items()}

    return read


def record(**shapes: Shape) -> Shape:
    """Return the shape of a mapping with Compose's keys; extensions are left out."""
    known = frozenset(shapes)

    def read(source: Source, node: Node, path: Path) -> dict[str, Any]:
        entries = source.mapping(node, path)
        source.only(entries, path, known)
        return said({key: shapes[key](source, item, (*path, key)) for key, item in entries.items() if key in known})

    return read


def closed(**shapes: Shape) -> Shape:
    """Return the shape of a mapping in which Compose takes no extension either."""
    read_known = record(**shapes)

    def read(source: Source, node: Node, path: Path) -> dict[str, Any]:
        for key, item in node.mapping.items():
            if key.startswith("x-"):
                source.faults.unknown(item, path, key, shapes)
        found: dict[str, Any] = read_known(source, node, path)
        return found

    return read


def pairs(source: Source, node: Node, path: Path) -> dict[str, str]:
    """Return a mapping or a list of `key=value` as texts; nothing is an empty text."""
    if isinstance(node.value, list):
        lines = [text(source, item, (*path, index)).partition("=") for index, item in enumerate(node.items)]
        return {unescaped(key): value for key, _, value in lines}
    return {key: _value(source, item, (*path, key)) for key, item in own_keys(source, node, path).items()}


def own_keys(source: Source, node: Node, path: Path) -> dict[str, Node]:
    """Return the entries of a mapping whose keys are the team's own; Compose takes `x-` for its extensions here too."""
    entries = source.mapping(node, path)
    for key in entries:
        if key.startswith("x-"):
            source.faults.add(entries[key], path, f"Compose takes `{short(key)}` for an extension", "write a list of `key=value`")
    return entries


def _value(source: Source, node: Node, path: Path) -> str:
    return "" if node.is_null else source.filling.scalar(node, path)
