"""Look at a canary beside the release that serves: take it back where it turns bad, promote it where its time is over.

Looking needs no lock. The promotion is a request like a person's, so that it is told, journaled and healed as one.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import SlipwayError
from ..notices import message
from ..placement import Placed
from ..plan import returning
from ..plan.step import Step
from ..watch.judge import judge
from ..watch.window import Verdict
from . import canary, clock, counts, leaving, locked, notices, records, resume
from .actions import carry_out
from .drain import Postponed
from .machine import Work
from .observe import Observer
from .records import Release
from .steps import carry_out_all
from .watching import LOOK_EVERY_SECONDS, STALE_SECONDS, Hold, judged_long_enough, wait_ready, webs_of

WITHOUT_END = 1 << 40  # seconds: as long as no time is set, nothing but a broken bound ends it
HOST = "the host"


def watch(work: Work, hold: Hold) -> None:
    """Look at the canary until it has ended, or a request waits."""
    release, current = canary.tried(work), resume.current_release(work)
    if release is None or current is None:
        return
    watcher = _Watcher(resume.with_release(work, release), release, current, hold)
    act = watcher.begin
    while watcher.goes_on():
        try:
            act()
            act = watcher.step
        except (SlipwayError, OSError, Postponed) as error:  # Docker that is down for a moment ends nothing
            watcher.tell(work.mask(str(error) or "a request waits"))
            time.sleep(LOOK_EVERY_SECONDS)


@dataclass(slots=True)
class _Watcher:
    """One canary, beside the release that serves."""

    work: Work
    release: Release
    current: Release
    hold: Hold
    observer: Observer = field(init=False)
    told: str = ""

    def begin(self) -> None:
        """See that the canary is as it should be, and choose from when on it is judged."""
        with self.hold(f"the canary {self.release.number}"):
            if self._is_tried():
                resume.tend_canary(self.work)
        found = self.work.serving().canary
        since = found.since if found else ""
        if self.work.machine.booted() > clock.parse(since):
            wait_ready(self.work, webs_of(self._placed()), self.goes_on)
            since = clock.now()  # what failed while the host was down is no fault of the release
        self._judge_from(since)

    def goes_on(self) -> bool:
        """Say whether this release is still a canary, and nothing else comes first."""
        return self._is_tried() and not self.work.something_waits()

    def _is_tried(self) -> bool:
        return self.work.serving().tried == self.release.number

    def step(self) -> None:
        """Look once, and do what follows from it."""
        found = self.work.serving().canary
        over = bool(found and found.until) and not clock.seconds_until(found.until if found else "")
        verdict = self._look(over=over)
        if verdict.state == "bad":
            self._act("the end of a canary", lambda: self._turned_bad(verdict))
        elif over and self._judged_long_enough() and locked.read(self.work.folder) is None:
            self._act("the promotion of a canary", lambda: self._ask_to_promote(verdict))
        elif leaving.due(self.work):
            self._act("the end of an old release", lambda: carry_out_all(self.work, leaving.due(self.work), carry_out))
        else:
            time.sleep(LOOK_EVERY_SECONDS)

    def _judged_long_enough(self) -> bool:
        words = self.release.stack.canary
        asked = replace(self.release.stack.watch, seconds=words.seconds if words else 0)
        return judged_long_enough(asked, clock.seconds_since(self.observer.since))

    def _look(self, *, over: bool) -> Verdict:
        try:
            window = self.observer.look()
        except (SlipwayError, OSError) as error:
            self.tell(self.work.mask(str(error)))
            return Verdict("undecided", text=f"the canary could not be looked at: {self.work.mask(str(error))}")
        return judge(replace(self.release.stack.watch, seconds=int(window.at) if over else WITHOUT_END), window)

    def _act(self, what: str, act: Callable[[], object]) -> None:
        seen = time.monotonic()
        with self.hold(what):
            if self._is_tried() and time.monotonic() - seen < STALE_SECONDS:
                act()

    def _turned_bad(self, verdict: Verdict) -> None:
        """Take the canary back, unless the release beside it is as bad: then the cause lies elsewhere."""
        try:
            for question in returning.wake(counts.placed(self.work.folder, self.current), runs=True):
                self._ask_any(question)
        except SlipwayError as error:
            why = f"release {self.current.number} does not answer either: {self.work.mask(str(error))}"
            self._note(verdict, "bad, and not returned", why)
            self._judge_from(clock.now())
            return
        self._note(verdict, "bad")
        self.work.machine.say(f"take the canary {self.release.number} back: {verdict.text}")
        ended = canary.Ended(verdict.text, trigger=verdict.trigger, numbers=verdict.numbers)
        try:
            canary.abort(self.work, self.release, ended)
        finally:
            if not self._is_tried():
                self._tell_returned(verdict)

    def _ask_any(self, question: Step) -> None:
        """Ask the replicas of a service that serves until one answers; raise where none does."""
        *others, last = ({**question.arguments, "targets": [target]} for target in question.arguments["targets"])
        for arguments in others:
            with suppress(SlipwayError):
                carry_out_all(self.work, [replace(question, arguments=arguments)], carry_out)
                return
        carry_out_all(self.work, [replace(question, arguments=last)], carry_out)

    def _tell_returned(self, verdict: Verdict) -> None:
        stack, bad, good = self.release.stack.name, self.release.number, self.current.number
        notices.tell(self.work, message.returned(stack, bad, good, verdict.text, numbers=verdict.numbers))

    def _ask_to_promote(self, verdict: Verdict) -> None:
        """File what a person would: whoever runs the requests of the stack promotes it next."""
        resume.facts(self.work)  # raises where Docker is down: a promotion would fail for that
        self._note(verdict, "canary passed")
        asked: Mapping[str, Any] = {"who": HOST, "why": f"the canary {verdict.text}"}
        request, values = records.request_of(canary.words(self.work, asked, canary.PROMOTE), clock.now())
        self.work.secrets.receive(request.id, values)
        records.file_request(self.work.folder, request)

    def _note(self, verdict: Verdict, state: str, more: str = "") -> None:
        text = f"{verdict.text}; {more}" if more else verdict.text
        entry = {"event": "watch", "state": state, "verdict": verdict.state, "trigger": verdict.trigger, "text": text}
        self.work.note({**entry, "numbers": dict(verdict.numbers)})

    def tell(self, text: str) -> None:
        """Note what kept this from its work, once."""
        if text != self.told:
            self.told = text
            self.work.note({"event": "watch", "state": "hindered", "text": text})

    def _judge_from(self, since: str) -> None:
        slots = frozenset(self.release.placement.canary_slots.values())
        self.observer = Observer(self.work, self._placed(), since, slots=slots)

    def _placed(self) -> Placed:
        return canary.placed(self.release)
