"""Reboot this host in order: at a look inside the window, or because a person asks; never while somebody is at work on it."""

import fcntl
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import HostError, LockHeld
from ..placement import Placed
from ..plan import reboot as plan
from ..plan.step import Step
from ..plan.window import window
from . import clock, counts, files, lock, records, resume, run, stale
from .actions import carry_out
from .journal import Journal
from .machine import Machine, Work
from .steps import carry_out_all

SETTINGS = "updates.json"
RECORD = "reboot.json"
LOCK_SECONDS = 5
POLL_SECONDS = 0.2
DOWN_SECONDS = 120
APT_LOCK = "var/lib/dpkg/lock-frontend"
NEXT = "wait until that has ended; the next look of a reboot comes by itself"


@dataclass(frozen=True, slots=True)
class Report:
    """Whether this host wants a reboot, what keeps it from it now, and when it last rebooted in this way."""

    wants: tuple[str, ...]
    obstacle: str
    window: str
    last: str = ""


def report(machine: Machine, at: datetime) -> Report:
    """Return how it stands at a local time of the host."""
    settings, last = _settings(machine), _last(machine)
    facts = plan.Facts(
        wants=stale.reasons(machine.layout.root),
        allowed=settings["reboot"],
        left_seconds=_left_seconds(settings["window"], at),
        needed_seconds=plan.needed_seconds([placed for _, placed in _serving(_works(machine))]),
        since_hours=(clock.utc() - clock.parse(last)).total_seconds() / 3600 if last else None,
    )
    return Report(tuple(facts.wants), plan.obstacle(facts), settings["window"], last)


def as_text(found: Report) -> str:
    """Return how it stands, for people."""
    last = f"; rebooted itself last at {found.last}" if found.last else ""
    if not found.wants:
        return f"no reboot wanted{last}"
    now = f"not now: {found.obstacle}" if found.obstacle else "it may happen now"
    return "\n".join(["a reboot is wanted:", *(f"  {reason}" for reason in found.wants), f"{now} (window {found.window}{last})"])


def look(machine: Machine, at: datetime) -> str:
    """Reboot where it is wanted and nothing speaks against it; return what was decided."""
    found = report(machine, at)
    if not found.wants or found.obstacle:
        return as_text(found)
    go(machine, "; ".join(found.wants))
    return "rebooting"


def go(machine: Machine, why: str) -> None:
    """Let the work of this host end, then reboot it; what fails or dies on the way is for `undo`."""
    with ExitStack() as stack:
        stack.enter_context(apt_idle(machine.layout.root / APT_LOCK))
        works = [stack.enter_context(_held(work)) for work in _works(machine)]
        _refuse_unconfirmed(machine.layout.state / "guard")
        files.write(_marker(machine), f"{why}\n", 0o644)
        for work in works:
            work.note({"event": "reboot", "state": "begun", "why": why})
        machine.say(f"reboot: {why}")
        _wind_down(machine, _serving(works))
        files.write(machine.layout.state / RECORD, json.dumps({"at": clock.now(), "why": why}, indent=1), 0o640)
        machine.runner.run(("systemctl", "reboot"))
        time.sleep(DOWN_SECONDS)  # the locks are held until the host ends this process: no deploy slips in
        raise HostError("systemd was asked for a reboot, and the host is still up", "look at `journalctl -b` on the host")


def undo(machine: Machine) -> str:
    """Have everything serve again after a way down that failed or was killed; do nothing while the host goes down."""
    if not _marker(machine).exists() or _going_down(machine):
        return ""
    machine.runner.attempt(("systemctl", "start", "nginx.service"))
    for work in _works(machine):
        owner = run.owner(work.folder.name, "a reboot that was given up")
        with lock.held(work.folder.lock, owner, resume.LOCK_SECONDS, machine.say):
            _let_end(work)
        resume.resume(machine, work.folder.name, owner)
        work.note({"event": "reboot", "state": "given up"})
    files.remove(_marker(machine))
    return "the reboot was given up: everything that had ended was started again"


