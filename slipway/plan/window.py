"""The time of the day in which hosts may reboot, and what is done when around it. Pure: times come in, times go out."""

from dataclasses import dataclass

DAY_MINUTES = 24 * 60
LOOK_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the day, in minutes since midnight; it may reach over midnight."""

    begin: int
    minutes: int

    def left(self, at: int) -> int:
        """Return how many minutes are left of the window at a minute of the day; none outside."""
        return max(self.minutes - (at - self.begin) % DAY_MINUTES, 0)

    def looks(self, turn: int = 0, of: int = 1) -> list[str]:
        """Return when one of several hosts looks whether it wants a reboot: hosts take turns, so that they do not go at once."""
        every = range(0, max(self.minutes - LOOK_MINUTES, 0) + 1, LOOK_MINUTES)
        turns = min(of, len(every))
        return [clock(self.begin + passed) for passed in every[turn % turns :: turns]]

    def before(self, minutes: int) -> str:
        """Return the time that many minutes before the window."""
        return clock(self.begin - minutes)


def window(text: str) -> Window:
    """Return the window a text such as `03:00-05:00` names; the inventory's check has judged it."""
    begin, _, end = text.partition("-")
    first = minute(begin)
    return Window(first, (minute(end) - first) % DAY_MINUTES)


def minute(text: str) -> int:
    """Return the minute of the day of `03:30`."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def clock(at: int) -> str:
    """Return a minute of the day as people write it."""
    return f"{at % DAY_MINUTES // 60:02}:{at % 60:02}"
