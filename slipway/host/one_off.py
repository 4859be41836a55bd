"""Run a task, or a command in a new container of a service, from the release that serves; show what it prints and how it ends."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import HostError, ReleaseRefused, SlipwayError
from ..model import Service
from ..placement import Placed
from ..plan import commands
from ..render import names, one_off
from . import files, lock, resume
from .machine import Machine, Work

LONGEST_SECONDS = 3600
LATE = 124
SHELL = "if command -v bash > /dev/null; then exec bash; else exec sh; fi"


class NothingToRun(SlipwayError):
    """There is no such service, or it has nothing to run."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be run: a service of the stack, the command in place of its own, and how long it may take (0: as usual)."""

    service: str
    command: tuple[str, ...] = ()
    seconds: int = 0


def run(machine: Machine, name: str, errand: Errand) -> int:
    """Run an errand to its end; return the exit code of the container, 124 where it took too long."""
    work = resume.in_force(Work(machine, machine.layout.stack(name)))
    placed, service = _found(work, errand)
    container = one_off.container(name, placed.number, service.name)
    with lock.held(work.folder.run_lock(service.name), f"another run of {service.name}", 0, machine.say):
        # Whoever hangs up breaks this off, so what ran is written down before it runs.
        trace = {"who": machine.asker.signed(""), "service": service.name, "command": " ".join(errand.command)}
        work.note({"event": "runs", **trace})
        work.crew.remove(container)
        try:
            _start(work, placed, service, errand.command)
            code = _shown(work, container, errand.seconds or _usual_seconds(service))
        finally:
            work.crew.remove(container)
    work.note({"event": "ran", **trace, "code": code})
    return code


def shell(machine: Machine, name: str, service: str, *, terminal: bool) -> list[str]:
    """Return the command that opens a shell in the first running container of a service."""
    work = Work(machine, machine.layout.stack(name))
    number = str(work.serving().current)
    present = [item for item in machine.docker.containers(f"slipway.stack={name}") if item.running]
    ours = [item for item in present if item.labels.get("slipway.release", number) == number]
    found = [item.name for item in ours if item.labels.get("slipway.service") == service]
    if not found:
        known = sorted({item.labels.get("slipway.service", "") for item in ours})
        raise NothingToRun(f"nothing runs of service {service!r} of {name}", f"services that do: {', '.join(known) or 'none'}")
    return ["docker", "exec", "--interactive", *(["--tty"] if terminal else []), found[0], "sh", "-c", SHELL]


def _found(work: Work, errand: Errand) -> tuple[Placed, Service]:
    current = resume.current_release(work)
    if current is None:
        raise HostError(f"nothing of {work.folder.name} serves here", "deploy it first")
    services = {service.name: service for service in current.stack.services.values() if service.kind != "store"}
    service = services.get(errand.service)
    if service is None:
        raise NothingToRun(
            f"{work.folder.name} has no service {errand.service!r} to run", f"services: {', '.join(sorted(services))}"
        )
    if service.task is None and not errand.command:
        said = f'fab run {work.folder.name} {service.name} --command "…"'
        raise NothingToRun(f"{service.name} is no task, so it has no end of its own", f"say what to run in it: {said}")
    if service.task and service.task.destructive and current.stack.production and not errand.command:
        raise ReleaseRefused(f"{service.name} destroys data (`destructive`), and this is production", "run it elsewhere")
    return Placed(current.stack, current.placement), service


def _usual_seconds(service: Service) -> int:
    return service.task.timeout_seconds if service.task else LONGEST_SECONDS


def _start(work: Work, placed: Placed, service: Service, command: Sequence[str]) -> None:
    stack, number = placed.stack.name, placed.number
    release = json.loads(Path(work.folder.release(number) / "compose.json").read_text(encoding="utf-8"))
    file = work.folder.release(number) / f"run-{service.name}.json"
    files.write(file, json.dumps(one_off.project(release, stack, number, service, command)), 0o600)
    try:
        words = ("up", "--detach", "--no-deps", "--no-recreate", one_off.key(number, service.name))
        argv = commands.compose(names.release_project(stack, number), str(file), *words)
        replace(work.machine.runner, environment=work.values_for(argv)).run(argv)
    finally:
        files.remove(file)


def _shown(work: Work, container: str, seconds: int) -> int:
    """Print what a container writes until it ends; kill it at its limit."""
    late = threading.Event()

    def end() -> None:
        late.set()
        work.machine.runner.attempt(("docker", "kill", container))

    limit = threading.Timer(seconds, end)
    limit.start()
    try:
        _print(work, container)
        code = work.crew.wait_end(container, seconds)
    finally:
        limit.cancel()
    if late.is_set():
        work.machine.say(f"{container} did not end within {seconds} s and was killed")
    return LATE if late.is_set() else code


def _print(work: Work, container: str) -> None:
    argv = ["docker", "logs", "--follow", container]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as reader:
        for line in reader.stdout or ():
            sys.stdout.write(work.mask(line))
            sys.stdout.flush()
