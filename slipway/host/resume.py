"""Make the host true to the serving record: at boot, before each deploy, by hand."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import HostError, SlipwayError
from ..notices import message
from ..placement import Placed
from ..plan import canary
from ..plan import resume as plan
from ..plan.step import Step
from ..serving import Serving
from . import clock, counts, egress, lock, maintenance, notices, pinned, records, slots, surplus
from .actions import carry_out
from .docker import PROJECT
from .history import runs_of
from .journal import Journal
from .machine import Machine, Work
from .prune import drop_tags, keep_record_only
from .records import Release
from .steps import Done, carry_out_all

LOCK_SECONDS = 600


def resume(machine: Machine, name: str, owner: str, *, boot: bool = False) -> list[Done]:
    """Resume a stack under its lock; requests that a dead run left are given up, never run unseen; at boot all are."""
    folder = machine.layout.stack(name)
    try:
        with lock.held(folder.lock, owner, LOCK_SECONDS, machine.say) as dead_owner:
            work = in_force(Work(machine, folder))
            left = [request.id for request in records.waiting(folder)] if boot else records.begun_requests(folder)
            give_up(work, left, dead_owner or "the host went down")
            return [*heal(work), *retire(work)]
    finally:
        _go_on(Work(machine, folder))


def _go_on(work: Work) -> None:
    """Have the stack's unit go on, also where the release cannot be healed: its watch is what takes it back."""
    if work.serving().looked_at or work.serving().unconfirmed or cut_short(work):
        work.machine.runner.run(("systemctl", "start", "--no-block", f"slipway-run@{work.folder.name}.service"))


def cut_short(work: Work) -> bool:
    """Say whether a run stopped half-way: in the making of a release, or in a return that was never finished or healed."""
    serving = work.serving()
    entries = Journal(work.folder.journal).entries() if serving.returned else []
    return serving.next is not None or (serving.returned and not any(_ended_well(entry, serving.since) for entry in entries))


def _ended_well(entry: Mapping[str, Any], since: str) -> bool:
    whole = entry.get("event") == "resumed" or (entry.get("event") == "returned" and not entry.get("failed"))
    return whole and str(entry.get("at", "")) >= since


def heal(work: Work) -> list[Done]:
    """Carry out what the host lacks, all but the way out of old releases; the caller holds the lock."""
    work, given_up, returned = in_force(work), work.serving().next, unfinished_return(work)
    steps = planned(work)
    if given_up is not None and work.folder.release(given_up).is_dir():
        keep_record_only(work, given_up)  # first: what has its files is taken for a release that served
    done = _as_far_as_it_goes(work, steps)
    egress.follow(work)
    maintenance.follow(work)
    if given_up is not None:
        drop_tags(work, given_up)
    if returned:
        _close_return(work)
    work.note({"event": "resumed", "steps": [step.name for step in done]})
    notices.tell(work, returned)
    return done


def unfinished_return(work: Work) -> message.Message | None:
    """Return what people are to hear once a return is healed whose run died before it told anybody."""
    serving = work.serving()
    entries = Journal(work.folder.journal).entries() if serving.returned else []
    since = [entry["event"] for entry in entries if str(entry.get("at", "")) >= serving.since]
    if not serving.returned or {"returned", "resumed"} & set(since):
        return None
    bad = max(serving.retiring)
    verdict = next((entry for entry in reversed(entries) if (entry["event"], entry.get("release")) == ("watch", bad)), {})
    said = verdict.get("text", "the run that took it back died on the way, and the next one finished it")
    return message.returned(serving.stack, bad, serving.current or 0, said, numbers=verdict.get("numbers"))


def _close_return(work: Work) -> None:
    """Do what a return whose run died before it told anybody does at its end."""
    serving = work.serving()
    bad, good = max(serving.retiring), serving_release(work)
    if bad in records.releases(work.folder):
        others = [number for number in records.served(work.folder) if number not in (bad, good.number)]
        blameless = [] if bad in serving.held else [records.release(work.folder, number) for number in others]
        pinned.forget(work.folder, records.release(work.folder, bad), good, *blameless)
    called = runs_of(Journal(work.folder.journal).entries()).get(bad, {}).get("together")
    if called and bad not in serving.held:
        text = "the run that took it back died on the way, and the next one finished it"
        work.note({"event": "returned", "together": called, "from": bad, "to": good.number, "text": text, "failed": ""})


def retire(work: Work) -> list[Done]:
    """Let the releases that served go, once they are drained, and replicas that are too much; the caller holds the lock."""
    steps = [*plan.leaving(work.serving(), facts(work)), *surplus.leave(work)]
    return carry_out_all(work, steps, carry_out)


