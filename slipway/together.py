"""Release on several hosts at once: each host has a member that speaks to it, and a table shows how far the others are.

All members decide by the table alone, so they decide the same. What a host does that hears nothing is its own matter
(`host/together.py`): whoever dies here leaves nothing behind that a host does not end by itself.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from .errors import HostError, ReleaseRefused, SlipwayError

LOOK_EVERY_SECONDS = 10.0
SILENCE_SECONDS = 60.0  # as long as a host waits for a word
RETRY_SECONDS = 2.0
LONGEST_SECONDS = 3600.0  # as long as a prepared host waits for the others
POLL_SECONDS = 0.1
PREPARED, UNCONFIRMED, CONFIRMED = "prepared", "unconfirmed", "confirmed"  # how a host says it stands
LEFT, NOT_ASKED, TAKEN_BACK = "left", "not asked", "taken back"

Word = Literal["look", "go", "confirm", "back"]
Stage = Literal["prepared", "ready", "switched", "reached", "apart", "failed"]
STAGES: tuple[Stage, ...] = ("prepared", "ready", "switched", "reached")
Answer = dict[str, Any]


class Lost(HostError):
    """A host did not answer; nobody knows what it heard."""


class Failed(SlipwayError):
    """The engine of a host answered that it failed."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        """Keep its words and its exit code."""
        super().__init__(str(answer["msg"]))
        self.exit_code = int(answer.get("exit_code") or 1)


@dataclass(frozen=True, slots=True)
class Seat:
    """How far a host is; `apart` has nothing to switch. A failed one says why, with its exit code."""

    host: str
    stage: Stage
    identity: str = ""
    text: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A folder on this machine in which each host's member writes how far it is; `hosts` in the order of their turns."""

    folder: Path
    hosts: tuple[str, ...]
    one_by_one: bool = True

    def take(self, seat: Seat) -> None:
        """Write down how far a host is."""
        path = self.folder / f"{self.hosts.index(seat.host)}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(seat)), encoding="utf-8")
        fresh.replace(path)

    def seats(self) -> dict[str, Seat]:
        """Return how far the hosts are that said so."""
        paths = [self.folder / f"{index}.json" for index in range(len(self.hosts))]
        found = [Seat(**json.loads(path.read_text(encoding="utf-8"))) for path in paths if path.is_file()]
        return {seat.host: seat for seat in found}

    def before(self, host: str) -> tuple[str, ...]:
        """Return the hosts whose turn comes first: two releases at once that begin at the same host never wait for each other."""
        ahead = self.hosts[: self.hosts.index(host)]
        return ahead if self.one_by_one else ahead[:1]


def fault(seats: Mapping[str, Seat]) -> Seat | None:
    """Return the host for which none may switch: one that failed, or one that would serve something else."""
    failed = next((seat for seat in seats.values() if seat.stage == "failed"), None)
    known = [seat for seat in seats.values() if seat.identity]
    other = next((seat for seat in known if seat.identity != known[0].identity), None)
    if failed or other is None:
        return failed
    text = f"{other.host} would serve other words or images than {known[0].host}: pin what is wanted (fab pin), then deploy again"
    return Seat(other.host, "failed", text=text, code=ReleaseRefused.exit_code)


def all_are(seats: Mapping[str, Seat], hosts: Sequence[str], stage: Stage) -> bool:
    """Say whether every host came to a stage, or has nothing to switch."""
    reached = ("apart", *STAGES[STAGES.index(stage) :])
    return all(host in seats and seats[host].stage in reached for host in hosts)


