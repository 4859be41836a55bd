"""A release that meets a share of the visitors beside the one that serves: may it, and what becomes of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..codec import to_json
from ..errors import HostError, ReleaseRefused, SlipwayError
from ..placement import Placed
from ..plan import canary as plan
from ..plan.deploy import Before
from . import contracts, counts, locked, pinned, records, resume
from .actions import carry_out
from .machine import Work
from .records import Release, Request
from .site import site_of
from .steps import Done, carry_out_all

PROMOTE, ABORT = "promote", "abort"
SHARING = ("", "deploy")  # who goes back or starts anew wants it for all visitors at once
MOST_PERCENT = 99


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a canary is taken back, and in the journal's word how: `returned` by the host, or `aborted` by a person."""

    text: str
    how: str = "returned"
    trigger: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


def percent(work: Work, request: Request, current: Release | None) -> int:
    """Return which share of the visitors is to meet a request's release first, 0 for none; raise where that cannot be."""
    words = request.stack.canary
    asked = request.canary if request.canary is not None else words.percent if words else 0
    if not asked or request.verb not in SHARING:
        return 0
    if not 0 <= asked <= MOST_PERCENT:
        raise ReleaseRefused(f"a canary for {asked} % of the visitors of {work.folder.name}", f"ask for 1 to {MOST_PERCENT}")
    if current is None:
        work.warn("nothing serves yet: the release is no canary")
        return 0
    if request.together:
        return _together(work, request)
    if work.serving().watched:
        cause = f"release {current.number} of {work.folder.name} has to prove itself first, until {work.serving().watch_until}"
        raise ReleaseRefused(f"{cause}: a canary is judged beside it", f"wait, or: fab deploy {work.folder.name} --canary 0")
    plan.judge(request.stack, current.stack)
    return asked


def _together(work: Work, request: Request) -> int:
    """Refuse the share that a person asked for, and say that the stack file's is left out: one host at a time has a canary."""
    if request.canary:
        raise ReleaseRefused(f"a canary of {work.folder.name} runs on one host", "name it: `--host NAME`; or: `--canary 0`")
    work.warn("the release is no canary, as it goes to several hosts at once; `--host NAME` tries it on one of them")
    return 0


def tried(work: Work) -> Release | None:
    """Return the record of the canary that runs, if there is one."""
    number = work.serving().tried
    return None if number is None else records.release(work.folder, number)


def placed(release: Release) -> Placed:
    """Return a canary as it runs: as many replicas as the stack file starts, as a share is all it gets."""
    return Placed(release.stack, release.placement)


def asked_again(request: Request, *, alike: bool) -> bool:
    """Say whether a request is for the canary that runs; hosts that switch together want it for all visitors, which it is not."""
    return alike and not request.together


def refusal(work: Work) -> ReleaseRefused:
    """Return why nothing else is released beside a canary."""
    return ReleaseRefused(f"{_said(work)}, and one is tried at a time", f"decide on it first: {_ways(work)}")


def told(work: Work) -> str:
    """Return in a sentence that a canary runs and how it ends; nothing where none does."""
    found = work.serving().canary
    until = f", and at {found.until} it serves all where it holds" if found and found.until else ""
    return f"{_said(work)}: {_ways(work)}{until}" if found else ""


def tell(work: Work) -> None:
    """Warn that a canary runs, where one does."""
    if said := told(work):
        work.warn(said)


def _said(work: Work) -> str:
    found = work.serving().canary
    return f"release {found.number} of {work.folder.name} is a canary for {found.percent} % of the visitors" if found else ""


def _ways(work: Work) -> str:
    return f"`fab promote {work.folder.name}` gives it all visitors, `fab abort {work.folder.name}` takes it back"


def words(work: Work, data: Mapping[str, Any], verb: str) -> dict[str, Any]:
    """Return the wish to end the canary that runs as a request."""
    release = tried(work)
    if release is None:
        raise HostError(
            f"no canary of {work.folder.name} runs here", f"fab deploy {work.folder.name} VERSION --canary 10 begins one"
        )
    return {
        **{name: data[name] for name in ("who", "commit") if name in data},
        "why": data.get("why") or f"fab {verb} {work.folder.name}",
        "schema": records.SCHEMA,
        "stack": to_json(release.stack),
        "secrets": dict(resume.with_release(work, release).secret_values),
        "verb": verb,
        "ends": release.number,
    }


def asked_for(work: Work, request: Request) -> Release:
    """Return the canary that a request ends; it may have ended since it was asked."""
    release = tried(work)
    if release is None or release.number != request.ends:
        raise HostError(f"release {request.ends} of {work.folder.name} is no canary any more", f"fab releases {work.folder.name}")
    return release


def end(work: Work, release: Release, request: Request, before: Before) -> list[Done]:
    """Have a canary serve all visitors, or none, as a person asked for."""
    if request.verb == ABORT:
        return abort(work, release, Ended(f"{request.who}: {request.why}", "aborted"))
    locked.check(work.folder)
    steps = plan.promote(counts.placed(work.folder, release), before, site_of(work, release))
    done = carry_out_all(work, steps, carry_out)
    pinned.note(work.folder, release, _as_begun(release, request))
    return done


def abort(work: Work, release: Release, why: Ended) -> list[Done]:
    """Take a canary back and hold it; its visitors are led to the release that serves before anything else."""
    serving = resume.serving_release(work)
    began, done, failed = time.monotonic(), list[Done](), ""
    steps = plan.abort(placed(release), counts.placed(work.folder, serving), site_of(work, serving))
    try:
        for step in steps:
            done += carry_out_all(work, [step], carry_out)
    except SlipwayError as error:
        if work.serving().tried == release.number:
            raise  # nothing moved
        failed = work.mask(str(error))
    seconds = round(time.monotonic() - began, 3)
    shown = {"from": release.number, "to": serving.number, "trigger": why.trigger, "text": why.text, "how": why.how}
    work.note({"event": "returned", **shown, "numbers": dict(why.numbers), "seconds": seconds, "failed": failed})
    return [*done, *(resume.heal(work) if failed else [])]


def tell_contracted(work: Work, release: Release, current: Release | None) -> None:
    """Warn where the release that serves may lack what a migration of the canary took away."""
    try:
        contracts.judge(work.folder, current.number if current else release.number)
    except ReleaseRefused:
        lacks = f"release {current.number if current else 0}, which serves the other visitors, may need what it took away"
        work.warn(f"a migration ran that `contracts` names: {lacks}; do not let the canary run long")


def _as_begun(release: Release, request: Request) -> Request:
    """Return the request that began a canary, as far as what was chosen by it goes."""
    chosen = {name: release.stack.variables.get(name, "") for name in release.pinned}
    known: dict[str, Any] = {"who": release.who, "why": release.why, "at": release.at, "verb": release.verb}
    return Request(request.id, release.stack, pinned=chosen, **known)
