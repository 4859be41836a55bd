"""Run what waits for a stack, oldest first, under its lock; started by systemd."""

import contextlib
import os
import time
import traceback
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from ..errors import LockHeld, SlipwayError
from ..notices import message
from . import canary_watch, clock, docker, engine, lock, notices, records, resume, surplus, unconfirmed, watching
from .drain import Postponed
from .engine import Result
from .machine import Machine, Work
from .records import Request

LOCK_SECONDS = 3600
AGAIN_SECONDS = 5
HERE = Path(__file__).resolve().parents[2]
DOUBLINGS = 6  # what cannot be healed for hours should not fill the journal: then every 5 minutes is enough


class Superseded(Exception):
    """Another engine came into place while this one ran: what waits may use words that only that one knows."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn came to: the worst exit code of a bug, what kept it from an end, and whether it watched.

    A watch leaves something to do behind it: a request that ended it, or a release on its way out.
    """

    code: int = 0
    fault: SlipwayError | OSError | None = None
    watched: bool = False


def run_waiting(machine: Machine, name: str) -> int:
    """Run all waiting requests until nothing is left to do; return the worst exit code of a bug, for systemd to show.

    Raises Superseded where the rest is for another engine, with no request begun and no lock held.
    """
    folder = machine.layout.stack(name)
    work = replace(Work(machine, folder), something_waits=lambda: bool(records.waiting(folder)))
    last, code, faults = Turn(), 0, 0
    while True:
        last = turn(work, last)
        code, faults = max(code, last.code), faults + 1 if last.fault else 0
        if last.fault is None and not last.watched:
            return code
        if last.fault:
            if not _goes_on(work, last.fault):
                raise last.fault
            work.machine.say(f"{last.fault}\nthis is tried again")
            _pause(work, faults)


def turn(work: Work, before: Turn) -> Turn:
    """Heal, run what waits, let old releases go, watch: what cannot be healed keeps neither a request nor the watch waiting."""
    hold, code, fault, watched = partial(held, work), 0, None, False
    try:
        with hold("slipway run") as dead_owner:
            fault = _heal_after(work, dead_owner, before)
            code = _all(work) if fault is None else _requests(work)
        watched = work.serving().looked_at
        if watched:
            look = watching.watch if work.serving().watched else canary_watch.watch
            look(work, hold)
    except (SlipwayError, OSError) as error:
        fault = error
    return Turn(code, fault, watched)


def _goes_on(work: Work, fault: SlipwayError | OSError) -> bool:
    """Say whether trying again may help: what a person has to mend is for the next run."""
    serving = work.serving()
    if isinstance(fault, docker.Silent | LockHeld) or serving.looked_at or serving.unconfirmed or engine.unfinished(work):
        return True
    try:
        return bool(surplus.present(work))
    except SlipwayError:
        return True  # Docker is down by now: nobody knows


def _pause(work: Work, faults: int) -> None:
    """Wait longer each time, but not while a request waits."""
    until = time.monotonic() + AGAIN_SECONDS * 2 ** min(faults - 1, DOUBLINGS)
    time.sleep(AGAIN_SECONDS)
    while time.monotonic() < until and not work.something_waits():
        time.sleep(1)


def held(work: Work, what: str) -> AbstractContextManager[str]:
    """Hold a stack's lock for something this process does; yields the text of an owner that died with it."""
    return lock.held(work.folder.lock, owner(work.folder.name, what), LOCK_SECONDS, work.machine.say)


def _heal_after(work: Work, dead_owner: str, before: Turn) -> SlipwayError | OSError | None:
    """Give up what an earlier run had begun, and finish or undo what it died or failed at; return what keeps it from that."""
    resume.give_up(work, records.begun_requests(work.folder), dead_owner or "it left no name")
    if before.fault and not dead_owner and records.waiting(work.folder):
        return before.fault  # the request first: it heals what stands in its way, and may correct what cannot be healed
    try:
        if dead_owner or before.fault or resume.cut_short(work):
            resume.heal(work)
    except (SlipwayError, OSError) as error:
        return error
    return None


def _all(work: Work) -> int:
    """Run what waits; in between, old releases go. A drain is put off for a request, so nobody waits for a stranger's socket."""
    code = 0
    while True:
        code = max(code, _requests(work))
        if work.serving().looked_at or not (work.serving().retiring or surplus.present(work)):
            return code
        if work.serving().returned and resume.cut_short(work):
            resume.heal(work)  # visitors may be led to what goes next
        _retire(work)


def _requests(work: Work) -> int:
    code = 0
    unconfirmed.settle(work)
    while waiting := records.waiting(work.folder):
        if superseded(work.machine.layout.engine):
            raise Superseded
        code = max(code, _run(work, waiting[0]))
        unconfirmed.settle(work)
    return code


def superseded(link: Path) -> bool:
    """Say whether the engine in force is another than this one."""
    return link.exists() and link.resolve() != HERE


def _retire(work: Work) -> None:
    lock.rename(work.folder.lock, owner(work.folder.name, "the end of an old release"))
    with contextlib.suppress(Postponed):
        resume.retire(resume.in_force(work))


def owner(name: str, what: str) -> str:
    """Return the text that tells others who holds a stack's lock."""
    return f"{what} of {name} (process {os.getpid()}, since {clock.now()})"


def _run(work: Work, request: Request) -> int:
    """Run one request; whatever happens it gets a result and does not wait any more."""
    lock_text = owner(work.folder.name, f"{request.why or 'a run'} by {request.who or 'nobody named'}, request {request.id}")
    lock.rename(work.folder.lock, lock_text)
    try:
        engine.run(work, request)
    except Exception as error:
        text = work.mask("".join(traceback.format_exception(error)))
        work.machine.say(text)
        cause = (
            f"a bug in the engine: {type(error).__name__} ({text.splitlines()[-2].strip() if len(text.splitlines()) > 1 else ''})"
        )
        result = Result("failed", changed=True, error=cause, code=SlipwayError.exit_code)
        work.note({"event": "result", "request": request.id, "result": asdict(result)})
        notices.tell(replace(work, request=request.id), message.failed(work.folder.name, cause, work.serving().current))
        return SlipwayError.exit_code
    finally:
        records.drop_request(work.folder, request.id)
        work.secrets.drop(request.id)
    return 0
