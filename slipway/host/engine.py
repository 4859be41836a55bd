"""Run a request: the one function behind site.yml and `fab deploy`."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import HostError, LockHeld, SlipwayError
from ..model import Stack
from ..notices import message
from ..placement import Placed
from ..plan import canary as canary_plan
from ..plan import deploy as plan
from ..plan.migration import Schema
from ..plan.step import Step
from ..render.canary import Share
from . import allot, canary, choices, counts, fit, held, locked, notices, pinned, policy, records, restart, resume, scale
from .actions import carry_out
from .allot import Wish
from .docker import Silent
from .machine import Work
from .prune import drop_tags, keep_record_only, prune
from .records import Release, Request
from .site import site_of, site_repairs
from .steps import Done, carry_out_all


@dataclass(frozen=True, slots=True)
class Result:
    """What a request came to; `code` is the exit code, `saved` what was saved before a migration."""

    verdict: str
    changed: bool
    release: int | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str = ""
    code: int = 0
    watch_until: str = ""
    saved: tuple[Mapping[str, Any], ...] = ()


def run(work: Work, request: Request) -> Result:
    """Run a request to its verdict; the caller holds the lock."""
    began, served = time.monotonic(), work.serving().current
    work = replace(work, request=request.id, warnings=[], saved=[])
    values = work.secrets.received(request.id)
    work = work.with_values(values, {})
    together = {"together": request.together} if request.together else {}
    work.note({"event": "begin", "who": request.who, "why": request.why, "commit": request.commit, **together})
    try:
        if request.ends is None:  # a canary was held to the policy before it began
            policy.check(work.machine.layout, request, values)
        result = _decide(work, request, values)
    except SlipwayError as error:
        result = Result(
            "refused", changed=False, release=work.serving().current, error=work.mask(str(error)), code=error.exit_code
        )
    result = replace(result, warnings=tuple(dict.fromkeys(work.warnings)), saved=tuple(work.saved))
    result = replace(result, seconds=round(time.monotonic() - began, 3))
    work.note({"event": "result", "result": asdict(result)})
    asked = message.Asked(request.who, request.why, request.commit, request.verb, request.returns_to, served)
    notices.tell(work, message.of_result(work.folder.name, asdict(result), asked))
    return result


def _decide(work: Work, request: Request, values: Mapping[str, str]) -> Result:
    cut_short = unfinished(work)
    lacked = lacking(work) if cut_short else []
    healed = _heal(work) if cut_short else []
    result = _run(work, request, values)
    return replace(result, changed=result.changed or bool(lacked), steps=(*_shown(healed), *result.steps))


def _heal(work: Work) -> list[Done]:
    """Heal what an earlier run left; a release that cannot be healed stays, as its correction may be what is asked for."""
    try:
        return resume.heal(work)
    except SlipwayError as error:
        if work.serving().next is not None:
            raise
        work.warn(f"what an earlier run left could not be healed: {error}")
        return []


def _run(work: Work, request: Request, values: Mapping[str, str]) -> Result:
    if request.ends is not None:
        return _canary_ended(work, request)
    if request.counts:
        return _scaled(work, request)
    return _restarted(work, request) if request.services else _release(work, request, values)


def _canary_ended(work: Work, request: Request) -> Result:
    """Have a canary serve all visitors, or none."""
    release = canary.asked_for(work, request)
    work = replace(resume.with_release(work, release), release=release.number)
    try:
        done = canary.end(work, release, request, _before(work, resume.serving_release(work), request))
    except SlipwayError as error:
        if isinstance(error, Silent | LockHeld) and work.serving().tried == release.number:
            raise  # Docker is down, or a person locked the stack: that says nothing of the canary, which goes on
        return _failed(work, release, error)
    prune(work)
    verdict, serving = "aborted" if request.verb == canary.ABORT else "serving", work.serving()
    shown, until = urls(work, release.stack), serving.watch_until
    return Result(verdict, changed=True, release=serving.current, steps=_shown(done), urls=shown, watch_until=until)


def _restarted(work: Work, request: Request) -> Result:
    """Restart services of the release that serves in their place; what did not come back is left out of the traffic."""
    current = resume.serving_release(work)
    work = replace(resume.in_force(work), release=current.number, something_waits=lambda: False)  # it is its own drain
    steps, done = restart.steps(work, current, request), list[Done]()
    try:
        for step in steps:
            done += carry_out_all(work, [step], carry_out)
    except SlipwayError as error:
        cause = f"{work.mask(str(error))}\n(what was not restarted runs on; `fab resume {work.folder.name}` leads to all again)"
        return Result("incomplete", bool(done), current.number, _shown(done), error=cause, code=error.exit_code)
    work.note({"event": "restarted", "who": request.who, "why": request.why, "services": list(request.services)})
    return Result("restarted", changed=True, release=current.number, steps=_shown(done), urls=urls(work, current.stack))


def _scaled(work: Work, request: Request) -> Result:
    """Have other counts of the release that serves; what failed before the choice was kept leaves again by itself."""
    current = resume.serving_release(work)
    work = replace(resume.in_force(work), release=current.number)
    before = choices.read(work.folder)
    try:
        steps = scale.steps(work, current, request)
        if not steps:
            return _unchanged(work, current)
        done = carry_out_all(work, steps, carry_out)
    except SlipwayError as error:
        kept = choices.read(work.folder) == before
        if not kept:
            _heal(work)  # the traffic goes by the choice, whatever failed behind it
        said = "the counts stay as they were" if kept else "the choice is kept; run this again, it goes on from there"
        verdict, cause = ("not scaled" if kept else "incomplete"), f"{work.mask(str(error))}\n({said})"
        return Result(verdict, not kept, current.number, error=cause, code=error.exit_code)
    return Result("scaled", changed=True, release=current.number, steps=_shown(done), urls=urls(work, current.stack))


def _release(work: Work, request: Request, values: Mapping[str, str]) -> Result:
    current = resume.current_release(work)
    generation = work.secrets.generation_of(values)
    if current and not request.base and request.verb != restart.VERB and same(current, request.stack, generation):
        if request.verb in pinned.CHOOSING:
            pinned.note(work.folder, current, request)
        canary.tell(work)
        return _unchanged(work, current)
    if current and (said := pinned.left(work.folder, current, request)):
        work.warn(said)
        return replace(_unchanged(work, current), verdict="left")
    if tried := canary.tried(work):
        return _beside(work, tried, request, generation)
    locked.check(work.folder)
    generation = work.secrets.settle(values)
    percent = canary.percent(work, request, current)
    return _deploy(work, Wish(request, records.fingerprint(request.stack, generation), generation, percent), current)


def _beside(work: Work, tried: Release, request: Request, generation: int | None) -> Result:
    """Leave a canary that is asked for once more; refuse everything else beside it."""
    found = work.serving().canary
    if found is None or not canary.asked_again(request, alike=same(tried, request.stack, generation)):
        raise canary.refusal(work)
    canary.tell(work)
    return Result("canary", changed=False, release=tried.number, urls=urls(work, tried.stack), watch_until=found.until)


def same(current: Release, stack: Stack, generation: int | None) -> bool:
    """Say whether a stack with these secrets is what serves already; values nobody has seen are of no generation."""
    agrees = pinned.agree(current, stack)
    return generation is not None and agrees and current.fingerprint == records.fingerprint(stack, generation)


def unfinished(work: Work) -> bool:
    """Say whether an earlier run may have left something to heal: it died, or an old release is still on its way out."""
    serving = work.serving()
    return serving.next is not None or bool(serving.old)


def _unchanged(work: Work, current: Release) -> Result:
    """Bring back what the release lost, and its site where the host's own words changed."""
    work = replace(resume.in_force(work), release=current.number)
    done = carry_out_all(work, site_repairs(work, current), carry_out)
    if lacking(work):
        done += resume.heal(work)
    verdict = "serving" if done else "unchanged"
    return Result(verdict, bool(done), current.number, _shown(done), urls=urls(work, current.stack))


