"""Compose's durations and sizes as numbers."""

import re

DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)")
SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?", re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def seconds(text: str) -> float | None:
    """Return the seconds of `1m30s`, or None if it is no duration."""
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text or len(text) > 40:
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def size_bytes(text: str) -> int | None:
    """Return the bytes of `512m` or `1.5GiB`, or None if it is no size."""
    match = SIZE.fullmatch(text.strip()) if len(text) < 40 else None
    return int(float(match[1]) * 1024 ** POWERS[match[2].lower()]) if match else None
