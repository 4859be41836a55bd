"""The time as the records write it."""

from datetime import UTC, datetime, timedelta


def utc() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def now() -> str:
    """Return the time in UTC as text, to the millisecond."""
    return _text(utc())


def later(seconds: float) -> str:
    """Return the time in some seconds, as text."""
    return _text(utc() + timedelta(seconds=seconds))


def seconds_until(text: str) -> float:
    """Return how long it is until a recorded time; nothing once it is over."""
    return max((parse(text) - utc()).total_seconds(), 0.0)


def seconds_since(text: str) -> float:
    """Return how long a recorded time is past."""
    return (utc() - parse(text)).total_seconds()


def parse(text: str) -> datetime:
    """Return a recorded time."""
    return datetime.fromisoformat(text)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
