"""The time as the records write it."""

from datetime import UTC, datetime


def utc() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def now() -> str:
    """Return the time in UTC as text, to the millisecond."""
    return utc().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Return a recorded time."""
    return datetime.fromisoformat(text)
