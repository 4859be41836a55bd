"""Plan a resume: from the serving record and what Docker shows to exactly one release that serves.

A release in the making goes back; whatever was recorded as serving goes forward, also where that is a return. Stores, volumes
and other stacks are never taken away; a resume of a healthy stack only loads the map and puts the site in force, which changes
nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import Kind, Service
from ..placement import Placed
from ..render import names
from ..serving import Serving
from . import canary, commands, retire, returning, traffic
from .deploy import start_schedulers
from .step import Step

STRAY_GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Found:
    """A container of the stack: by the labels `slipway.stack` or `com.docker.compose.project`.

    `kind` is the label `slipway.kind`, empty where Slipway did not make it; `restart` is Docker's policy.
    """

    name: str
    project: str
    kind: str = ""
    running: bool = False
    restart: str = "no"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the host shows about one stack.

    `releases` holds the placed releases the record names and that still have a release.json; `projects` every release project
    with containers or networks left; `elapsed_seconds` passed since the last switch; `site` is the text of the current
    release's site; `base` the base in force; `share_kept` whether slots of a canary are.
    """

    containers: Sequence[Found] = ()
    projects: Sequence[str] = ()
    releases: Mapping[int, Placed] = field(default_factory=dict)
    base: Mapping[str, Any] | None = None
    site: str = ""
    elapsed_seconds: int = 0
    share_kept: bool = False

    def running(self, names_: Sequence[str]) -> bool:
        """Say whether all of these containers run."""
        return set(names_) <= {found.name for found in self.containers if found.running}

    def any_runs(self, names_: Sequence[str]) -> bool:
        """Say whether any of these containers runs."""
        return not {found.name for found in self.containers if found.running}.isdisjoint(names_)

    def kept_running(self) -> set[str]:
        """Return the containers that run and that Docker keeps running."""
        return {found.name for found in self.containers if found.running and found.restart == "unless-stopped"}


def steps(serving: Serving, facts: Facts) -> list[Step]:
    """Return what makes the host true to the record; releases on their way out are left to `leaving`."""
    current = facts.releases.get(serving.current) if serving.current is not None else None
    old = [facts.releases[number] for number in serving.old if number in facts.releases]
    forward = _forward_again if serving.returned else _forward
    return [
        *_back(serving),
        *_strays(serving, facts),
        *_base(serving, facts),
        *_share(serving, facts),  # before the site, which may send there
        *(forward(current, old, facts) if current else []),
        *_tried(serving, facts),
    ]


def shared(serving: Serving, facts: Facts) -> list[Step]:
    """Return what a canary lacks."""
    return [*_share(serving, facts), *_tried(serving, facts)]


def _share(serving: Serving, facts: Facts) -> list[Step]:
    tried = facts.releases.get(serving.tried or 0)
    return [traffic.share(tried)] if tried else []


def _tried(serving: Serving, facts: Facts) -> list[Step]:
    """Return what else a canary lacks; where none runs any more, its slots are forgotten behind the site."""
    tried = facts.releases.get(serving.tried or 0)
    if tried:
        return canary.resume(tried, facts)
    return [traffic.forget_share()] if facts.share_kept else []


def _back(serving: Serving) -> list[Step]:
    if serving.next is None:
        return []
    return [*retire.remove(serving.stack, serving.next, STRAY_GRACE_SECONDS), retire.abandoned(serving.next)]


def _strays(serving: Serving, facts: Facts) -> list[Step]:
    """Return the steps that take away what no record names: other releases, and what a person started as the stack's project."""
    known = set(serving.present)
    made = [number for project in sorted(facts.projects) if (number := release_number(serving.stack, project)) is not None]
    lost = [step for number in made if number not in known for step in retire.remove(serving.stack, number, STRAY_GRACE_SECONDS)]
    people = [found.name for found in facts.containers if found.project == serving.stack and found.kind != "store"]
    why = "remove containers that were started beside the release"
    return [*lost, *([Step("remove-strays", "run", why, ("docker", "rm", "--force", *sorted(people)))] if people else [])]


def release_number(stack: str, project: str) -> int | None:
    """Return the number of a release project of this stack; `demo-r*` would also take `demo-redis`."""
    match = re.fullmatch(rf"{re.escape(stack)}-r([1-9][0-9]*)", project)
    return int(match[1]) if match else None


