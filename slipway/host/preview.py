"""Tell what a run would do, changing nothing."""

from collections.abc import Mapping
from typing import Any

from ..plan.place import Images, place
from ..plan.step import Step
from . import allot, records, resume
from .allot import Wish
from .engine import Result, planned, same, unfinished, urls
from .images import repository
from .machine import Work
from .records import Release, Request

UNKNOWN = "sha256:" + "0" * 64


def preview(work: Work, request: Request, values: Mapping[str, str]) -> Result:
    """Return what a run would do, changing nothing; what only a pull can tell is said to be unknown."""
    work = work.with_values(values, {})
    current, generation = resume.current_release(work), work.secrets.generation_of(values)
    heal = [_shown(step) for step in resume.planned(work)] if unfinished(work) else []
    if current and not request.base and same(current, request.stack, generation):
        return Result("unchanged", bool(heal), current.number, tuple(heal), urls=urls(work, request.stack))
    wish = Wish(request, "", generation if generation is not None else max(work.secrets.generations(), default=0) + 1)
    release, unseen = _imagined(work, wish, current)
    steps = [_shown(step) for step in planned(work, release, current, base_allowed=request.base)]
    warnings = tuple(f"the image {name} is not on this host yet: its digest and user are settled at the run" for name in unseen)
    return Result("would deploy", bool(steps), release.number, (*heal, *steps), warnings, urls(work, request.stack))


def _imagined(work: Work, wish: Wish, current: Release | None) -> tuple[Release, list[str]]:
    stack = wish.request.stack
    known = allot.known_references(stack, current, records.last_release(work.folder))
    references = {name: reference or _unknown(stack.services[name].image) for name, reference in known.items()}
    last = records.last_placement(work.folder)
    users = {name: last.users.get(name, 0) if last else 0 for name in stack.services}
    number = max([records.given_number(work.folder), *records.releases(work.folder)]) + 1
    placed = place(stack, number, allot.taken(work.machine, work.folder), last, Images(references, users))
    placement = allot.with_generations(work, wish, placed, last if resume.base_in_force(work) else None)
    unseen = {stack.services[name].image for name, reference in known.items() if not reference}
    return allot.release_of(wish, placement), sorted(unseen)


def _unknown(image: str) -> str:
    return f"{repository(image)}@{UNKNOWN}"


def _shown(step: Step) -> Mapping[str, Any]:
    return {"name": step.name, "why": step.why, "argv": list(step.argv)}
