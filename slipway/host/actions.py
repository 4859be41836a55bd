"""Carry steps out: one function per action of `plan/step.py`, which says what each must do."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..codec import from_json
from ..errors import ReleaseRefused, SlipwayError
from ..model import Health
from ..plan.step import Action, Step
from . import backup, clock, counts, drain, egress, files, fit, health, lock, records, revisions, slots, together
from .containers import killed
from .machine import Machine, Work

ASK_EVERY_SECONDS = 0.2
LATE = 124
ISSUE_LOCK_SECONDS = 300
CONTAINERS_READ = 0o644  # bind mounts keep the mode; the folder above lets only root in
CONTAINERS_RUN = 0o755
# The whole line: a header's text of a stack's own may hold the words too.
CERTIFICATE = re.compile(r"^ *ssl_certificate \S*/([^/\s]+)/live/fullchain\.pem;$", re.MULTILINE)


def carry_out(work: Work, step: Step) -> None:
    """Do what a step says, or raise."""
    ACTIONS[step.action](work, step)


def _run(work: Work, step: Step) -> None:
    _command(work, step)


def _write(work: Work, step: Step) -> None:
    texts: Mapping[str, str] = step.arguments["files"]
    programs = frozenset(step.arguments.get("programs", ()))
    for path, text in texts.items():
        files.write_inside(work.folder.path, Path(path), text, CONTAINERS_RUN if path in programs else CONTAINERS_READ)


def _pull(work: Work, step: Step) -> None:
    image = step.arguments["image"]
    if work.machine.docker.image(image) is None:
        _command(work, step)
    for tag in step.arguments["tags"]:
        work.machine.runner.run(("docker", "tag", image, tag))


def _start(work: Work, step: Step) -> None:
    if step.argv:
        _command(work, step)
    work.crew.wait_ready(step.arguments["containers"], step.limit_seconds)


def _ask(work: Work, step: Step) -> None:
    question = from_json(Health, step.arguments["health"])
    deadline = time.monotonic() + step.limit_seconds
    for target in step.arguments["targets"]:
        while fault := health.ask(target, question):
            if time.monotonic() > deadline:
                raise _unanswered(work, step, target, fault)
            time.sleep(ASK_EVERY_SECONDS)


def _unanswered(work: Work, step: Step, target: str, fault: str) -> ReleaseRefused:
    path = from_json(Health, step.arguments["health"]).path
    cause = work.mask(f"{step.arguments['service']} does not answer the host at http://{target}{path}: {fault}")
    name = work.container_at(target.rpartition(":")[0])
    log = f"\n{work.crew.last_lines(name)}" if name else ""
    return ReleaseRefused(f"{cause}{log}", "see that it listens on 0.0.0.0 and on this port, then deploy again")


def _task(work: Work, step: Step) -> None:
    with _alone(work, step):
        _to_its_end(work, step)


def _alone(work: Work, step: Step) -> contextlib.AbstractContextManager[object]:
    """Hold the lock of a migration, which a person may run by hand too."""
    if "migrates" not in step.arguments:
        return contextlib.nullcontext()
    owner = f"the migration of release {work.release}"
    return lock.held(work.folder.run_lock(step.arguments["task"]), owner, step.limit_seconds, work.machine.say)


def _to_its_end(work: Work, step: Step) -> None:
    name, image = step.arguments["container"], step.arguments.get("migrates")
    work.crew.remove(name)
    try:
        if image:
            records.begin_migration(work.folder, step.arguments["task"])
        _command(work, step)
        code = work.crew.wait_end(name, step.limit_seconds)
        if code == LATE:
            raise work.crew.refusal(name, f"did not end within {step.limit_seconds} s and was killed")
        if code:
            raise work.crew.refusal(name, f"ended with {code}")
        if image:
            records.note_migration(work.folder, step.arguments["task"], image)
    finally:
        _keep_output(work, name)
        work.crew.remove(name)


def _keep_output(work: Work, name: str) -> None:
    text = work.mask(work.machine.docker.log(name, 1000))
    files.write(work.folder.path / "log" / f"{name}.log", f"{text}\n", 0o600)


def _record(work: Work, step: Step) -> None:
    number, serving, watch = step.arguments["number"], work.serving(), step.arguments.get("watch", 0)
    until, called = clock.later(watch) if watch else "", step.arguments.get("together", "")
    percent, seconds = step.arguments.get("percent", 0), step.arguments.get("seconds", 0)
    changes = {
        "begun": lambda: serving.begun(number),
        "shared": lambda: serving.shared(number, percent, clock.now(), clock.later(seconds) if seconds else ""),
        "aborted": lambda: serving.aborted(number, clock.now()),
        "switched": lambda: serving.switched(number, clock.now(), until, called),
        "confirmed": lambda: serving.confirmed(number),
        "taken back": lambda: serving.taken_back(number, clock.now()),
        "returned": lambda: serving.returned_from(number, clock.now()),
        "settled": lambda: serving.settled(number, tuple(step.arguments.get("freed", ()))),
        "retired": lambda: serving.retired(number),
        "abandoned": lambda: serving.abandoned(number),
    }
    work.keep_serving(changes[step.arguments["change"]]())
    if step.arguments["change"] == "switched" and serving.watched:
        text = f"the watch of release {serving.current} was cut short by request {work.request}"
        work.note({"event": "watch", "state": "cut short", "release": serving.current, "text": text})
    egress.follow(work)


def _switch(work: Work, step: Step) -> None:
    keep = slots.keep_share if step.arguments.get("canary") else slots.keep
    keep(work.folder, step.arguments["targets"])
    slots.put_in_force(work.machine.layout, work.machine.runner)


def _check_site(work: Work, step: Step) -> None:
    if text := step.arguments["text"]:
        _ensure_certificates(work, text)
        work.machine.nginx.judge(work.folder.name, text)


def _site(work: Work, step: Step) -> None:
    text = step.arguments["text"]
    if not text:
        work.machine.nginx.take_away(work.folder.name)
        return
    _ensure_certificates(work, text)
    work.machine.nginx.put(work.folder.name, text)


def certified(site: str) -> list[str]:
    """Return the domains whose certificates a site names."""
    return sorted(set(CERTIFICATE.findall(site)))


def _ensure_certificates(work: Work, text: str) -> None:
    for domain in certified(text):
        if work.machine.certificates.ensure(domain, [domain]):
            work.note({"event": "stop-gap", "domain": domain})


def _certificates(work: Work, step: Step) -> None:
    if not work.machine.nginx.running:
        return  # nobody could answer the authority; the timer asks once nginx is up
    for wanted in step.arguments["certificates"]:
        if warning := issue(work.machine, wanted["domain"], wanted["names"]):
            work.warn(warning)


def issue(machine: Machine, domain: str, names: list[str]) -> str:
    """Issue a certificate if one is wanted; return what went wrong, or nothing."""
    try:
        with lock.held(machine.layout.state / "certificates.lock", "certificates", ISSUE_LOCK_SECONDS, machine.say):
            machine.certificates.ensure(domain, names)
            why = machine.certificates.wanting(domain, names, machine.edge, clock.utc())
            if why:
                machine.certificates.issue(domain, names, machine.edge)
                machine.nginx.reload()
    except SlipwayError as error:
        return f"no certificate for {domain} yet; it is asked for again every {machine.edge.retry_seconds} s: {error}"
    return ""


def _restart(work: Work, step: Step) -> None:
    if argv := _with_present(work, step):
        work.machine.runner.run(argv, limit_seconds=step.limit_seconds)


def _stop(work: Work, step: Step) -> None:
    if argv := _with_present(work, step):
        work.machine.runner.begin(argv)


def _with_present(work: Work, step: Step) -> tuple[str, ...]:
    """Return a step's command on those of its containers that are there; nothing where none is."""
    named = step.arguments["containers"]
    missing = {name for name in named if work.machine.docker.container(name) is None}
    return () if missing >= set(named) else tuple(word for word in step.argv if word not in missing)


