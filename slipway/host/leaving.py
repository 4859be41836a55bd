"""Let old releases go beside a watch, as soon as nothing holds them; who still drains is looked at again later."""

from collections.abc import Sequence
from dataclasses import replace

from ..placement import Placed
from ..plan import commands, retire
from ..plan import resume as plan
from ..plan.step import Step
from . import clock, records, resume, surplus
from .actions import open_connections
from .machine import Work


def due(work: Work) -> list[Step]:
    """Return what can be done with old releases without waiting: the rest of a cold standby, the end of those that ended."""
    serving = work.serving()
    elapsed = clock.seconds_since(serving.since)
    gone = tuple(number for number in serving.retiring if _may_go(work, number, elapsed))
    leaving = plan.leaving(replace(serving, retiring=gone), resume.facts(work)) if gone else []
    return [*_rest(work, elapsed), *leaving, *_surplus(work)]


def _surplus(work: Work) -> list[Step]:
    """Return the way out of replicas that are too much, once it would not make anybody wait."""
    found, current = surplus.present(work), _placed(work, work.serving().current)
    if not found or current is None:
        return []
    names, ports, elapsed = {one.name for one in found}, retire.web_ports(current), surplus.since_choice(work)
    webs = {name: ports[name] for name in names if name in ports}
    drained = elapsed >= retire.drain_seconds(current) or not open_connections(work, webs)
    workers = sorted(names - set(webs))
    return surplus.leave(work) if drained and _ended(work, current, workers, elapsed) else []


def _may_go(work: Work, number: int, elapsed: float) -> bool:
    placed = _placed(work, number)
    return placed is None or (_drained(work, placed, elapsed) and _jobs_ended(work, placed, elapsed))


def _rest(work: Work, elapsed: float) -> list[Step]:
    serving = work.serving()
    current, standby = (_placed(work, number) for number in (serving.current, serving.standby))
    if current is None or standby is None or current.stack.watch.standby == "warm":
        return []
    webs = commands.all_containers(standby, standby.stack.of_kind("web"))
    return retire.rest(standby) if _any_runs(work, webs) and _drained(work, standby, elapsed) else []


def _placed(work: Work, number: int | None) -> Placed | None:
    if number is None or number not in records.releases(work.folder):
        return None
    release = records.release(work.folder, number)
    return Placed(release.stack, release.placement)


def _drained(work: Work, old: Placed, elapsed: float) -> bool:
    return elapsed >= retire.drain_seconds(old) or not open_connections(work, retire.web_ports(old))


def _jobs_ended(work: Work, old: Placed, elapsed: float) -> bool:
    return _ended(work, old, commands.all_containers(old, old.stack.of_kind("worker")), elapsed)


def _ended(work: Work, old: Placed, workers: Sequence[str], elapsed: float) -> bool:
    limit = commands.grace_seconds(old.stack.of_kind("worker")) + commands.GRACE_MARGIN_SECONDS
    return elapsed >= limit or not _any_runs(work, workers)


def _any_runs(work: Work, names: Sequence[str]) -> bool:
    found = (work.machine.docker.container(name) for name in names)
    return any(container.running for container in found if container)
