"""Change how many replicas run, without another release; say how many do, and who chose it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..codec import to_json
from ..model import Service, Stack
from ..placement import Placed
from ..plan import counts as plan
from ..plan import scale
from ..plan.step import Step
from . import choices, records, resume
from .choices import By
from .docker import Container
from .machine import Work
from .records import Release, Request


def words(work: Work, data: Mapping[str, Any], wanted: Mapping[str, int]) -> dict[str, Any]:
    """Return a controller's wish for other counts as a request; raise BadCount where they cannot be had."""
    current = resume.serving_release(work)
    plan.judge(current.stack, wanted)
    asked = ", ".join(f"{name}={count}" for name, count in wanted.items())
    return {
        **{name: data[name] for name in ("who", "commit", "why") if name in data},
        "why": data.get("why") or f"fab scale {work.folder.name} {asked}",
        "schema": records.SCHEMA,
        "stack": to_json(current.stack),
        "secrets": dict(resume.in_force(work).secret_values),
        "verb": "scale",
        "counts": dict(wanted),
    }


def steps(work: Work, current: Release, request: Request) -> list[Step]:
    """Return what leads to the counts of a request; nothing where they were chosen already."""
    plan.judge(current.stack, request.counts)
    before = choices.read(work.folder).counts
    after = plan.kept(current.stack, before, request.counts)
    if after == dict(before):
        return []
    now, then = (Placed(plan.chosen(current.stack, found), current.placement) for found in (before, after))
    choice = {"counts": after, "asked": dict(request.counts), "who": request.who, "why": request.why}
    return scale.steps(now, then, work.machine.docker.listed(f"slipway.stack={work.folder.name}"), choice)


def rows(work: Work) -> list[dict[str, Any]]:
    """Return for each service that runs on how many replicas it has, its bounds, and who chose that."""
    current, made = resume.serving_release(work), choices.read(work.folder)
    stack, number = plan.chosen(current.stack, made.counts), str(current.number)
    present = work.machine.docker.containers(f"slipway.stack={stack.name}")
    ours = [item for item in present if item.labels.get("slipway.release", number) == number]
    return [
        row(service, made.counts.get(service.name), made.counted_by.get(service.name), current.stack, ours)
        for service in stack.of_kind("web", "worker", "scheduler", "store")
    ]


def row(service: Service, chosen: int | None, by: By | None, file: Stack, present: Sequence[Container]) -> dict[str, Any]:
    """Return a service's line; `chosen` is what was asked for, which may be outside of bounds that were set since."""
    bounds = file.services[service.name].scale if service.kind in plan.SCALED else None
    running = [item for item in present if item.labels.get("slipway.service") == service.name and item.running]
    told = by if bounds and by else By("", "")
    return {
        "service": service.name,
        "kind": service.kind,
        "wanted": 1 if service.kind == "store" else service.replicas_started,
        "running": len(running),
        "min": bounds.min if bounds else None,
        "max": bounds.max if bounds else None,
        "chosen": chosen if bounds else None,
        "who": told.who,
        "at": told.at,
        "why": told.why,
    }
