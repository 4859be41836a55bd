"""Times of a schedule, in cron's five fields. Knows whether one can be read and whether it ever comes."""

import re

from .faults import nearest

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (("minute", 0, 59, ()), ("hour", 0, 23, ()), ("day", 1, 31, ()), ("month", 1, 12, MONTHS), ("weekday", 0, 7, DAYS))
LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
ITEM = re.compile(r"(?P<first>\*|[0-9]{1,2}|[a-z]{3,9})(-(?P<last>[0-9]{1,2}|[a-z]{3,9}))?(/(?P<step>[0-9]{1,3}))?")

Field = tuple[str, int, int, tuple[str, ...]]
SAMPLE = 'write five fields, such as "0 3 * * *" for three o\'clock every night'


class NotATime(Exception):
    """A text that is no schedule: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str = SAMPLE) -> None:
        """Keep both for the fault."""
        super().__init__(message)
        self.message, self.hint = message, hint


def judge(text: str) -> None:
    """Raise NotATime where a text is no schedule, or one that never comes."""
    parts = text.lower().split() if len(text) < 200 else []
    if len(parts) != len(FIELDS):
        raise NotATime("no cron expression")
    times = [_times(part, field) for part, field in zip(parts, FIELDS, strict=True)]
    if parts[4] == "*" and not any(min(times[2]) <= LONGEST[month - 1] for month in times[3]):
        raise NotATime("never comes: no such month has that day", "change the day or the month")


def _times(text: str, field: Field) -> set[int]:
    return set().union(*(_item(item, field) for item in text.split(",")))


def _item(text: str, field: Field) -> set[int]:
    name, low, high, _ = field
    match = ITEM.fullmatch(text)
    if match is None:
        raise NotATime(f"`{text[:20]}` is no {name}")
    if match["first"] == "*":
        first, last = low, high
    else:
        first = _number(match["first"], field)
        last = _number(match["last"], field) if match["last"] else high if match["step"] else first
    step = int(match["step"] or 1)
    if first > last or (match["first"] == "*" and match["last"]) or not 1 <= step <= high:
        raise NotATime(f"`{text}` is no {name}")
    return set(range(first, last + 1, step))


def _number(text: str, field: Field) -> int:
    name, low, high, words = field
    if not text.isdigit():
        if text not in words:
            raise NotATime(f"`{text}` is no {name}", nearest(text, words) or SAMPLE)
        return words.index(text) + low
    if not low <= int(text) <= high:
        raise NotATime(f"{name} {text}, where {low} to {high} is wanted")
    return int(text)