@dataclass(slots=True)
class Member:
    """One host's part: `submit` has it prepared, `speak` tells it a word and why; both return what the engine answered."""

    host: str
    table: Table
    submit: Callable[[], Answer]
    speak: Callable[[Word, str], Answer]
    heard: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)

    def take_part(self) -> Answer:
        """Have the host switch if all others do; return what became of it."""
        try:
            return self._take_part()
        except SlipwayError as error:
            self._fail(str(error), error.exit_code)
            return failed(str(error), error.exit_code)
        except BaseException:
            self._fail("whoever released here died", 1)
            raise

    def _take_part(self) -> Answer:
        if bad := self._turn():
            return {**_because(bad), "verdict": NOT_ASKED}
        answer = self.submit()
        if answer.get("failed"):
            error = Failed(answer)
            self._fail(str(error), error.exit_code)
            return answer
        identity = "" if answer["verdict"] == LEFT else str(answer.get("identity") or "")
        if answer["verdict"] != PREPARED:
            self.table.take(Seat(self.host, "apart", identity))
            return answer
        return self._switch(identity)

    def _switch(self, identity: str) -> Answer:
        """Go, once all are prepared and can still be reached; stay, once all have switched and can still be reached."""
        self.heard = time.monotonic()
        try:
            if bad := self._meet("prepared", identity, (PREPARED,)):
                return self._back(bad)
            self._look((PREPARED,), patient=True)
            if bad := self._meet("ready", identity, (PREPARED,)):
                return self._back(bad)
            answer = self._go()
            if bad := self._meet("switched", identity, (UNCONFIRMED, CONFIRMED)):
                return self._back(bad)
            self._look((UNCONFIRMED, CONFIRMED), patient=True)
        except SlipwayError as error:
            self._back(self._fail(str(error), error.exit_code))
            raise
        if bad := self._meet("reached", identity, ()):
            return self._back(bad)
        return answer if self._confirm() else self._missed(answer)

    def _turn(self) -> Seat | None:
        """Wait until the hosts ahead are done; return one for which this host need not be asked."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            seats = self.table.seats()
            if bad := fault(seats):
                return bad
            if all(host in seats for host in self.table.before(self.host)):
                return None
            time.sleep(POLL_SECONDS)
        return Seat(self.host, "failed", text="the hosts before it did not end", code=HostError.exit_code)

    def _meet(self, stage: Stage, identity: str, expected: Sequence[str]) -> Seat | None:
        """Wait until all came to a stage; return the host that keeps them from it. Meanwhile the own host hears of it."""
        self.table.take(Seat(self.host, stage, identity))
        limit = LONGEST_SECONDS if expected else SILENCE_SECONDS  # a look is all that is left to wait for
        deadline = time.monotonic() + limit
        while True:
            seats = self.table.seats()
            if all_are(seats, self.table.hosts, stage) and not (stage == "prepared" and fault(seats)):
                return None
            if bad := fault(seats):
                return bad
            if time.monotonic() > deadline:
                return self._fail(f"the others were not {stage} within {limit:.0f} s", HostError.exit_code)
            if time.monotonic() - self.looked > LOOK_EVERY_SECONDS:
                self._look(expected, patient=False)
            time.sleep(POLL_SECONDS)

    def _look(self, expected: Sequence[str], *, patient: bool) -> None:
        """See that the host is where it should be; raise where it is not, or was not reached for as long as it waits itself."""
        while True:
            self.looked = time.monotonic()
            try:
                found = self.speak("look", "")
            except Lost:
                if expected and time.monotonic() - self.heard > SILENCE_SECONDS:
                    raise
                if not patient:
                    return
                time.sleep(RETRY_SECONDS)
                continue
            self.heard = time.monotonic()
            if expected and found.get("verdict") not in expected:
                raise HostError(f"{self.host} gave up by itself", "`slipway journal` on that host says why")
            return

    def _go(self) -> Answer:
        answer = self._insist("go")
        if answer.get("failed"):
            raise Failed(answer)
        self.heard = time.monotonic()
        return answer

    def _confirm(self) -> bool:
        try:
            return self._insist("confirm").get("verdict") == CONFIRMED
        except Lost:
            return False

    def _insist(self, word: Word) -> Answer:
        """Say a word until the host answers, or has waited for it in vain."""
        deadline = time.monotonic() + SILENCE_SECONDS
        while True:
            try:
                return self.speak(word, "")
            except Lost:
                if time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_SECONDS)

    def _missed(self, answer: Answer) -> Answer:
        text = "the others serve this release, and nobody knows whether this host heard so: without it, it went back by itself"
        error = HostError(text, "fab status says what serves where; deploy again to make it one")
        return {**failed(str(error), error.exit_code), "release": answer.get("release")}

    def _fail(self, text: str, code: int) -> Seat:
        seat = Seat(self.host, "failed", text=text, code=code)
        self.table.take(seat)
        return seat

    def _back(self, bad: Seat) -> Answer:
        """Have the host go on with what it served before; one that is not reached does so by itself."""
        try:
            said = self.speak("back", f"{bad.host}: {bad.text.splitlines()[0]}"[:500])
        except Lost:
            said = {}
        if said.get("verdict") == CONFIRMED:
            return {**_because(bad), "verdict": "stays", "release": said.get("release")}
        return {**_because(bad), "verdict": TAKEN_BACK, "release": said.get("release")}


def failed(text: str, code: int) -> Answer:
    """Return the answer of a host that could not do its part."""
    return {"failed": True, "verdict": "failed", "msg": text, "exit_code": code, "changed": False}


def _because(bad: Seat) -> Answer:
    """Return the answer of a host that does not switch because of another one."""
    text = f"the hosts switch together, and {bad.host} does not: {bad.text.splitlines()[0]}"
    return {"failed": True, "msg": text, "exit_code": bad.code, "changed": False}