def _base(serving: Serving, facts: Facts) -> list[Step]:
    """Return the step that starts stores which are down, as they are."""
    stores = sorted((facts.base or {}).get("services", {}))
    containers = [names.store_container(serving.stack, name) for name in stores]
    if not stores or facts.running(containers):
        return []
    file = f"{names.base_folder(serving.stack)}/base.json"
    argv = commands.compose(serving.stack, file, "up", "--detach", "--no-recreate", *stores)
    why = "start the stores that are down"
    return [Step("start-stores", "start", why, argv, {"containers": containers}, commands.STORE_START_SECONDS, environment=True)]


def _forward(current: Placed, old: list[Placed], facts: Facts) -> list[Step]:
    """Return what the current release lacks; the map first, unless its web containers are down."""
    return [
        *_traffic(current, facts),
        *_restart_rule(current, old, facts, ("web", "worker")),
        traffic.site(facts.site),
        *_start(current, current.stack.of_kind("worker"), "start-workers", facts),
        *[step for release in old for step in (*_stop_workers(release, facts), *_stop_schedulers(release, facts))],
        *_schedulers(current, facts),
        *traffic.certificates(current),
    ]


def _forward_again(current: Placed, old: list[Placed], facts: Facts) -> list[Step]:
    """Return what a release lacks that was returned to: its workers may still be ending the jobs they had before."""
    return [
        *_traffic(current, facts),
        *_restart_rule(current, old, facts, ("web",)),
        traffic.site(facts.site),
        *[step for release in old for step in _stop_schedulers(release, facts)],
        *_schedulers(current, facts),
        *_workers_again(current, facts),
        *[step for release in old for step in _stop_workers(release, facts)],
        *traffic.certificates(current),
    ]


def _stop_workers(old: Placed, facts: Facts) -> list[Step]:
    return retire.stop_workers(old) if facts.any_runs(commands.all_containers(old, old.stack.of_kind("worker"))) else []


def _stop_schedulers(old: Placed, facts: Facts) -> list[Step]:
    return retire.stop_schedulers(old) if facts.any_runs(commands.all_containers(old, old.stack.of_kind("scheduler"))) else []


def _traffic(current: Placed, facts: Facts) -> list[Step]:
    return [*_start(current, current.stack.of_kind("web"), "start-web", facts), traffic.move(current, None)]


def _workers_again(current: Placed, facts: Facts) -> list[Step]:
    workers = current.stack.of_kind("worker")
    containers = set(commands.started_containers(current, workers))
    if containers <= facts.kept_running():
        return []
    return [*retire.stop_workers(current), *returning.workers_again(current)]


def _start(current: Placed, services: list[Service], name: str, facts: Facts) -> list[Step]:
    if not services or facts.running(commands.started_containers(current, services)):
        return []
    limit = commands.start_seconds(services) + commands.GRACE_MARGIN_SECONDS
    return [commands.start(name, current, services, f"start what release {current.number} lacks", limit)]


def _restart_rule(current: Placed, old: list[Placed], facts: Facts, kinds: tuple[Kind, ...]) -> list[Step]:
    kept = commands.started_containers(current, current.stack.of_kind(*kinds))
    gone = [name for release in old for name in commands.all_containers(release, release.stack.of_kind(*commands.RUNNING))]
    wrong = [found.name for found in facts.containers if found.name in gone and found.restart != "no"]
    right = {found.name for found in facts.containers if found.restart == "unless-stopped"}
    off = commands.restart("restart-old", sorted(wrong), "no", "keep old releases down after a power cut")
    on = commands.restart("restart-new", kept, "unless-stopped", "bring the release back after a power cut")
    return [*([off] if wrong else []), *([on] if not set(kept) <= right else [])]


def _schedulers(current: Placed, facts: Facts) -> list[Step]:
    containers = commands.started_containers(current, current.stack.of_kind("scheduler"))
    return [] if set(containers) <= facts.kept_running() else start_schedulers(current)


def standby(serving: Serving, facts: Facts) -> list[Step]:
    """Return the step that starts a warm standby which is down: Docker brings back only what serves."""
    current, old = (facts.releases.get(number or 0) for number in (serving.current, serving.standby))
    if current is None or old is None or current.stack.watch.standby == "cold":
        return []
    return _start(old, old.stack.of_kind("web"), "start-standby", facts)


def leaving(serving: Serving, facts: Facts) -> list[Step]:
    """Return the way out of releases that served: the rest of their drain, or what a crash left of them."""
    found: list[Step] = []
    for number in serving.retiring:
        release = facts.releases.get(number)
        if release is None:
            found += [*retire.remove(serving.stack, number, STRAY_GRACE_SECONDS), retire.retired(number)]
        else:
            found += retire.leave(release, facts.elapsed_seconds)
    return found
