"""Run what waits for a stack, oldest first, under its lock; started by systemd."""

import contextlib
import os
import traceback
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from functools import partial

from ..errors import SlipwayError
from . import clock, engine, lock, records, resume, watching
from .drain import Postponed
from .engine import Result
from .machine import Machine, Work
from .records import Request

LOCK_SECONDS = 3600


def run_waiting(machine: Machine, name: str) -> int:
    """Run all waiting requests; return the worst exit code of a bug, for systemd to show."""
    folder, code = machine.layout.stack(name), 0
    work = replace(Work(machine, folder), something_waits=lambda: bool(records.waiting(folder)))
    hold = partial(held, work)
    while True:
        with hold("slipway run") as dead_owner:
            _heal_after(work, dead_owner)
            code = max(code, _all(work))
            if not work.serving().watched:
                return code
        watching.watch(work, hold)


def held(work: Work, what: str) -> AbstractContextManager[str]:
    """Hold a stack's lock for something this process does; yields the text of an owner that died with it."""
    return lock.held(work.folder.lock, owner(work.folder.name, what), LOCK_SECONDS, work.machine.say)


def _heal_after(work: Work, dead_owner: str) -> None:
    """Give up what an earlier run had begun, and finish or undo what it died at."""
    resume.give_up(work, records.begun_requests(work.folder), dead_owner or "it left no name")
    if dead_owner and engine.unfinished(work):
        resume.heal(work)


def _all(work: Work) -> int:
    """Run what waits; in between, old releases go. A drain is put off for a request, so nobody waits for a stranger's socket."""
    code = 0
    while True:
        while waiting := records.waiting(work.folder):
            code = max(code, _run(work, waiting[0]))
        if work.serving().watched or not work.serving().retiring:
            return code
        _retire(work)


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
        return SlipwayError.exit_code
    finally:
        records.drop_request(work.folder, request.id)
        work.secrets.drop(request.id)
    return 0
