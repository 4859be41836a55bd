"""Start containers and judge what became of them; stop them and tell how they ended."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..errors import HostError, ReleaseRefused
from .docker import PROJECT, Container, Docker
from .runner import Runner

POLL_SECONDS = 0.1
STEADY_SECONDS = 3.0  # a container without a health check proves itself by staying up this long
LOG_LINES = 20
KILLED = 137


@dataclass(frozen=True, slots=True)
class Crew:
    """The containers of this host."""

    docker: Docker
    runner: Runner
    mask: Callable[[str], str]

    def wait_ready(self, names: Collection[str], limit_seconds: float) -> None:
        """Wait until all are ready; refuse at the first that cannot become so."""
        deadline, before = time.monotonic() + limit_seconds, {name: self._restarts(name) for name in names}
        while late := [name for name in names if not self._ready(name, before[name])]:
            if time.monotonic() > deadline:
                raise self.refusal(late[0], f"was not ready within {limit_seconds:g} s: {_state(self.docker.container(late[0]))}")
            time.sleep(POLL_SECONDS)

    def wait_end(self, name: str, limit_seconds: float) -> int:
        """Wait for the end of a container; return its exit code, 124 where the limit came first."""
        deadline = time.monotonic() + limit_seconds
        while (container := self.docker.container(name)) and container.state in ("created", "running", "restarting"):
            if time.monotonic() > deadline:
                return 124
            time.sleep(POLL_SECONDS)
        if container is None:
            raise HostError(f"{name} vanished while it ran", "somebody removed it; run this again")
        return container.exit_code

    def end(self, names: Collection[str], limit_seconds: float) -> dict[str, int]:
        """Wait until none runs, kill what runs at the limit; return the exit codes."""
        deadline = time.monotonic() + limit_seconds
        for name in names:
            if self._still_runs(name, deadline):
                self.runner.run(("docker", "kill", name))
        found = (self.docker.container(name) for name in names)
        return {container.name: container.exit_code for container in found if container}

    def remove_project(self, project: str, grace_seconds: int) -> dict[str, int]:
        """Stop and remove a project's containers and networks; return the exit codes of those that ran."""
        present = self.docker.containers(f"{PROJECT}={project}")
        running = [item.name for item in present if item.state in ("running", "restarting", "paused")]
        if running:
            self.runner.run(("docker", "stop", "--time", str(grace_seconds), *running), limit_seconds=grace_seconds + 60)
        codes = self.end(running, 5)
        if present:
            self.runner.run(("docker", "rm", "--force", "--volumes", *(item.name for item in present)))
        if networks := self.docker.networks(f"{PROJECT}={project}"):
            self.runner.run(("docker", "network", "rm", *(name for name, _ in networks)))
        return codes

    def remove(self, name: str) -> None:
        """Remove a container if it is there, running or not."""
        if self.docker.container(name):
            self.runner.run(("docker", "rm", "--force", "--volumes", name))

    def refusal(self, name: str, what: str) -> ReleaseRefused:
        """Return the refusal for a container, with its last lines."""
        return ReleaseRefused(f"{name} {self.mask(what)}\n{self.last_lines(name)}", "correct the cause and deploy again")

    def last_lines(self, name: str) -> str:
        """Return the last lines a container wrote, with a heading."""
        log = self.mask(self.docker.log(name, LOG_LINES)).strip()
        return f"last lines of {name}:\n{log}" if log else f"{name} wrote nothing"

    def _ready(self, name: str, restarts_before: int) -> bool:
        container = self.docker.container(name)
        if container is None:
            raise ReleaseRefused(f"{name} was not created", "look at the release's compose.json")
        if fault := fault_of(container, restarts_before):
            raise self.refusal(name, fault)
        return ready(container, datetime.now(UTC))

    def _restarts(self, name: str) -> int:
        container = self.docker.container(name)
        return container.restarts if container else 0

    def _still_runs(self, name: str, deadline: float) -> bool:
        while (container := self.docker.container(name)) and container.running:
            if time.monotonic() > deadline:
                return True
            time.sleep(POLL_SECONDS)
        return False


def fault_of(container: Container, restarts_before: int) -> str:
    """Return why a container cannot become ready, or nothing."""
    if container.out_of_memory and not container.running:
        return "ran out of memory: its limit is too low for it"
    if container.state in ("exited", "dead", "removing"):
        return f"ended with {container.exit_code} while starting"
    if container.restarts > restarts_before:
        return f"ended and was restarted while starting (exit code {container.exit_code})"
    if container.health == "unhealthy":
        return f"is unhealthy: {container.last_check or 'its health check gave no output'}"
    return ""


def ready(container: Container, at: datetime) -> bool:
    """Say whether a container is healthy, or has run steadily where it has no health check."""
    if not container.running:
        return False
    if container.health:
        return container.health == "healthy"
    return (at - datetime.fromisoformat(container.started)).total_seconds() >= STEADY_SECONDS


def killed(codes: dict[str, int]) -> Sequence[str]:
    """Return the containers that did not end by themselves: their work is lost or stuck."""
    return sorted(name for name, code in codes.items() if code == KILLED)


def _state(container: Container | None) -> str:
    if container is None:
        return "it is gone"
    return (
        f"{container.state}, {container.health or 'no health check'}{f': {container.last_check}' if container.last_check else ''}"
    )
