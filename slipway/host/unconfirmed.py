"""Settle a release to which several hosts switched together: all of them serve it, or this one goes back by itself.

The caller holds the lock, and nothing else runs meanwhile. The watch begins behind it and judges from the switch on.
"""

import time
from dataclasses import dataclass

from ..errors import SlipwayError
from ..notices import message
from ..plan import commands, returning
from . import contracts, counts, lock, notices, pinned, records, resume
from .actions import carry_out
from .machine import Work
from .records import Release
from .site import site_of
from .steps import carry_out_all
from .together import POLL_SECONDS, SILENCE_SECONDS, Patience

LONGEST_SECONDS = 3600  # as long as a prepared host waits for the others, however often it is looked at
SILENT = f"nobody said within {SILENCE_SECONDS} s that every host serves it"


@dataclass(frozen=True, slots=True)
class Pending:
    """A release that waits for the word, and the one that serves again without it."""

    together: str
    release: Release
    before: Release


def settle(work: Work) -> None:
    """Wait until every host is known to serve it; go back where one does not, or nothing is heard any more.

    Raises where the way back is barred for the moment, unless a request waits: that decides then what serves.
    """
    serving = work.serving()
    if serving.unconfirmed is None or serving.current is None or serving.standby is None:
        return
    made = [records.release(work.folder, number) for number in (serving.current, serving.standby)]
    found = Pending(serving.unconfirmed.together, *made)
    work = resume.with_release(work, found.release)
    lock.rename(work.folder.lock, f"release {found.release.number} of {work.folder.name}, until every host serves it")
    try:
        if against := _against(work, found):
            _go_back(work, found, against)
        else:
            carry_out_all(work, [returning.confirmed(found.release.number)], carry_out)
    except SlipwayError as error:
        if not work.something_waits():
            raise
        work.warn(f"release {found.release.number} was not taken back: {error}")


def _against(work: Work, found: Pending) -> str:
    """Return why the release must go, nothing once every host serves it."""
    patience = Patience(work.folder, found.together)
    while (said := patience.word()).word != "confirm":
        if said.word == "back":
            return said.why or "another host does not serve it"
        if patience.over:
            return SILENT
        if time.monotonic() - patience.began >= LONGEST_SECONDS:
            return f"not every host served it within {LONGEST_SECONDS} s"
        time.sleep(POLL_SECONDS)
    return ""


def _go_back(work: Work, found: Pending, why: str) -> None:
    """Lead the traffic back; a release that no way leads back from stays, and people hear of it."""
    if barred := _barred(work, found.before.number):
        text = f"{why}; {barred}"
        work.note({"event": "unconfirmed", "state": "stays", "text": text})
        notices.tell(work, message.not_returned(work.folder.name, found.release.number, text, {}))
        carry_out_all(work, [returning.confirmed(found.release.number)], carry_out)
        return
    work.machine.say(f"return to release {found.before.number}: {why}")
    _return(resume.with_release(work, found.before), found, why)


def _barred(work: Work, number: int) -> str:
    try:
        contracts.judge(work.folder, number)
    except SlipwayError as error:
        return str(error)
    return ""


def _return(work: Work, found: Pending, why: str) -> None:
    began = time.monotonic()
    bad, good = counts.placed(work.folder, found.release), counts.placed(work.folder, found.before)
    webs = commands.started_containers(good, good.stack.of_kind("web"))
    carry_out_all(work, returning.wake(good, runs=resume.facts(work).running(webs)), carry_out)
    failed = ""
    others = [number for number in records.served(work.folder) if number != bad.number]
    # First: from the record on a heal goes forward, and knows no better.
    pinned.forget(work.folder, found.release, *(records.release(work.folder, number) for number in others))
    try:
        carry_out_all(work, returning.taken_back(good, bad, site_of(work, found.before)), carry_out)
    except SlipwayError as error:
        failed = work.mask(str(error))
    if work.serving().current == bad.number:
        raise SlipwayError(failed)
    seconds = round(time.monotonic() - began, 3)
    shown = {"from": bad.number, "to": good.number, "text": why, "seconds": seconds, "failed": failed}
    work.note({"event": "returned", "together": found.together, **shown})
    notices.tell(work, message.returned(work.folder.name, bad.number, good.number, why, seconds=seconds))
    if failed:
        resume.heal(work)
