"""Tell what a run would do, changing nothing: its steps, and what a person wants to know before."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..changes.stack import compare
from ..errors import ReleaseRefused
from ..model import Stack
from ..plan import base
from ..plan.base import BaseChange
from ..plan.place import Images, place
from ..plan.step import Step
from ..policy.images import repository
from ..render.base import base_project
from . import allot, canary, clock, counts, engine, fit, held, maintenance, pinned, policy, records, resume
from .allot import Wish
from .engine import Result, same, urls
from .losses import losses
from .machine import Work
from .records import Release, Request
from .site import site_repairs

UNKNOWN = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done, and `found` for the reader: plain values, secrets by name only."""

    result: Result
    found: Mapping[str, Any] = field(default_factory=dict)


def preview(work: Work, request: Request, values: Mapping[str, str]) -> Preview:
    """Return what a run would do; what only a pull can tell is said to be unknown."""
    request = replace(request, deployer=work.machine.asker.deployer)
    policy.check_preview(work.machine.layout, request, values, work.machine.asker)
    current, generation = resume.current_release(work), work.secrets.generation_of(values)
    serving = _values(work, current)
    work = work.with_values(values, serving)
    if current and not request.base and same(current, request.stack, generation):
        shown = _repaired(work, request, current)
    elif current and (said := pinned.left(work.folder, current, request)):
        shown = _left(_repaired(work, request, current), said)
    elif tried := canary.tried(work):
        shown = _beside(work, tried, request, generation)
    else:
        shown = _deployed(work, request, current, generation)
    secrets = {
        "added": sorted(values.keys() - serving.keys()),
        "removed": sorted(serving.keys() - values.keys()),
        "changed": sorted(name for name in values.keys() & serving.keys() if values[name] != serving[name]),
    }
    lost = [asdict(loss) for loss in losses(work)]
    found = {
        "serving": current.number if current else None,
        "secrets": secrets,
        "lost": lost,
        "chosen": [*maintenance.told(work.folder), *counts.told(work.folder, request.stack)],
        **shown.found,
    }
    return Preview(shown.result, work.masked(found))


def _values(work: Work, current: Release | None) -> Mapping[str, str]:
    number = current.placement.secrets_generation if current else 0
    return work.secrets.values(number) if number in work.secrets.generations() else {}


def _repaired(work: Work, request: Request, current: Release) -> Preview:
    """Return what brings back what the release that serves has lost."""
    steps = [*site_repairs(work, current), *engine.lacking(work)]
    verdict = "would bring back" if steps else "unchanged"
    result = Result(verdict, bool(steps), current.number, _shown(steps), urls=urls(work, request.stack))
    return Preview(result, {"repairs": [step.why for step in steps]})


def _left(shown: Preview, said: str) -> Preview:
    """Return what is left as it is, with the reason."""
    verdict = shown.result.verdict if shown.result.changed else "left"
    return Preview(replace(shown.result, verdict=verdict, warnings=(said,)), {**shown.found, "left": said})


def _beside(work: Work, tried: Release, request: Request, generation: int | None) -> Preview:
    """Return that a canary which is asked for again is left, and that nothing else is released beside it."""
    if canary.asked_again(request, alike=same(tried, request.stack, generation)):
        result = Result(
            "canary", changed=False, release=tried.number, urls=urls(work, tried.stack), warnings=(canary.told(work),)
        )
        return Preview(result, {"left": canary.told(work)})
    refused = canary.refusal(work)
    return Preview(Result("refused", changed=False, release=tried.number, error=str(refused), code=refused.exit_code))


def _deployed(work: Work, request: Request, current: Release | None, generation: int | None) -> Preview:
    heal = resume.planned(work) if engine.unfinished(work) else []
    percent, no_canary = _percent(work, request, current)
    wish = Wish(request, "", generation if generation is not None else max(work.secrets.generations(), default=0) + 1, percent)
    release, unseen = _imagined(work, wish, current)
    change = base.compare(resume.base_in_force(work), base_project(release.stack, release.placement))
    room = fit.step(work, request, current, release.placement.images)
    fits = fit.judge(work, room)
    refused = _refused(work, change, wish, release) or no_canary or fits.error
    made = [] if change.networks else engine.planned(work, release, current, replace(request, base=True), percent)
    steps = [room, *made] if made else []
    first = [f"release {release.number} would be a canary for {percent} % of the visitors first"] if percent else []
    result = Result("would deploy", changed=True, release=release.number, steps=_shown([*heal, *steps]))
    result = replace(
        result, urls=urls(work, request.stack), warnings=tuple([*first, *engine.passed(work, release), *unseen, *fits.notes])
    )
    if refused:
        result = replace(result, verdict="refused", changed=False, error=str(refused), code=refused.exit_code)
    return Preview(result, {**_reading(work, request.stack, current, steps), "base": asdict(change)})


def _percent(work: Work, request: Request, current: Release | None) -> tuple[int, ReleaseRefused | None]:
    try:
        return canary.percent(work, request, current), None
    except ReleaseRefused as refused:
        return 0, refused


def _refused(work: Work, change: BaseChange, wish: Wish, release: Release) -> ReleaseRefused | None:
    known = {name: image for name, image in release.placement.images.items() if not image.endswith(UNKNOWN)}
    try:
        base.judge(change, wish.request.stack.name, wish.request.base)
        held.check(work, wish.request, wish.generation, known)
    except ReleaseRefused as refused:
        return refused
    return None


def _reading(work: Work, stack: Stack, current: Release | None, steps: Sequence[Step]) -> dict[str, Any]:
    asked = any(step.action == "certificates" for step in steps)
    return {
        "changes": [asdict(change) for change in compare(current.stack if current else None, stack)],
        "tasks": [step.name.removeprefix("task-") for step in steps if step.action == "task"],
        "certificates": _certificates(work, stack) if asked else {},
    }


def _certificates(work: Work, stack: Stack) -> dict[str, str]:
    """Return the domains that a certificate is asked for, each with the reason."""
    found = {domain.name: _wanting(work, domain.name, [domain.name, *domain.redirect_from]) for domain in stack.domains.values()}
    return {name: why for name, why in sorted(found.items()) if why}


def _wanting(work: Work, domain: str, names: Sequence[str]) -> str:
    certificates = work.machine.certificates
    if not certificates.present(domain):
        return "there is none yet"
    return certificates.wanting(domain, names, work.machine.edge, clock.utc())


def _imagined(work: Work, wish: Wish, current: Release | None) -> tuple[Release, list[str]]:
    stack = wish.request.stack
    known = allot.known_references(stack, current, records.last_release(work.folder))
    references = {name: reference or _unknown(stack.services[name].image) for name, reference in known.items()}
    last = records.last_placement(work.folder)
    users = {name: last.users.get(name, 0) if last else 0 for name in stack.services}
    number = max([records.given_number(work.folder), *records.releases(work.folder)]) + 1
    placed = place(
        stack, number, allot.taken(work.machine, work.folder), last, Images(references, users), canary=bool(wish.percent)
    )
    placement = allot.with_generations(work, wish, placed, last if resume.base_in_force(work) else None)
    unseen = {stack.services[name].image for name, reference in known.items() if not reference}
    texts = [f"the digest and the user of {name} are settled at the run" for name in sorted(unseen)]
    return allot.release_of(wish, placement), texts


def _unknown(image: str) -> str:
    return f"{repository(image)}@{UNKNOWN}"


def _shown(steps: Sequence[Step]) -> tuple[Mapping[str, Any], ...]:
    return tuple({"name": step.name, "why": step.why, "argv": list(step.argv)} for step in steps)
