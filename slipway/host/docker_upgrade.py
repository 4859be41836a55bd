"""Move Docker's packages to the version the archives offer, and back where the containers do not come up healthy."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import HostError, LockHeld, ReleaseRefused, SlipwayError
from . import clock, files, lock, run, status
from .apt import Apt, Versions
from .machine import Machine, Work
from .reboot import refuse_busy

PACKAGES = (
    *("docker.io", "docker-cli", "docker-compose", "docker-compose-v2", "docker-buildx", "containerd", "runc"),
    *("docker-ce", "docker-ce-cli", "containerd.io", "docker-compose-plugin", "docker-buildx-plugin"),
)
UNITS = ("containerd.service", "docker.service")
UNIT = "slipway-upgrade-docker"
RECORD = "docker-upgrade.json"
KEPT = "docker-packages"
LOCK_SECONDS = 10
ANSWER_SECONDS = 60
HEALTHY_SECONDS = 180
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an upgrade came to, or would; `code` is the exit code, `kept` how many containers ran on through it."""

    verdict: str
    packages: Mapping[str, Versions] = field(default_factory=dict)
    unhealthy: tuple[str, ...] = ()
    containers: int = 0
    kept: int = 0
    seconds: float = 0.0
    error: str = ""
    code: int = 0


def look(machine: Machine) -> Outcome:
    """Return which packages would move, and what keeps them from it."""
    apt = Apt(machine.runner)
    names = [name for name in apt.held() if name in PACKAGES]
    if not names:
        raise HostError("no package of Docker's is held on this host", "run site.yml, whose role `docker` holds them")
    apt.refresh()
    found = apt.versions(names)
    verdict = "would move" if any(one.newer for one in found.values()) else "unchanged"
    return Outcome(verdict, found, tuple(unhealthy(machine)))


def submit(machine: Machine, *, back: bool) -> dict[str, Any]:
    """Have systemd do it, so that it goes on without whoever asked; return its outcome."""
    record = machine.layout.state / RECORD
    files.remove(record)
    words = ("/usr/local/sbin/slipway", "upgrade-docker", "--here", *(["--back"] if back else []))
    argv = ("systemd-run", f"--unit={UNIT}", "--collect", "--wait", "--quiet", "--setenv=HOME=/root", *words)
    done = machine.runner.attempt(argv, limit_seconds=3600)
    if not record.is_file():
        if "already" in done.text:
            raise LockHeld("an upgrade of Docker is under way on this host", f"look at it: journalctl -fu {UNIT}")
        raise HostError(f"the upgrade died without a result:\n{done.text}", f"look at it: journalctl -u {UNIT}")
    outcome: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return outcome


def carry_out(machine: Machine, *, back: bool) -> int:
    """Upgrade, or go back, and keep the outcome for whoever asked; return the exit code."""
    began = time.monotonic()
    try:
        with _held(machine) as works:
            outcome = _go_back(machine, _processes(machine)) if back else _upgrade(machine)
            for work in works:
                work.note({"event": "docker", "verdict": outcome.verdict, "error": outcome.error})
    except SlipwayError as error:
        outcome = Outcome("refused", error=str(error), code=error.exit_code)
    outcome = replace(outcome, seconds=round(time.monotonic() - began, 1))
    files.write(machine.layout.state / RECORD, json.dumps({"at": clock.now(), **asdict(outcome)}, indent=1), 0o640)
    machine.say(f"{outcome.verdict} {outcome.error}".strip())
    return outcome.code


def _upgrade(machine: Machine) -> Outcome:
    found = look(machine)
    moving = {name: one.candidate for name, one in found.packages.items() if one.newer}
    if not moving:
        return found
    if found.unhealthy:
        raise HostError(f"not healthy before anything was changed: {', '.join(found.unhealthy)}", "mend that first")
    apt, before = Apt(machine.runner), _processes(machine)
    apt.keep(sorted(moving), _kept(machine))
    try:
        apt.move(moving)
        _prove(machine)
    except SlipwayError as error:
        return replace(_taken_back(machine, before), error=str(error))
    finally:
        apt.hold(sorted(found.packages))
    return replace(found, verdict="upgraded", **_survivors(machine, before))


