"""Watch a release after go-live, and return to the one that stands by where it turns bad.

Looking needs no lock: whoever wants to change the stack meanwhile does. Every act takes the lock and looks at the record again.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from ..errors import SlipwayError
from ..model import Watch
from ..notices import message
from ..placement import Placed
from ..plan import commands, retire, returning
from ..plan.resume import Facts
from ..watch.judge import judge
from ..watch.window import Verdict
from . import clock, contracts, counts, held, leaving, notices, pinned, records, resume
from .actions import carry_out
from .containers import ready
from .drain import Postponed
from .machine import Work
from .observe import Observer
from .records import Release
from .site import site_of
from .steps import carry_out_all

LOOK_EVERY_SECONDS = 1.0
READY_SECONDS = 120  # after a boot: how long the release may take to be there again before it is judged
LEAST_SECONDS = 30  # who is judged anew near the end, after a boot or a return that failed, has to prove itself for so long
STALE_SECONDS = 5  # who waited longer for the lock looks again: whoever held it may have made what was seen
Hold = Callable[[str], AbstractContextManager[str]]


def watch(work: Work, hold: Hold) -> None:
    """Watch the release that serves until its watch ends, it was taken back, or a request waits."""
    current = resume.current_release(work)
    if current is None:
        return
    watcher = _Watcher(resume.in_force(work), current, hold)
    act = watcher.begin
    while watcher.goes_on():
        try:
            act()
            act = watcher.step
        except (SlipwayError, OSError, Postponed) as error:  # Docker that is down for a moment ends no watch
            watcher.tell(work.mask(str(error) or "a request waits"))
            time.sleep(LOOK_EVERY_SECONDS)


@dataclass(slots=True)
class _Watcher:
    """One release under watch."""

    work: Work
    release: Release
    hold: Hold
    observer: Observer = field(init=False)
    told: str = ""
    helpless: bool = False

    def begin(self) -> None:
        """See that a warm standby runs, and choose from when on the release is judged."""
        with self.hold(f"the watch of release {self.release.number}"):
            try:
                resume.wake_standby(self.work)
            except SlipwayError as error:
                self.work.note({"event": "watch", "state": "standby down", "text": self.work.mask(str(error))})
        since = self.work.serving().since
        if self.work.machine.booted() > clock.parse(since):
            self._wait_ready()
            since = clock.now()  # what failed while the host was down is no fault of the release
        self._judge_from(since)

    def goes_on(self) -> bool:
        """Say whether this release is still the one to be watched, and nothing else comes first."""
        return self._is_watched() and not self.work.something_waits()

    def _is_watched(self) -> bool:
        serving = self.work.serving()
        return serving.current == self.release.number and serving.watched

    def step(self) -> None:
        """Look once, and do what follows from it."""
        over = not clock.seconds_until(self.work.serving().watch_until)
        verdict = self._look(over=over)
        if verdict.state == "bad":
            self._act("a return", lambda: self._turned_bad(verdict))
        elif over and judged_long_enough(self.release.stack.watch, clock.seconds_since(self.observer.since)):
            self._act("the end of a watch", lambda: self._settle(verdict))
        elif leaving.due(self.work):
            self._act("the end of an old release", lambda: carry_out_all(self.work, leaving.due(self.work), carry_out))
        else:
            time.sleep(LOOK_EVERY_SECONDS)

    def _look(self, *, over: bool) -> Verdict:
        asked = self.release.stack.watch
        try:
            window = self.observer.look()
        except (SlipwayError, OSError) as error:
            self.tell(self.work.mask(str(error)))
            return Verdict("undecided", text=f"the release could not be looked at: {self.work.mask(str(error))}")
        # After a boot there is less of the window than was asked for.
        return judge(replace(asked, seconds=min(asked.seconds, int(window.at))) if over else asked, window)

    def _act(self, what: str, act: Callable[[], object]) -> None:
        seen = time.monotonic()
        with self.hold(what):
            if self._is_watched() and time.monotonic() - seen < STALE_SECONDS:
                act()

    def _settle(self, verdict: Verdict) -> None:
        """End the watch: the release stays."""
        release = self.release
        held_alike = held.alike(self.work, release.stack, release.placement.secrets_generation, release.placement.images)
        self._note(verdict, "passed")
        stack, numbers = release.stack.name, verdict.numbers
        notices.tell(self.work, message.passed(stack, release.number, verdict.text, verdict.state, numbers))
        carry_out_all(self.work, [retire.settled(release.number, tuple(held_alike))], carry_out)

    def _turned_bad(self, verdict: Verdict) -> None:
        """Return to the standby, unless there is none, or it is as bad: then the cause lies elsewhere."""
        standby = self.work.serving().standby
        if standby is None or (barred := self._barred(standby)):
            self._stays(verdict, barred if standby else "there is no release to return to")
            return
        good = records.release(self.work.folder, standby)
        work = resume.with_release(self.work, good)
        facts = resume.facts(work)  # raises where Docker is down: that says nothing of the standby
        try:
            placed = self._awake(work, good, facts)
        except SlipwayError as error:
            self._not_returned(verdict, f"release {standby} does not serve either: {work.mask(str(error))}")
            return
        self._return(work, good, placed, verdict)

    def _awake(self, work: Work, good: Release, facts: Facts) -> Placed:
        """Return the standby once it answers: with as many replicas as were chosen, else with those the stack file starts."""
        chosen, least = counts.placed(work.folder, good), Placed(good.stack, good.placement)
        try:
            carry_out_all(work, returning.wake(chosen, runs=facts.running(webs_of(chosen))), carry_out)
        except SlipwayError:
            if chosen == least:
                raise
            carry_out_all(work, returning.wake(least, runs=facts.running(webs_of(least))), carry_out)
            return least
        return chosen

    def _not_returned(self, verdict: Verdict, why: str) -> None:
        if not clock.seconds_until(self.work.serving().watch_until):
            self._stays(verdict, why)
            return
        self._note(verdict, "bad, and not returned", why)
        self._tell_helpless(verdict, why)
        self._judge_from(clock.now())

    def _stays(self, verdict: Verdict, why: str) -> None:
        """End the watch of a bad release: nothing the host can do makes it better."""
        self._note(verdict, "bad, and stays", why)
        self._tell_helpless(verdict, why)
        carry_out_all(self.work, [retire.settled(self.release.number, ())], carry_out)

    def _tell_helpless(self, verdict: Verdict, why: str) -> None:
        """Tell people once: the host looks again and again."""
        if not self.helpless:
            text, release = f"{verdict.text}; {why}", self.release
            notices.tell(self.work, message.not_returned(release.stack.name, release.number, text, verdict.numbers))
        self.helpless = True

    def _barred(self, standby: int) -> str:
        try:
            records.release(self.work.folder, standby)
            contracts.judge(self.work.folder, standby)
        except SlipwayError as error:
            return str(error)
        return ""

    def _return(self, work: Work, good: Release, standby: Placed, verdict: Verdict) -> None:
        began = time.monotonic()
        bad, placed = self.release, counts.placed(work.folder, self.release)
        self._note(verdict, "bad")
        work.machine.say(f"return to release {good.number}: {verdict.text}")
        failed = ""
        try:
            carry_out_all(work, returning.steps(standby, placed, site_of(work, good)), carry_out)
        except SlipwayError as error:
            failed = work.mask(str(error))
        if self._is_watched():  # it failed before anything moved
            self._not_returned(verdict, failed)
            return
        shown = {"from": bad.number, "to": good.number, "trigger": verdict.trigger, "text": verdict.text}
        seconds = round(time.monotonic() - began, 3)
        self.work.note({"event": "returned", **shown, "numbers": dict(verdict.numbers), "seconds": seconds, "failed": failed})
        told = message.returned(bad.stack.name, bad.number, good.number, verdict.text, numbers=verdict.numbers, seconds=seconds)
        notices.tell(self.work, told)
        pinned.forget(work.folder, bad, good)
        if failed:
            resume.heal(work)

    def _note(self, verdict: Verdict, state: str, more: str = "") -> None:
        text = f"{verdict.text}; {more}" if more else verdict.text
        entry = {"event": "watch", "state": state, "verdict": verdict.state, "trigger": verdict.trigger, "text": text}
        self.work.note({**entry, "numbers": dict(verdict.numbers)})

    def tell(self, text: str) -> None:
        """Note what kept the watch from its work, once."""
        if text != self.told:
            self.told = text
            self.work.note({"event": "watch", "state": "hindered", "text": text})

    def _judge_from(self, since: str) -> None:
        self.observer = Observer(self.work, counts.placed(self.work.folder, self.release), since)

    def _wait_ready(self) -> None:
        wait_ready(self.work, webs_of(counts.placed(self.work.folder, self.release)), self.goes_on)


def wait_ready(work: Work, names: Sequence[str], goes_on: Callable[[], bool]) -> None:
    """Wait after a boot until containers are there again, or nobody watches any more."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and goes_on():
        found = [work.machine.docker.container(name) for name in names]
        if all(container and ready(container, clock.utc()) for container in found):
            return
        time.sleep(LOOK_EVERY_SECONDS)


def judged_long_enough(watch: Watch, seconds: float) -> bool:
    """Say whether a watch whose time is over may end with what was seen in these seconds."""
    return seconds >= min(watch.seconds, LEAST_SECONDS)


def webs_of(placed: Placed) -> list[str]:
    """Return the web containers that a release starts."""
    return commands.started_containers(placed, placed.stack.of_kind("web"))