def _wind_down(machine: Machine, serving: Sequence[tuple[Work, Placed]]) -> None:
    for phase in (plan.end_jobs, plan.jobs_ended):
        for work, placed in serving:
            _carry_out(work, phase(placed))
    _quit_edge(machine, plan.edge_seconds([placed for _, placed in serving]), [work for work, _ in serving])
    for work, placed in serving:
        _carry_out(work, plan.close(placed))


def _let_end(work: Work) -> None:
    """Wait for what was told to end: until then it looks as if it ran."""
    entries = Journal(work.folder.journal).entries()
    last = max((index for index, entry in enumerate(entries) if entry["event"] == "reboot"), default=0)
    begun = {entry["name"] for entry in entries[last:] if entry["event"] == "step"}
    for placed in (placed for _, placed in _serving([work])):
        _carry_out(work, plan.still_ending(placed, begun))


def _carry_out(work: Work, steps: list[Step]) -> None:
    carry_out_all(work, steps, carry_out)


def _quit_edge(machine: Machine, limit_seconds: int, works: Sequence[Work]) -> None:
    """Take no connection any more, answer what was asked, and wait for that."""
    if not machine.nginx.running:
        return
    machine.say("let the edge answer what was asked and take nothing new")
    machine.runner.run(("nginx", "-s", "quit"))
    began = time.monotonic()
    while machine.nginx.running and time.monotonic() - began < limit_seconds:
        time.sleep(POLL_SECONDS)
    for work in works:
        work.note({"event": "edge-quit", "seconds": round(time.monotonic() - began, 1), "cut": machine.nginx.running})


def _going_down(machine: Machine) -> bool:
    return machine.runner.attempt(("systemctl", "is-system-running")).stdout.strip() == "stopping"


def _marker(machine: Machine) -> Path:
    return machine.layout.root / "run/slipway-reboot"  # a reboot forgets it


@contextmanager
def _held(work: Work) -> Iterator[Work]:
    """Hold a stack's lock with nothing left to run."""
    owner = run.owner(work.folder.name, "a reboot of the host")
    with lock.held(work.folder.lock, owner, LOCK_SECONDS, work.machine.say):
        refuse_busy(work)
        yield resume.in_force(work)


def refuse_busy(work: Work) -> None:
    """Refuse where the lock is free and somebody is at work all the same."""
    if records.waiting(work.folder):
        raise LockHeld(f"a request waits for {work.folder.name}", NEXT)
    if work.serving().watched:
        raise LockHeld(f"release {work.serving().current} of {work.folder.name} is still being watched", NEXT)


@contextmanager
def apt_idle(path: Path) -> Iterator[None]:
    """Keep apt and dpkg from beginning anything; refuse where they are at work."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the lock that apt itself takes
        except OSError as error:
            raise LockHeld("apt or dpkg is at work on this host", NEXT) from error
        yield


def _refuse_unconfirmed(guards: Path) -> None:
    armed = [path.parent.name for path in guards.glob("*/undo.json")]
    if armed:
        raise LockHeld(f"a change of {', '.join(armed)} waits to be confirmed, a reboot would take it back", NEXT)


def _works(machine: Machine) -> list[Work]:
    return [Work(machine, folder) for folder in machine.layout.stacks()]


def _serving(works: Sequence[Work]) -> list[tuple[Work, Placed]]:
    found = [(work, resume.current_release(work)) for work in works]
    return [(work, counts.placed(work.folder, release)) for work, release in found if release]


def _settings(machine: Machine) -> dict[str, Any]:
    path = machine.layout.settings / SETTINGS
    if not path.is_file():
        raise HostError(f"{path} is missing", "run site.yml, whose role `updates` writes it")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _last(machine: Machine) -> str:
    path = machine.layout.state / RECORD
    return str(json.loads(path.read_text(encoding="utf-8"))["at"]) if path.is_file() else ""


def _left_seconds(text: str, at: datetime) -> int:
    left = window(text).left(at.hour * 60 + at.minute)
    return max(left * 60 - at.second, 0)