def lacking(work: Work) -> list[Step]:
    """Return what the release that serves has lost: the steps of a resume that change something."""
    found = resume.planned(work)
    return [step for step in found if step.action in ("start", "restart", "remove") or step.name == "remove-strays"]


def _deploy(work: Work, wish: Wish, current: Release | None) -> Result:
    stack = wish.request.stack
    _check_edge(work, stack)
    choices.read(work.folder)  # refused where it cannot be read: a release would begin with other counts than were chosen
    known = allot.known_references(stack, current, records.last_release(work.folder))
    done = carry_out_all(work, [fit.step(work, wish.request, current, known)], carry_out)
    found = allot.fetch(work, stack, known)
    held.check(work, wish.request, wish.generation, found.references)
    base = records.last_placement(work.folder) if resume.base_in_force(work) else None
    release = allot.allot(work, wish, found, base)
    work = replace(work.with_generations(wish.generation, release.placement.base_generation), release=release.number)
    allot.write_secret_files(work, release)
    try:
        for text in passed(work, release):
            work.warn(text)
        steps = planned(work, release, current, wish.request, wish.percent)
        done += carry_out_all(work, steps, carry_out)
    except SlipwayError as error:
        return _failed(work, release, error)
    tried = work.serving().canary
    if tried:
        canary.tell(work)
        canary.tell_contracted(work, release, current)
    else:
        pinned.note(work.folder, release, wish.request)
    prune(work)
    verdict, until = ("canary", tried.until) if tried else ("serving", work.serving().watch_until)
    return Result(verdict, changed=True, release=release.number, steps=_shown(done), urls=urls(work, stack), watch_until=until)


