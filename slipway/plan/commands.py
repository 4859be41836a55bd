"""The docker commands of a plan and the containers they name. Builds argv; runs nothing."""

import math
import re
from collections.abc import Iterable, Sequence

from ..model import Kind, Service
from ..placement import Placed
from ..render import names
from .step import Step

Argv = tuple[str, ...]

RUNNING: tuple[Kind, ...] = ("web", "worker", "scheduler")  # what a release keeps running
STORE_START_SECONDS = 300  # a first start makes a database
WORKER_START_SECONDS = 120
GRACE_MARGIN_SECONDS = 15
DURATIONS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}


def compose(project: str, file: str, *words: str) -> Argv:
    """Return a `docker compose` command."""
    return ("docker", "compose", "--ansi", "never", "--project-name", project, "--file", file, *words)


def release_compose(new: Placed, *words: str) -> Argv:
    """Return a `docker compose` command on a release's file."""
    return compose(names.release_project(new.stack.name, new.number), release_file(new), *words)


def release_file(new: Placed) -> str:
    """Return the path of a release's Compose file."""
    return f"{names.release_folder(new.stack.name, new.number)}/compose.json"


def started_keys(new: Placed, services: Iterable[Service]) -> list[str]:
    """Return the Compose keys of the replicas that a deploy starts."""
    return [names.service_key(new.number, replica) for replica in _replicas(services, rendered=False)]


def started_containers(new: Placed, services: Iterable[Service]) -> list[str]:
    """Return the containers that a deploy starts."""
    return [names.container(new.stack.name, new.number, replica) for replica in _replicas(services, rendered=False)]


def all_containers(old: Placed, services: Iterable[Service]) -> list[str]:
    """Return the containers that may run: people and machines may have started more than the deploy did."""
    return [names.container(old.stack.name, old.number, replica) for replica in _replicas(services, rendered=True)]


def _replicas(services: Iterable[Service], *, rendered: bool) -> list[str]:
    return [
        replica
        for service in services
        for replica in names.replicas(service, service.replicas_max if rendered else service.replicas_started)
    ]


def start(name: str, new: Placed, services: list[Service], why: str, limit_seconds: int) -> Step:
    """Return the step that starts all replicas of services that a deploy starts, and waits for them."""
    return start_replicas(name, new, _replicas(services, rendered=False), why, limit_seconds)


def start_replicas(name: str, new: Placed, replicas: Sequence[str], why: str, limit_seconds: int) -> Step:
    """Return the step that starts replicas by name and waits for them."""
    keys = [names.service_key(new.number, replica) for replica in replicas]
    return Step(
        name=name,
        action="start",
        why=why,
        argv=release_compose(new, "up", "--detach", "--no-deps", "--no-recreate", *keys),
        arguments={"containers": [names.container(new.stack.name, new.number, replica) for replica in replicas]},
        limit_seconds=limit_seconds,
        environment=True,
    )


def start_seconds(services: Iterable[Service]) -> int:
    """Return how long the slowest start may take; a longer `start_period` of the team's own check counts."""
    longest = (max(_usual_start_seconds(service), _start_period_seconds(service)) for service in services)
    return max(longest, default=0)


def _usual_start_seconds(service: Service) -> int:
    if service.store:
        return STORE_START_SECONDS
    return service.health.start_seconds if service.health else WORKER_START_SECONDS


def _start_period_seconds(service: Service) -> int:
    """Return Compose's `start_period`, kept as Go writes durations: `1m30s`."""
    period = str((service.compose.get("healthcheck") or {}).get("start_period", ""))
    return math.ceil(sum(float(number) * DURATIONS[unit] for number, unit in re.findall(r"([\d.]+)(h|ms|m|s)", period)))


def restart(name: str, containers: list[str], policy: str, why: str) -> Step:
    """Return the step that says what Docker does with containers after a power cut."""
    argv = ("docker", "update", "--restart", policy, *containers)
    return Step(name, "restart", why, argv, {"containers": containers, "policy": policy})


def grace_seconds(services: Iterable[Service]) -> int:
    """Return the longest grace of services that are told to stop."""
    return max((service.stop_grace_seconds for service in services), default=0)
