"""Plan a return: from a release that turned bad back to the one that stands by, by the host itself.

`wake` comes first and changes nobody's traffic; from the record on, a resume goes forward to the release returned to.
"""

from dataclasses import replace

from ..placement import Placed
from . import commands, deploy, retire, traffic
from .step import Step

ANSWER_SECONDS = 5  # a standby that runs answers at once, or is as bad as what it would replace


def wake(good: Placed, *, runs: bool) -> list[Step]:
    """Return the steps that see a standby answer before anything leads to it."""
    webs = good.stack.of_kind("web")
    if not webs:
        return []
    questions = [deploy.ask(good, web) for web in webs]
    if runs:
        return [replace(question, limit_seconds=ANSWER_SECONDS) for question in questions]
    limit = commands.start_seconds(webs) + commands.GRACE_MARGIN_SECONDS
    return [commands.start("start-standby", good, webs, f"start release {good.number}, which stands by", limit), *questions]


def steps(good: Placed, bad: Placed, site: str) -> list[Step]:
    """Return the way back of a release that turned bad: it is held from then on."""
    why = f"record that release {good.number} serves again and that release {bad.number} is held"
    return [_record("returned", bad, why), *_way_back(good, bad, site)]


def taken_back(good: Placed, bad: Placed, site: str) -> list[Step]:
    """Return the way back from a release that other hosts do not serve: it did no wrong."""
    why = f"record that release {good.number} serves again: nobody said that every host serves release {bad.number}"
    return [_record("taken back", bad, why), *_way_back(good, bad, site)]


def confirmed(number: int) -> Step:
    """Return the step that makes a release which several hosts switched to together stay."""
    arguments = {"change": "confirmed", "number": number}
    return Step("confirmed", "record", f"record that every host serves release {number}", arguments=arguments)


def _way_back(good: Placed, bad: Placed, site: str) -> list[Step]:
    """Return what follows the record: the traffic first, then the scheduler, then the workers once they ended their jobs."""
    webs = commands.started_containers(good, good.stack.of_kind("web"))
    bring_back = "bring the release that serves again back after a power cut"
    return [
        traffic.move(good, bad),
        deploy.release_from_duty(bad),
        *([commands.restart("restart-new", webs, "unless-stopped", bring_back)] if webs else []),
        traffic.site(site),
        *traffic.trim(good, bad),
        *retire.stop_schedulers(bad),
        *deploy.start_schedulers(good),
        *workers_again(good),
        *retire.stop_workers(bad),
        *traffic.certificates(good),
        *deploy.tasks(good, "returned"),
    ]


def _record(change: str, bad: Placed, why: str) -> Step:
    return Step("record", "record", why, arguments={"change": change, "number": bad.number})


def workers_again(good: Placed) -> list[Step]:
    """Return the steps that start workers anew: one that still ends a job would look as if it ran."""
    workers = good.stack.of_kind("worker")
    if not workers:
        return []
    containers = commands.started_containers(good, workers)
    return [
        *retire.workers_ended(good),
        commands.start("start-workers", good, workers, "start the workers again", commands.start_seconds(workers)),
        commands.restart("restart-workers", containers, "unless-stopped", "bring the workers back after a power cut"),
    ]