def _check_edge(work: Work, stack: Stack) -> None:
    if stack.domains and not work.machine.nginx.running:
        raise HostError("nginx does not run on this host", "look at `systemctl status nginx`, then run this again")


def planned(work: Work, release: Release, current: Release | None, request: Request, percent: int = 0) -> list[Step]:
    """Return the steps that make a release serve, or a canary for a percentage of the visitors."""
    before, own = _before(work, current, request, returns=release.returns_to is not None), site_of(work, release)
    if current and percent:
        new = canary.placed(release)
        return canary_plan.begin(new, before, own, site_of(work, current, Share(new, percent)), percent)
    return plan.steps(counts.placed(work.folder, release), before, own)


def _before(work: Work, current: Release | None, request: Request, *, returns: bool = False) -> plan.Before:
    return plan.Before(
        old=counts.placed(work.folder, current) if current else None,
        base=resume.base_in_force(work),
        base_allowed=request.base,
        site=work.machine.nginx.site(work.folder.name),
        migrated=migrated(work),
        schema=schema(work),
        returns=returns,
        together=request.together,
    )


def passed(work: Work, release: Release) -> list[str]:
    """Return a sentence for each migration task of a release that will not run."""
    tasks = plan.passed_migrations(Placed(release.stack, release.placement), migrated(work))
    why = "this image's migrations ran for an earlier release, and the schema only goes forward"
    return [f"{task} is not run: {why}" for task in tasks]


def migrated(work: Work) -> frozenset[str]:
    """Return the images whose migrations must not run again: a later one brought the schema further."""
    return frozenset(records.migrations(work.folder)[:-1])


def schema(work: Work) -> Schema:
    """Return what is known of the schema in force."""
    return Schema(records.migrated(work.folder), records.revisions(work.folder))


def _failed(work: Work, release: Release, error: SlipwayError) -> Result:
    """Take back what never served; what serves already is left for a resume, which only goes forward."""
    cause = work.mask(str(error))
    if work.serving().current == release.number:
        text = f"release {release.number} serves, but what follows the switch failed:\n{cause}"
        again = "\n  next: run this again, it goes on from there"
        return Result("incomplete", changed=True, release=release.number, error=text + again, code=HostError.exit_code)
    if release.number in work.serving().retiring:
        text = f"release {release.number} is taken back, but what follows failed:\n{cause}"
        again = f"\n  next: fab resume {work.folder.name}, it goes on from there"
        return Result("incomplete", changed=True, release=work.serving().current, error=text + again, code=HostError.exit_code)
    if work.serving().tried == release.number:
        canary.abort(work, release, canary.Ended(f"it could not go on: {cause}"))
        serves = work.serving().current
        cause += f"\n(release {serves} serves all visitors on)"
        return Result("refused", changed=True, release=serves, error=cause, code=error.exit_code)
    work.machine.say(f"refused: {cause}\ntake release {release.number} back")
    cause += _taken_back(work, release)
    serves = work.serving().current
    kept = f"release {serves} serves on" if serves is not None else "nothing serves yet"
    return Result("refused", changed=False, release=serves, error=f"{cause}\n({kept})", code=error.exit_code)


def _taken_back(work: Work, release: Release) -> str:
    """Take a release back; return what could not be, for a later resume to heal."""
    try:
        carry_out_all(work, plan.back(Placed(release.stack, release.placement)), carry_out)
        drop_tags(work, release.number)
        keep_record_only(work, release.number)
    except SlipwayError as error:
        return f"\ntaking release {release.number} back failed too, the next run does it: {work.mask(str(error))}"
    return ""


def _shown(done: Sequence[Done]) -> tuple[Mapping[str, Any], ...]:
    return tuple({"name": step.name, "why": step.why, "seconds": step.seconds} for step in done)


def urls(work: Work, stack: Stack) -> tuple[str, ...]:
    """Return the addresses people use."""
    edge = work.machine.edge if stack.domains else None
    return tuple(edge.address(stack.domains[key].name) for key in sorted(stack.domains)) if edge else ()
