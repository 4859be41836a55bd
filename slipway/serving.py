"""The serving record: which release of a stack serves, which are on their way in or out. Pure; the clock comes in as text."""

from dataclasses import dataclass, replace

from .errors import SlipwayError


@dataclass(frozen=True, slots=True)
class Serving:
    """What serves, decided at boot by this record alone.

    `next` is a release in the making: it never took traffic. `retiring` ones served, still drain, and are to be removed.
    `since` is the time of the last switch; `held` releases turned bad and are not deployed again by machine.
    """

    stack: str
    schema: int = 1
    current: int | None = None
    previous: int | None = None
    next: int | None = None
    retiring: tuple[int, ...] = ()
    since: str = ""
    held: tuple[int, ...] = ()

    @property
    def highest(self) -> int:
        """Return the highest number the record knows; the journal may know a higher one."""
        return max(self.current or 0, self.previous or 0, self.next or 0, *self.retiring, *self.held)

    def begun(self, number: int) -> "Serving":
        """Record that a release is being made."""
        if self.next is not None:
            raise SlipwayError(
                f"release {self.next} of {self.stack} is still in the making", f"run `slipway resume {self.stack}`"
            )
        if number <= self.highest:
            raise SlipwayError(f"release number {number} of {self.stack} was used before: {self.highest} is the last")
        return replace(self, next=number)

    def switched(self, number: int, now: str) -> "Serving":
        """Record that the release serves; written before the map moves, so that a resume goes forward from here."""
        if self.next != number:
            raise SlipwayError(f"release {number} of {self.stack} cannot serve: {self.next} is the one in the making")
        old = () if self.current is None else (self.current,)
        return replace(self, current=number, previous=self.current, next=None, retiring=(*self.retiring, *old), since=now)

    def retired(self, number: int) -> "Serving":
        """Record that an old release is gone from the host."""
        return replace(self, retiring=tuple(n for n in self.retiring if n != number))

    def abandoned(self, number: int) -> "Serving":
        """Record that a release in the making was given up."""
        return replace(self, next=None if self.next == number else self.next)
