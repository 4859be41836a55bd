"""Ranges of typed words, by the unit in their name or by the word itself. Knows types and names, not meanings."""

import dataclasses
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .faults import Faults, Path, short
from .nodes import Node
from .schema import words
from .service import deepest

PORTS = ("port", "http", "https")
PATHS = ("path",)
NETWORKS = ("allow", "sources")
MOST: Mapping[str, float] = {"drain_seconds": 3600, "percent": 100, "status": 599, "hsts_seconds": 10**9}
LEAST: Mapping[str, float] = {"status": 100, "percent": 1}
AT_LEAST_ONE = re.compile(
    r"body_mb|max|concurrency|max_connections|failures|keep_releases|requests|(interval|timeout|every|start|idle|for|rpo|rto)_seconds"
)
PATH = r"/[A-Za-z0-9._~!&()*+,=:@%/?-]*"
BY = re.compile(r"address|header:[A-Za-z][A-Za-z0-9-]*")


def judge(value: Any, root: Node, path: Path, faults: Faults) -> None:
    """Note every typed value below a path that is out of its range."""
    for place, message, hint in _found(value, path):
        faults.add(deepest(root, place), place, message, hint)


def _found(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _found(item, (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _found(item, (*path, index))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _in_dataclass(value, path)


def _in_dataclass(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    kind: type = type(value)
    for key, word in words(kind).items():
        item, place = getattr(value, word.field), (*path, key)
        if isinstance(item, (int, float)) and not isinstance(item, bool):
            yield from _number(key, item, place)
        elif isinstance(item, str):
            yield from _text(key, item, place)
        elif key in NETWORKS:
            yield from _networks(item, place)
        else:
            yield from _found(item, place)
    yield from _whole(value, path)


def _number(key: str, item: float, path: Path) -> Iterator[tuple[Path, str, str]]:
    ratio = key.endswith("_ratio")
    low = LEAST.get(key, 1 if key in PORTS or AT_LEAST_ONE.fullmatch(key) else 0)
    high = MOST.get(key, 65535 if key in PORTS else 1 if ratio else float("inf"))
    if not low <= item <= high:
        upper = f" to {high:g}" if high != float("inf") else " or more"
        yield path, f"{item:g} where {low:g}{upper} is wanted", "ratios lie between 0 and 1" if ratio else ""


def _text(key: str, item: str, path: Path) -> Iterator[tuple[Path, str, str]]:
    if key in PATHS and not re.fullmatch(PATH, item):
        yield path, f"`{short(item)}` is no path", f"write `/{short(item).lstrip('/')}`"
    if key == "by" and not BY.fullmatch(item):
        yield path, f"`{short(item)}` where `address` or `header:<name>` is wanted", ""


def _networks(items: tuple[str, ...], path: Path) -> Iterator[tuple[Path, str, str]]:
    for index, item in enumerate(items):
        try:
            ipaddress.ip_network(item)
        except ValueError:
            yield (*path, index), f"`{short(item)}` is no network", "write `192.0.2.0/24` or `192.0.2.7`"


def _whole(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    names = {spec.name for spec in dataclasses.fields(value)}
    if {"over", "under"} <= names and "severity" not in names and (value.over is None) == (value.under is None):
        yield path, "needs `over` or `under`, one of them", "write {over: 0.05, for_seconds: 60}"
    if {"min", "max"} <= names and value.min > value.max:
        yield path, f"`min` {value.min} is above `max` {value.max}", "swap them"