def _ended(work: Work, step: Step) -> None:
    _note_ends(work, work.crew.end(step.arguments["containers"], step.limit_seconds))


def _note_ends(work: Work, codes: dict[str, int]) -> None:
    if codes:
        work.note({"event": "ended", "codes": codes})
    if work.serving().next is not None:
        return  # a release in the making had no work to lose
    for name in killed(codes):
        work.warn(
            f"{name} had to be killed, what it was doing is lost: does it end on its stop signal within `stop_grace_period`?"
        )


def _choose(work: Work, step: Step) -> None:
    counts.choose(work, step.arguments)


def _drain(work: Work, step: Step) -> None:
    count = partial(open_connections, work, step.arguments["containers"])
    if left := drain.wait(count, step.limit_seconds, work.something_waits):
        work.note({"event": "drain-limit", "connections": left})


def open_connections(work: Work, ports: Mapping[str, Sequence[int]]) -> int:
    """Count the open connections to ports of containers; one that is gone has none."""
    found = ((work.machine.docker.container(name), ports[name]) for name in ports)
    return sum(drain.connections_of(container.pid, wanted) for container, wanted in found if container)


def _remove(work: Work, step: Step) -> None:
    _note_ends(work, work.crew.remove_project(step.arguments["project"], step.arguments["grace_seconds"]))


def _command(work: Work, step: Step) -> None:
    runner = work.machine.runner
    if step.environment:
        runner = replace(runner, environment={**runner.environment, **work.values_for(step.argv)})
    runner.run(step.argv, limit_seconds=step.limit_seconds)


ACTIONS: Mapping[Action, Callable[[Work, Step], None]] = {
    "fit": fit.check,
    "run": _run,
    "write": _write,
    "pull": _pull,
    "start": _start,
    "ask": _ask,
    "task": _task,
    "backup": backup.save,
    "revision": revisions.ask,
    "gate": together.wait_at_gate,
    "record": _record,
    "switch": _switch,
    "check-site": _check_site,
    "site": _site,
    "certificates": _certificates,
    "restart": _restart,
    "stop": _stop,
    "ended": _ended,
    "choose": _choose,
    "drain": _drain,
    "remove": _remove,
}
