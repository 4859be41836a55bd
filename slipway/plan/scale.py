"""Plan a change of counts: more replicas are well before anything leads to them, fewer lose the traffic before they end.

Before the step `choose` nothing counts: what was started is too much, and leaves. From there on a resume goes forward.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..model import Service
from ..placement import Placed
from ..render import names
from . import commands, deploy, retire, traffic
from .counts import SCALED
from .resume import Found
from .step import Step


def steps(now: Placed, then: Placed, present: Collection[str], choice: Mapping[str, Any]) -> list[Step]:
    """Return what leads from one choice to another; `choice` is what the step `choose` keeps.

    `present` names containers that are there: a worker among them that comes back still ends what it did before.
    """
    more, fewer = beyond(then, now), beyond(now, then)
    return [
        *_start(then, more, present),
        Step("choose", "choose", "keep the choice: from here on a resume goes forward", arguments=choice),
        traffic.move(then, None),
        *_rule("restart-more", _names(then, more), "unless-stopped", "bring them back after a power cut as well"),
        *_rule("restart-fewer", _names(now, fewer), "no", "keep down after a power cut what is too much"),
        *_stop("stop-workers", _names(now, fewer, "worker"), "let workers finish their jobs and begin no new one"),
    ]


def beyond(one: Placed, other: Placed) -> dict[str, list[str]]:
    """Return the replicas by service that one starts and the other does not."""
    found = {}
    for service in one.stack.of_kind(*SCALED):
        least = other.stack.services[service.name].replicas_started
        found[service.name] = names.replicas(service, service.replicas_started)[least:]
    return {name: replicas for name, replicas in found.items() if replicas}


def _names(placed: Placed, replicas: Mapping[str, Sequence[str]], kind: str = "") -> list[str]:
    services = placed.stack.services
    wanted = [one for name, some in sorted(replicas.items()) if kind in ("", services[name].kind) for one in some]
    return [names.container(placed.stack.name, placed.number, replica) for replica in wanted]


def _start(then: Placed, more: Mapping[str, Sequence[str]], present: Collection[str]) -> list[Step]:
    if not more:
        return []
    services = [then.stack.services[name] for name in sorted(more)]
    limit = commands.start_seconds(services) + commands.GRACE_MARGIN_SECONDS
    replicas = [replica for name in sorted(more) for replica in more[name]]
    return [
        *_ended_first([name for name in _names(then, more, "worker") if name in present], services),
        commands.start_replicas("start-more", then, replicas, f"start {', '.join(replicas)} beside the others", limit),
        *(deploy.ask_replicas(then, service, more[service.name]) for service in services if service.routes),
    ]


def _ended_first(workers: list[str], services: Sequence[Service]) -> list[Step]:
    """Return the steps that see workers end: one that was told to end would look as if it ran."""
    limit = commands.grace_seconds(services) + commands.GRACE_MARGIN_SECONDS
    why = "wait for the last jobs of workers that were to end"
    ended = Step("ended-again", "ended", why, (), {"containers": workers}, limit)
    return [*_stop("stop-again", workers, "end workers that were to end"), ended] if workers else []


def _rule(name: str, containers: list[str], policy: str, why: str) -> list[Step]:
    return [commands.restart(name, containers, policy, why)] if containers else []


def _stop(name: str, containers: list[str], why: str) -> list[Step]:
    return [Step(name, "stop", why, ("docker", "stop", *containers), {"containers": containers})] if containers else []


def surplus(placed: Placed, present: Collection[str]) -> list[str]:
    """Return the containers of a release beyond what it starts: a choice took them away, or never came to be."""
    services = placed.stack.of_kind(*SCALED)
    wanted = set(commands.started_containers(placed, services))
    return [name for name in commands.all_containers(placed, services) if name in present and name not in wanted]


def may_be_surplus(placed: Placed) -> bool:
    """Say whether a release can have more containers than it starts at all."""
    return any(service.replicas_max > service.replicas_started for service in placed.stack.of_kind(*SCALED))


def leave(placed: Placed, found: Sequence[Found], elapsed_seconds: int, *, led_to: bool = False) -> list[Step]:
    """Return how containers leave that are too much; `elapsed_seconds` passed since nothing leads to them.

    With `led_to` the slots still do: then the traffic goes first.
    """
    if not found:
        return []
    here, ports = sorted(one.name for one in found), retire.web_ports(placed)
    webs, held = [name for name in here if name in ports], [one.name for one in found if one.restart != "no"]
    bound = retire.drain_seconds(placed)
    limit = commands.grace_seconds(placed.stack.of_kind(*SCALED)) + commands.GRACE_MARGIN_SECONDS
    arguments = {"containers": {name: ports[name] for name in webs}}
    why = f"let connections to {', '.join(webs)} end by themselves, for at most {bound} s"
    left = bound if led_to else max(bound - elapsed_seconds, 0)
    drain = Step("drain-surplus", "drain", why, arguments=arguments, limit_seconds=left)
    return [
        *([traffic.move(placed, None)] if led_to else []),
        *_rule("restart-surplus", sorted(held), "no", "keep down after a power cut what is too much"),
        *_stop("stop-surplus-workers", [name for name in here if name not in ports], "let workers finish their jobs"),
        *([drain] if webs else []),
        *_stop("stop-surplus", webs, f"end {', '.join(webs)}"),
        Step("surplus-ended", "ended", f"wait until {', '.join(here)} ended", (), {"containers": here}, limit),
        Step("remove-surplus", "run", f"take {', '.join(here)} off the host", ("docker", "rm", "--force", "--volumes", *here)),
    ]
