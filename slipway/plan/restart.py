"""Plan a restart of services in their place, one container after another; whoever still works is left to end it first.

A web replica loses the traffic, drains and comes back to it once it answers again, so that no request is lost. A kill between
two steps is healed by any resume, which leads to all replicas and starts what is down.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..errors import SlipwayError
from ..model import Kind, Service, Stack
from ..placement import Placed
from ..render import names, switch
from . import commands, deploy
from .step import Step

NEVER: dict[Kind, str] = {
    "store": "is a store: whoever uses it would be cut off, and no release holds it",
    "task": "is a task: nothing of it runs on",
}


class NotAlone(SlipwayError):
    """A service that cannot be restarted by itself without somebody noticing."""

    exit_code = 2


def judge(stack: Stack, wanted: Sequence[str]) -> None:
    """Raise NotAlone with each service that cannot be restarted in its place."""
    if faults := [fault for name in wanted if (fault := _fault(stack.services.get(name), name))]:
        said = "\n".join(f"  {fault}" for fault in faults)
        lasting = ", ".join(service.name for service in stack.of_kind(*commands.RUNNING))
        raise NotAlone(
            f"{stack.name} cannot be restarted like this:\n{said}",
            f"fab restart {stack.name} starts all of {lasting} anew beside the old, and loses no request",
        )


def _fault(service: Service | None, name: str) -> str:
    if service is None:
        return f"there is no service {name[:40]!r}"
    if service.kind in NEVER:
        return f"{name} {NEVER[service.kind]}"
    if service.kind == "web" and service.replicas_started < 2:
        return f"{name} has one replica: while it starts, nobody answers"
    return ""


def steps(now: Placed, wanted: Sequence[str], well: Collection[str]) -> list[Step]:
    """Return the restart of services, in the order in which they are named; `well` names the containers that are.

    Sick replicas go first: whoever is sent around one must meet somebody who answers.
    """
    services = [now.stack.services[name] for name in dict.fromkeys(wanted)]
    return [step for service in services for step in _service(now, service, well)]


def _service(now: Placed, service: Service, well: Collection[str]) -> list[Step]:
    replicas = names.replicas(service, service.replicas_started)
    if service.kind != "web":
        return [step for replica in replicas for step in _again(now, service, replica)]
    alive = {replica for replica in replicas if names.container(now.stack.name, now.number, replica) in well}
    found: list[Step] = []
    for replica in sorted(replicas, key=alive.__contains__):
        found += _one(now, service, replica, frozenset(alive - {replica} or set(replicas) - {replica}))
        alive.add(replica)
    return found


def _one(now: Placed, service: Service, replica: str, others: frozenset[str]) -> list[Step]:
    """Return the restart of a web replica, while others of its service have its traffic."""
    elsewhere = switch.started(now.stack) - set(switch.replicas(service))
    container, bound = names.container(now.stack.name, now.number, replica), max(r.drain_seconds for r in service.routes)
    return [
        _lead(now, elsewhere | others, f"around-{replica}", f"lead new connections around {replica}"),
        Step(
            f"drain-{replica}",
            "drain",
            f"let connections to {replica} end by themselves, for at most {bound} s",
            arguments={"containers": {container: list(service.route_ports)}},
            limit_seconds=bound,
        ),
        *_again(now, service, replica),
        replace(deploy.ask_replicas(now, service, [replica]), name=f"ask-{replica}"),
        _lead(now, elsewhere | others | {replica}, f"back-{replica}", f"lead connections to {replica} again"),
    ]


def _again(now: Placed, service: Service, replica: str) -> list[Step]:
    """Return the restart of one container: its own signal and grace, then a wait until it is ready."""
    container = names.container(now.stack.name, now.number, replica)
    grace = service.stop_grace_seconds + commands.GRACE_MARGIN_SECONDS
    limit = commands.start_seconds([service]) + commands.GRACE_MARGIN_SECONDS
    ready = {"containers": [container]}
    return [
        Step(f"restart-{replica}", "run", f"restart {replica}", ("docker", "restart", container), limit_seconds=grace + 60),
        Step(f"ready-{replica}", "start", f"wait until {replica} is ready", arguments=ready, limit_seconds=limit),
    ]


def _lead(now: Placed, running: Collection[str], name: str, why: str) -> Step:
    targets = switch.slot_targets(now.stack, now.placement, running)
    return Step(name, "switch", why, arguments={"targets": switch.to_arguments(targets)})
