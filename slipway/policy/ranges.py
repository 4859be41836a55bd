"""The least and the most of each number, by its word and the one above it: stack files and requests are held to them."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

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


def beyond(value: Any, key: str = "", above: str = "") -> Iterator[str]:
    """Yield the numbers of a value that are out of their ranges; `key` is the word that holds it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for spec in dataclasses.fields(value):
            if (given := getattr(value, spec.name)) != spec.default:
                yield from beyond(given, spec.name, key)
    elif isinstance(value, (Mapping, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from beyond(item, key, above)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = limits(key, above)
        if not low <= value <= high:
            yield f"`{key}: {value}` where {low:g} to {high:g} is wanted"
