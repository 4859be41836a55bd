"""Plan an orderly way down: no job and no request is cut, stores close last, and only where nothing speaks against it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..placement import Placed
from ..render import names
from . import commands
from .step import Step

EDGE_SECONDS = 60  # nobody is let in meanwhile: longer connections, such as WebSockets, are closed then
MARGIN_SECONDS = 120  # the way down itself
AGAIN_HOURS = 12


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides whether a host reboots now.

    `wants` says why it should; `left_seconds` is the rest of the window, 0 outside of it; `since_hours` passed since this host
    last rebooted itself, None where it never did.
    """

    wants: Sequence[str]
    allowed: bool
    left_seconds: int
    needed_seconds: int
    since_hours: float | None = None


def obstacle(facts: Facts) -> str:
    """Return what keeps a host that wants a reboot from it now, or nothing."""
    if not facts.allowed:
        return "`updates.reboot` is false in the inventory"
    if facts.left_seconds == 0:
        return "outside the window"
    if facts.left_seconds < facts.needed_seconds:
        return f"the stacks may need {facts.needed_seconds} s to end their work, the window has {facts.left_seconds} s left"
    if facts.since_hours is not None and facts.since_hours < AGAIN_HOURS:
        return f"the last reboot of this kind was {facts.since_hours:.1f} hours ago and did not help"
    return ""


def needed_seconds(stacks: Sequence[Placed]) -> int:
    """Return the longest that a way down may take."""
    return jobs_seconds(stacks) + edge_seconds(stacks) + closing_seconds(stacks) + MARGIN_SECONDS


def jobs_seconds(stacks: Sequence[Placed]) -> int:
    """Return the longest that jobs may take to end."""
    graces = [commands.grace_seconds(placed.stack.of_kind("worker", "scheduler")) for placed in stacks]
    return max(graces, default=0) + commands.GRACE_MARGIN_SECONDS


def edge_seconds(stacks: Sequence[Placed]) -> int:
    """Return the longest that open requests and connections are waited for."""
    routes = [route for placed in stacks for web in placed.stack.of_kind("web") for route in web.routes]
    return min(max((route.drain_seconds for route in routes), default=0), EDGE_SECONDS)


def closing_seconds(stacks: Sequence[Placed]) -> int:
    """Return the longest that web containers and then stores may take to end."""
    return sum(
        max((commands.grace_seconds(placed.stack.of_kind(kind)) for placed in stacks), default=0) + commands.GRACE_MARGIN_SECONDS
        for kind in ("web", "store")
    )


def end_jobs(placed: Placed) -> list[Step]:
    """Return the step that tells schedulers and workers to end; nothing waits for them yet."""
    why = "let workers finish their jobs and begin no new one"
    return _stop("end-jobs", why, _of(placed, "scheduler", "worker"))


def jobs_ended(placed: Placed) -> list[Step]:
    """Return the step that waits for the last jobs."""
    return _ended("jobs-ended", "wait for the last jobs", _of(placed, "scheduler", "worker"), jobs_seconds([placed]))


def close(placed: Placed) -> list[Step]:
    """Return the steps that end web containers, then stores; at boot Docker starts the release again, a resume the stores."""
    web, limit = _of(placed, "web"), closing_seconds([placed])
    stores = [names.store_container(placed.stack.name, store.name) for store in placed.stack.of_kind("store")]
    kept = commands.started_containers(placed, placed.stack.of_kind(*commands.RUNNING))
    # What was stopped by an order, Docker starts at boot by this rule only; the resume sets its own rule again.
    back = commands.restart("back-at-boot", kept, "always", "have Docker start the release side by side at the next boot")
    return [
        *([back] if kept else []),
        *_stop("end-web", "end the web containers, nobody asks them any more", web),
        *_ended("web-ended", "wait for the web containers", web, limit),
        *_stop("close-stores", "close the stores in order", stores),
        *_ended("stores-closed", "wait for the stores", stores, limit),
    ]


def still_ending(placed: Placed, begun: Collection[str]) -> list[Step]:
    """Return the steps that wait for what was told to end and may not have ended yet, by the names of the steps that began."""
    every = [*end_jobs(placed), *jobs_ended(placed), *close(placed)]
    told = [step.arguments["containers"] for step in every if step.action == "stop" and step.name in begun]
    return [step for step in every if step.action == "ended" and step.arguments["containers"] in told]


def _of(placed: Placed, *kinds: str) -> list[str]:
    return commands.all_containers(placed, [service for service in placed.stack.services.values() if service.kind in kinds])


def _stop(name: str, why: str, containers: list[str]) -> list[Step]:
    argv = ("docker", "stop", *containers)
    return [Step(name, "stop", why, argv, {"containers": containers})] if containers else []


def _ended(name: str, why: str, containers: list[str], limit: int) -> list[Step]:
    return [Step(name, "ended", why, (), {"containers": containers}, limit)] if containers else []
