"""The serving record: which release of a stack serves, which are on their way in or out. Pure; the clock comes in as text."""

from dataclasses import dataclass, replace

from .errors import SlipwayError


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Several hosts switched together, and nobody has said yet that all of them did: `together` is what they call it.

    `standby` and `watch_until` are those of the release that served before, for as long as it may have to serve again.
    """

    together: str
    standby: int | None = None
    watch_until: str = ""


@dataclass(frozen=True, slots=True)
class Canary:
    """A release that a share of the visitors meets beside the one that serves; without `until` a person decides on it."""

    number: int
    percent: int
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Serving:
    """What serves, decided at boot by this record alone.

    `next` is a release in the making: it never took traffic. `retiring` ones served, still drain, and are to be removed.
    `since` is the time of the last switch; `held` releases turned bad and are not deployed again by machine.
    Until `watch_until` the current release has to prove itself, and `standby`, the last that did, is kept for a return. While it
    is `unconfirmed`, the one that served before stands by, whether or not it had proved itself. `canary` serves a share beside
    the current one; it is promoted, or aborted.
    """

    stack: str
    schema: int = 1
    current: int | None = None
    previous: int | None = None
    next: int | None = None
    retiring: tuple[int, ...] = ()
    since: str = ""
    held: tuple[int, ...] = ()
    standby: int | None = None
    watch_until: str = ""
    unconfirmed: Unconfirmed | None = None
    canary: Canary | None = None

    @property
    def highest(self) -> int:
        """Return the highest number the record knows; the journal may know a higher one."""
        return max((0, *self.named, *self.held))

    @property
    def named(self) -> tuple[int, ...]:
        """Return the releases the host must keep, the one that serves first."""
        found = (self.current, self.next, self.tried, *self._kept, self.previous, *self.retiring)
        return tuple(dict.fromkeys(number for number in found if number is not None))

    @property
    def present(self) -> tuple[int, ...]:
        """Return the releases that may have containers, the one that serves first."""
        found = (self.current, self.next, self.tried, *self._kept, *self.retiring)
        return tuple(dict.fromkeys(number for number in found if number is not None))

    @property
    def _kept(self) -> tuple[int | None, ...]:
        return (self.standby, self.unconfirmed.standby if self.unconfirmed else None)

    @property
    def old(self) -> tuple[int, ...]:
        """Return the releases that served before and still have containers, the standby first."""
        return tuple(number for number in self.present if number not in (self.current, self.next, self.tried))

    @property
    def tried(self) -> int | None:
        """Return the release that is a canary."""
        return self.canary.number if self.canary else None

    @property
    def looked_at(self) -> bool:
        """Say whether a release has to prove itself, as the one that serves or as a canary."""
        return self.watched or self.canary is not None

    @property
    def watched(self) -> bool:
        """Say whether the current release still has to prove itself."""
        return bool(self.watch_until)

    @property
    def returned(self) -> bool:
        """Say whether the current release was returned to and the later one is still on its way out."""
        return any(number > (self.current or 0) for number in self.retiring)

    def begun(self, number: int) -> "Serving":
        """Record that a release is being made."""
        if self.next is not None:
            raise SlipwayError(
                f"release {self.next} of {self.stack} is still in the making", f"run `slipway resume {self.stack}`"
            )
        if number <= self.highest:
            raise SlipwayError(f"release number {number} of {self.stack} was used before: {self.highest} is the last")
        return replace(self, next=number)

    def switched(self, number: int, now: str, watch_until: str = "", together: str = "") -> "Serving":
        """Record that the release serves; written before the map moves, so that a resume goes forward from here.

        With a watch, the last release that passed its own stands by: not one whose watch this switch cuts short. Switched
        together with other hosts, what served until now stands by until that is confirmed.
        """
        if number not in (self.next, self.tried):
            raise SlipwayError(f"release {number} of {self.stack} cannot serve: {self.next} is the one in the making")
        unproven = self.watched and self.standby is not None
        standby = (self.standby if unproven else self.current) if watch_until else None
        unconfirmed = self._until_confirmed(together) if together else None
        kept = (unconfirmed.standby, self.current) if unconfirmed else (standby,)
        former = (self.standby, self.current, self.unconfirmed.standby if self.unconfirmed else None)
        leaving = tuple(dict.fromkeys(old for old in former if old is not None and old not in kept))
        return replace(
            self,
            current=number,
            previous=self.current,
            next=None,
            retiring=(*self.retiring, *leaving),
            since=now,
            standby=self.current if unconfirmed else standby,
            watch_until=watch_until,
            unconfirmed=unconfirmed,
            canary=None,
        )

    def _until_confirmed(self, together: str) -> Unconfirmed | None:
        """Return what is kept until all hosts are known to serve it; nothing where no release is there to go back to."""
        before = Unconfirmed(together, self.standby, self.watch_until) if self.watched else Unconfirmed(together)
        return None if self.current is None else before

    def confirmed(self, number: int) -> "Serving":
        """Record that all hosts serve the release: from here on only its watch can take it back."""
        before = self._unconfirmed(number)
        standby = (self.standby if before.standby is None else before.standby) if self.watched else None
        leaving = tuple(old for old in self._kept if old is not None and old != standby)
        return replace(self, retiring=(*self.retiring, *leaving), standby=standby, unconfirmed=None)

    def taken_back(self, number: int, now: str) -> "Serving":
        """Record that what served before serves again, its watch going on; the later release did no wrong and is not held."""
        before = self._unconfirmed(number)
        back = replace(self.returned_from(number, now), held=self.held, unconfirmed=None)
        return replace(back, standby=before.standby, watch_until=before.watch_until)

    def _unconfirmed(self, number: int) -> Unconfirmed:
        if number != self.current or self.unconfirmed is None:
            raise SlipwayError(f"release {number} of {self.stack} waits for no word: {self.current} serves")
        return self.unconfirmed

    def shared(self, number: int, percent: int, now: str, until: str = "") -> "Serving":
        """Record that a share of the visitors meets the release in the making; written before anything leads to it."""
        if self.next != number or self.current is None or self.canary:
            found = f"{self.next} is the one in the making, {self.tried} a canary, {self.current} serves"
            raise SlipwayError(f"release {number} of {self.stack} cannot be a canary: {found}")
        return replace(self, next=None, canary=Canary(number, percent, now, until))

    def aborted(self, number: int, now: str) -> "Serving":
        """Record that a canary is taken back and held; `since` moves too, as its visitors are led back now."""
        if number != self.tried:
            raise SlipwayError(f"release {number} of {self.stack} is no canary: {self.tried} is")
        held = tuple(dict.fromkeys((*self.held, number)))
        return replace(self, canary=None, retiring=(*self.retiring, number), held=held, since=now)

    def settled(self, number: int, freed: tuple[int, ...] = ()) -> "Serving":
        """Record that the watch is over and the release stays: nothing stands by; `freed` numbers are held no longer."""
        if number != self.current:
            raise SlipwayError(f"release {number} of {self.stack} is not watched: {self.current} serves")
        leaving = () if self.standby is None else (self.standby,)
        held = tuple(old for old in self.held if old not in freed)
        return replace(self, retiring=(*self.retiring, *leaving), standby=None, watch_until="", held=held)

    def returned_from(self, number: int, now: str) -> "Serving":
        """Record that the standby serves again and that the later release is held; written before the map moves."""
        if number != self.current or self.standby is None:
            found = f"{self.current} serves, {self.standby or 'none'} stands by"
            raise SlipwayError(f"{self.stack} cannot return from release {number}: {found}")
        leaving = (*self.retiring, number)
        held = tuple(dict.fromkeys((*self.held, number)))
        return replace(
            self, current=self.standby, previous=None, retiring=leaving, since=now, held=held, standby=None, watch_until=""
        )

    def retired(self, number: int) -> "Serving":
        """Record that an old release is gone from the host."""
        return replace(self, retiring=tuple(n for n in self.retiring if n != number))

    def abandoned(self, number: int) -> "Serving":
        """Record that a release in the making was given up."""
        return replace(self, next=None if self.next == number else self.next)
