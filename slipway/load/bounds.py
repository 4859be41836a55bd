"""Ranges and formats of typed words, by the word and the one above it. Knows types and names, not meanings."""

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from .faults import Faults, Path
from .formats import EMPTY_ALLOWED, FORMATS, KEYS
from .nodes import Node
from .schema import words
from .service import deepest

Found = Iterator[tuple[Path, str, str]]

DAY = 86400
YEAR = 366 * DAY
PORT = (1, 65535)
SHARE = (0.01, 1)
RANGES: Mapping[str, tuple[float, float]] = {
    "port": PORT,
    "http": PORT,
    "https": PORT,
    "egress_ports": PORT,
    "for_seconds": (1, 7 * DAY),
    "over": (-1e12, 1e12),
    "under": (-1e12, 1e12),
    "error_ratio.over": SHARE,
    "memory_ratio.over": SHARE,
    "p95_ms.over": (1, 600_000),
    "memory_mb.over": (1, 1 << 20),
    "max_age_seconds": (0, DAY),
    "hsts_seconds": (0, 3 * YEAR),
    "watch.seconds": (0, DAY),
    "failed_checks": (1, 100),
    "restarts": (1, 100),
    "min_errors": (1, 1_000_000),
    "canary.percent": (1, 99),
    "canary.seconds": (1, DAY),
    "every_seconds": (5, DAY),
    "idle_seconds": (1, DAY),
    "drain_seconds": (0, 3600),
    "routes.timeout_seconds": (1, 3600),
    "body_mb": (1, 10_240),
    "rate.per_seconds": (1, 60),
    "rate.requests": (1, 100_000),
    "rate.burst": (0, 100_000),
    "connections_per_address": (1, 65535),
    "cache.seconds": (1, YEAR),
    "stale_seconds": (0, YEAR),
    "status": (100, 599),
    "interval_seconds": (1, 300),
    "health.timeout_seconds": (1, 60),
    "start_seconds": (1, 3600),
    "failures": (1, 100),
    "scale.min": (0, 100),
    "scale.max": (1, 100),
    "cpu_ratio": SHARE,
    "scale.memory_ratio": SHARE,
    "queue_drain_seconds": (1, DAY),
    "down_after_seconds": (10, DAY),
    "concurrency": (1, 1000),
    "connections": (0, 10_000),
    "task.timeout_seconds": (1, DAY),
    "max_connections": (1, 100_000),
    "slow_query_ms": (0, 3_600_000),
    "rpo_seconds": (1, 30 * DAY),
    "rto_seconds": (1, 30 * DAY),
    "keep_days": (0, 3660),
    "keep_weeks": (0, 520),
    "keep_months": (0, 120),
    "expires_days": (1, 366),
    "retry_seconds": (10, DAY),
    "keep_releases": (1, 50),
}


def limits(key: str, above: str = "") -> tuple[float, float]:
    """Return the least and the most that a word may hold; `above` is the word it stands under."""
    return RANGES.get(f"{above}.{key}") or RANGES.get(key) or (float("-inf"), float("inf"))


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