def wake_standby(work: Work) -> list[Done]:
    """Start a warm standby that is down; the caller holds the lock."""
    standby = work.serving().standby
    steps = plan.standby(work.serving(), facts(work))
    return carry_out_all(with_release(work, records.release(work.folder, standby)), steps, carry_out) if standby and steps else []


def tend_canary(work: Work) -> list[Done]:
    """Bring back what a canary lacks; the caller holds the lock."""
    return _as_far_as_it_goes(work, plan.shared(work.serving(), facts(work)))


def _as_far_as_it_goes(work: Work, steps: Sequence[Step]) -> list[Done]:
    """Carry out the steps of a resume; a canary that does not come up keeps nothing else waiting."""
    done = list[Done]()
    for step in steps:
        try:
            done += carry_out_all(work, [step], carry_out)
        except SlipwayError as error:
            if step.name not in canary.OWN:
                raise
            work.warn(f"the canary does not come up, which its watch judges: {error}")
    return done


def planned(work: Work) -> list[Step]:
    """Return the steps a resume would take now."""
    return plan.steps(work.serving(), facts(work))


def in_force(work: Work) -> Work:
    """Return the work with the secrets of the release that serves."""
    current = current_release(work)
    return work if current is None else with_release(work, current)


def with_release(work: Work, release: Release) -> Work:
    """Return the work with the secrets of a release."""
    last = records.last_placement(work.folder) or release.placement
    return replace(work.with_generations(release.placement.secrets_generation, last.base_generation), release=release.number)


def current_release(work: Work) -> Release | None:
    """Return the record of the release that serves."""
    number = work.serving().current
    return None if number is None else records.release(work.folder, number)


def serving_release(work: Work) -> Release:
    """Return the record of the release that serves; raise where none does."""
    current = current_release(work)
    if current is None:
        raise HostError(f"nothing of {work.folder.name} serves here", f"fab deploy {work.folder.name}")
    return current


def give_up(work: Work, requests: Sequence[str], why: str) -> None:
    """Close requests whose run died: what it had begun is healed, the request itself is for a person to repeat."""
    for request in requests:
        cause = f"the run of this request died ({why}); what it left behind is healed\n  next: run site.yml again"
        result = {"verdict": "interrupted", "changed": True, "error": cause, "code": HostError.exit_code}
        work.note({"event": "result", "request": request, "result": result})
        notices.tell(work, message.interrupted(work.folder.name, cause))
        records.drop_request(work.folder, request)
        work.secrets.drop(request)
        work.machine.say(f"request {request}: {cause}")


def facts(work: Work) -> plan.Facts:
    """Return what the host shows about the stack."""
    serving, docker, label = work.serving(), work.machine.docker, f"slipway.stack={work.folder.name}"
    made = {number: records.release(work.folder, number) for number in serving.present if number in records.releases(work.folder)}
    base_project = f"{PROJECT}={work.folder.name}"
    present = {item.name: item for item in (*docker.containers(label), *docker.containers(base_project))}
    projects = {item.labels.get(PROJECT, "") for item in present.values()} | {project for _, project in docker.networks(label)}
    return plan.Facts(
        containers=[surplus.found_of(item) for item in present.values()],
        projects=sorted(projects - {""}),
        releases={number: _placed(work, release, serving) for number, release in made.items()},
        base=base_in_force(work),
        site=_site(work, serving),
        share_kept=bool(slots.kept_share(work.folder)),
        elapsed_seconds=_elapsed(serving.since),
    )


def base_in_force(work: Work) -> Mapping[str, Any] | None:
    """Return the base that was last brought up, None on a host without one."""
    path = work.folder.base
    if not path.is_file():
        return None
    base: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return base


def load_switch(machine: Machine) -> None:
    """Load map and fence of all stacks, before anything else: it takes milliseconds, and nginx needs the map."""
    slots.put_in_force(machine.layout, machine.runner)
    egress.put_in_force(machine.layout, machine.runner)


def _placed(work: Work, release: Release, serving: Serving) -> Placed:
    """Return a release as it runs: what people chose is the counts of what serves, a canary has the least."""
    alone = release.number == serving.tried
    return Placed(release.stack, release.placement) if alone else counts.placed(work.folder, release)


def _site(work: Work, serving: Serving) -> str:
    shared = work.folder.release(serving.tried or 0) / "canary.conf"
    own = work.folder.release(serving.current or 0) / "site.conf"
    path = shared if shared.is_file() else own
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _elapsed(since: str) -> int:
    return int((clock.utc() - clock.parse(since)).total_seconds()) if since else 0
