"""Compose's durations and sizes as numbers, and numbers as Compose prints them."""

import re
import struct
from decimal import Decimal

NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9}
NANOSECONDS |= {"m": 60 * 10**9, "h": 3600 * 10**9}  # days and weeks are known to some versions of Compose only
PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
DURATION = re.compile(rf"([-+]?)((?:{PART})+|0)", re.ASCII)
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(b|(?:[kmgtp](?:i?b)?))?", re.IGNORECASE | re.ASCII)
POWERS = {"b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
LONGEST = 40


def nanoseconds(text: str) -> int | None:
    """Return the nanoseconds of `1m30s`, or None if it is no duration."""
    match = DURATION.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    total = sum(int(Decimal(number) * NANOSECONDS[unit]) for number, unit in re.findall(PART, match[2]))
    if total >= 1 << 63:
        return None
    return -total if match[1] == "-" else total


def seconds(text: str) -> float | None:
    """Return the seconds of `1m30s`, or None if it is no duration."""
    found = nanoseconds(text)
    return None if found is None else found / 10**9


def duration_text(duration: int) -> str:
    """Return nanoseconds as Compose prints them: `1h0m0s`, `1m30s`, `1.5s`, `250ms`."""
    if duration < 0:
        return f"-{duration_text(-duration)}"
    for unit in ("ms", "us", "ns") if 0 < duration < NANOSECONDS["s"] else ():
        if duration >= NANOSECONDS[unit]:
            return f"{_plain(duration, NANOSECONDS[unit])}{unit.replace('us', 'µs')}"
    minutes, rest = divmod(duration, NANOSECONDS["m"])
    hours, minutes = divmod(minutes, 60)
    before = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{before}{_plain(rest, NANOSECONDS['s'])}s"


def size_bytes(text: str) -> int | None:
    """Return the bytes of `512m` or `1.5GiB`, or None if it is no size."""
    match = SIZE.fullmatch(text) if len(text) < LONGEST else None
    return int(float(match[1]) * 1024 ** POWERS[(match[2] or "b")[0].lower()]) if match else None


def single(number: float) -> int | float:
    """Return a number as precise as Compose keeps it, and prints it: 32 bits, no `.0`."""
    if number == int(number):
        return int(number)
    kept = _kept(number)
    return next(near for digits in range(6, 18) if _kept(near := float(f"{kept:.{digits}g}")) == kept)


def _kept(number: float) -> float:
    found: float = struct.unpack("f", struct.pack("f", number))[0]
    return found


def _plain(amount: int, unit: int) -> str:
    return f"{(Decimal(amount) / unit).normalize():f}"