def _taken_back(machine: Machine, before: set[int]) -> Outcome:
    """Go back; where that fails too, a person has to look."""
    try:
        return _go_back(machine, before)
    except SlipwayError as error:
        raise HostError(f"the upgrade failed, and so did the way back: {error}", "look at `journalctl -u docker`") from error


def _go_back(machine: Machine, before: set[int]) -> Outcome:
    """Put the kept packages back; the exit code says that the newer ones were refused."""
    apt = Apt(machine.runner)
    machine.say("go back to the packages that were there before")
    apt.put_back(_kept(machine))
    apt.hold([path.stem for path in _kept(machine).glob("*.deb")])
    machine.runner.attempt(("systemctl", "reset-failed", "docker.service", "docker.socket", "containerd.service"))
    machine.runner.run(("systemctl", "restart", "docker.service"), limit_seconds=120)
    _prove(machine)
    packages = apt.versions([path.stem for path in _kept(machine).glob("*.deb")])
    return Outcome("taken back", packages, code=ReleaseRefused.exit_code, **_survivors(machine, before))


def _prove(machine: Machine) -> None:
    """Have the engine run its new program, answer, and all that should run be healthy."""
    for unit in UNITS:
        if _runs_replaced_program(machine, unit):
            machine.runner.attempt(("systemctl", "restart", unit), limit_seconds=120)  # whether it answers is asked below
    _until(lambda: _answers(machine), ANSWER_SECONDS, "Docker does not answer after the upgrade")
    _until(lambda: not unhealthy(machine), HEALTHY_SECONDS, "not everything came up healthy", lambda: unhealthy(machine))


def _until(done: Callable[[], bool], seconds: float, what: str, who: Callable[[], Sequence[str]] = tuple) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise HostError(f"{what}: {', '.join(who())}".removesuffix(": "), "look at `journalctl -u docker` on the host")
        time.sleep(POLL_SECONDS)


def _answers(machine: Machine) -> bool:
    if not machine.runner.attempt(("systemctl", "is-failed", "--quiet", "docker.service")).code:
        raise HostError("Docker does not start any more", "look at `journalctl -u docker` on the host")
    return not machine.runner.attempt(("docker", "info", "--format", "{{.ServerVersion}}")).code


def unhealthy(machine: Machine) -> list[str]:
    """Return the services of this host that are not wholly there, as `stack/service`."""
    return [
        f"{stack['name']}/{service['name']}"
        for stack in status.status(machine)["stacks"]
        for service in stack["services"]
        if service["healthy"] < service["replicas"]
    ]


def _runs_replaced_program(machine: Machine, unit: str) -> bool:
    shown = machine.runner.run(("systemctl", "show", "--property=MainPID", "--value", unit)).strip()
    program = machine.layout.root / f"proc/{shown}/exe"
    return shown != "0" and str(program.readlink()).endswith(" (deleted)")


def _processes(machine: Machine) -> set[int]:
    """Return the first processes of the containers that run; none where Docker does not answer."""
    with suppress(HostError):
        return {item.pid for item in machine.docker.containers("slipway.stack") if item.running}
    return set()


def _survivors(machine: Machine, before: set[int]) -> dict[str, Any]:
    now = _processes(machine)
    return {"containers": len(now), "kept": len(now & before)}


@contextmanager
def _held(machine: Machine) -> Iterator[list[Work]]:
    """Hold the locks of all stacks: no deploy is under way, and none begins."""
    works = [Work(machine, folder) for folder in machine.layout.stacks()]
    with ExitStack() as stack:
        for work in works:
            owner = run.owner(work.folder.name, "an upgrade of Docker")
            stack.enter_context(lock.held(work.folder.lock, owner, LOCK_SECONDS, machine.say))
            refuse_busy(work)
        yield works


def _kept(machine: Machine) -> Path:
    return machine.layout.state / KEPT
