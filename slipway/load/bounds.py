"""Ranges and formats of typed words, by the word and the one above it. Knows types and names, not meanings."""

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ..policy.ranges import limits
from .faults import Faults, Path
from .formats import EMPTY_ALLOWED, FORMATS, KEYS
from .nodes import Node
from .schema import words
from .service import deepest

Found = Iterator[tuple[Path, str, str]]


def judge(value: Any, root: Node, path: Path, faults: Faults) -> None:
    """Note every typed value below a path that is out of its range or form."""
    for place, message, hint in found(value, path):
        faults.add(deepest(root, place), place, message, hint)


def found(value: Any, path: Path, above: str = "") -> Found:
    """Yield what is out of its range or form in a group of words that stands under the word `above`."""
    kind: type = type(value)
    usual = _defaults(kind)
    for key, word in words(kind).items():
        given = getattr(value, word.field)
        if given is not usual[word.field]:
            yield from _value(given, (*path, key), key, above)
    if {"min", "max"} <= usual.keys() and value.min > value.max:
        yield path, f"`min` {value.min} is above `max` {value.max}", "swap them"


@cache
def _defaults(kind: type) -> Mapping[str, Any]:
    """Return the default of each field: what nobody wrote needs no judging."""
    return {spec.name: spec.default for spec in dataclasses.fields(kind)}


def _value(value: Any, path: Path, key: str, above: str) -> Found:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _formatted(name, (*path, name), KEYS.get(key))
            yield from _value(item, (*path, name), key, above)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _value(item, (*path, index), key, above)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from found(value, path, key)
    elif isinstance(value, str):
        empty = value == "" and f"{above}.{key}" in EMPTY_ALLOWED
        yield from _formatted(value, path, None if empty else FORMATS.get(f"{above}.{key}") or FORMATS.get(key))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _ranged(value, path, *limits(key, above))


def _formatted(text: str, path: Path, form: Any) -> Found:
    if form is not None and (wrong := form(text)):
        yield path, *wrong


def _ranged(value: float, path: Path, low: float, high: float) -> Found:
    if not low <= value <= high:
        hint = "shares lie between 0 and 1" if high == 1 else ""
        yield path, f"{_figure(value)} where {_figure(low)} to {_figure(high)} is wanted", hint


def _figure(value: float) -> str:
    return f"{value:.0f}" if value % 1 == 0 and abs(value) < 1e15 else f"{value:g}"
