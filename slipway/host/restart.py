"""Restart what serves: all of it as a release like the one before, or services in their place."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..codec import to_json
from ..errors import HostError
from ..plan import restart as plan
from ..plan.step import Step
from . import counts, records, resume, rollback
from .machine import Work
from .records import Release, Request

VERB = "restart"


def words(work: Work, data: Mapping[str, Any], services: Sequence[str]) -> dict[str, Any]:
    """Return a controller's wish as a request, with the secrets that serve; without services it is a release of its own."""
    current = resume.serving_release(work)
    if services:
        _judge(work, current, services)
    return {
        **{name: data[name] for name in ("who", "commit") if name in data},
        "why": data.get("why") or " ".join(["fab restart", work.folder.name, *services]),
        "schema": records.SCHEMA,
        "stack": to_json(current.stack if services else rollback.as_it_was(current)),
        "secrets": dict(resume.in_force(work).secret_values),
        "verb": VERB,
        "services": list(services),
    }


def steps(work: Work, current: Release, request: Request) -> list[Step]:
    """Return what restarts the services of a request in their place."""
    _judge(work, current, request.services)
    present = work.machine.docker.containers(f"slipway.stack={work.folder.name}")
    well = {item.name for item in present if item.running and item.health in ("healthy", "")}
    return plan.steps(counts.placed(work.folder, current), request.services, well)


def _judge(work: Work, current: Release, services: Sequence[str]) -> None:
    plan.judge(counts.placed(work.folder, current).stack, services)
    if work.serving().watched:
        raise HostError(
            f"release {current.number} has to prove itself, and a restart would be held against it",
            f"wait until its watch is over, or: fab restart {work.folder.name}",
        )
