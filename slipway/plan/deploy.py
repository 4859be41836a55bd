"""Plan a deploy: what the host does to make a release serve, in DESIGN's order.

Everything before the step `record` can be taken back by `back`; from there on a resume only goes forward.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..codec import to_json
from ..model import Service, TaskWhen
from ..placement import Placed
from ..render import folder, names, switch
from ..render.base import base_project
from ..render.release import app_services, release_project
from . import commands, images, migration, retire, traffic
from .base import BaseChange, compare, judge
from .gate import gate
from .step import Step


@dataclass(frozen=True, slots=True)
class Before:
    """What the host has when a deploy begins.

    `old` is the release that serves; `base` the base in force (base.json), None on a host without one; `base_allowed` whether
    stores may restart; `site` the stack's site in force, empty without one; `migrated` names images (`name@sha256:…`) whose
    migrations brought the schema to an earlier state than the one in force, of which `schema` tells what is known; `returns`
    says that a person goes back; `together` is what several hosts call a release to which they switch at once.
    """

    old: Placed | None = None
    base: Mapping[str, Any] | None = None
    base_allowed: bool = False
    site: str = ""
    migrated: frozenset[str] = frozenset()
    schema: migration.Schema = field(default_factory=migration.Schema)
    returns: bool = False
    together: str = ""


def steps(new: Placed, before: Before, site: str) -> list[Step]:
    """Return the whole deploy; raises ReleaseRefused where stores would restart without permission."""
    return [
        *prepare(new, before, site),
        *start_workers(new),
        *gate(before.together),
        *go_live(new, before, site),
        *tasks(new, "returned" if before.returns else "released"),
    ]


def prepare(new: Placed, before: Before, site: str) -> list[Step]:
    """Return what comes before anything of a release takes work: its web services run and are well."""
    base = base_project(new.stack, new.placement)
    change = compare(before.base, base)
    judge(change, new.stack.name, before.base_allowed)
    return [
        _record(new, "begun", f"record that release {new.number} is being made"),
        *images.steps(new, change),
        _write_release(new, site),
        *_base_steps(new, base, change),
        *_stores_healthy(new),
        *tasks(new, "start"),
        *_migrations(new, before),
        *_create(new),
        *start_web(new),
        *([traffic.check_site(site)] if site != before.site else []),
        *tasks(new, "verify"),
    ]


def back(new: Placed) -> list[Step]:
    """Return the steps that take a release away which never served; the base stays as it became."""
    grace = commands.grace_seconds(app_services(new.stack))
    return [*retire.remove(new.stack.name, new.number, grace), retire.abandoned(new.number)]


def _record(new: Placed, change: str, why: str, together: str = "") -> Step:
    name = "begin" if change == "begun" else "record"
    arguments = {"change": change, "number": new.number} | ({"together": together} if together else {})
    return Step(name, "record", why, arguments=arguments | ({} if change == "begun" else {"watch": new.stack.watch.seconds}))


def _write_release(new: Placed, site: str) -> Step:
    where = names.release_folder(new.stack.name, new.number)
    project = release_project(new.stack, new.placement)
    files = {
        commands.release_file(new): to_text(project),
        f"{where}/site.conf": site,
        **folder.release_files(new.stack, new.number),
    }
    written = {"files": files, **_programs(folder.release_programs(new.stack, new.number))}
    return Step("write-release", "write", f"write what release {new.number} is made of", arguments=written)


def _programs(paths: list[str]) -> dict[str, list[str]]:
    return {"programs": paths} if paths else {}


def to_text(project: Mapping[str, Any]) -> str:
    """Return a Compose file's text."""
    return json.dumps(project, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _base_steps(new: Placed, base: Mapping[str, Any], change: BaseChange) -> list[Step]:
    """Return what brings the base up: a candidate first, in force once its stores are healthy."""
    volumes = [_volume(new.stack.name, name) for name in new.stack.volumes]
    if not change.differs:
        return volumes
    where = names.base_folder(new.stack.name)
    candidate = {f"{where}/candidate.json": to_text(base), **folder.base_files(new.stack)}
    programs = _programs(folder.base_programs(new.stack))
    return [
        *volumes,
        Step("write-candidate", "write", "write the base that is to be", arguments={"files": candidate, **programs}),
        *_base_up(new, change, f"{where}/candidate.json"),
        Step(
            "write-base", "write", "record the base that is in force", arguments={"files": {f"{where}/base.json": to_text(base)}}
        ),
    ]


def _volume(stack: str, name: str) -> Step:
    full = names.volume(stack, name)
    return Step(
        f"volume-{name}",
        "run",
        f"have the volume {full}",
        ("docker", "volume", "create", "--label", f"slipway.stack={stack}", full),
    )


def _base_up(new: Placed, change: BaseChange, file: str) -> list[Step]:
    stack = new.stack.name
    gone = [names.store_container(stack, name) for name in change.removed]
    started = sorted({*change.added, *change.changed})
    up = commands.compose(stack, file, "up", "--detach", "--no-deps", *started)
    removed = Step(
        "remove-stores",
        "run",
        "take away the stores that left the stack file; their volumes stay",
        ("docker", "rm", "--force", *gone),
        limit_seconds=120,
    )
    containers = [names.store_container(stack, name) for name in started]
    begin = Step(
        "start-base",
        "start",
        f"start {', '.join(started)}",
        up,
        {"containers": containers},
        commands.start_seconds(new.stack.services[name] for name in started),
        environment=True,
    )
    return [*([removed] if gone else []), *([begin] if started else [])]


def _stores_healthy(new: Placed) -> list[Step]:
    stores = new.stack.of_kind("store")
    if not stores:
        return []
    containers = [names.store_container(new.stack.name, store.name) for store in stores]
    why = "be sure that every store is healthy"
    healthy = Step("stores", "start", why, arguments={"containers": containers}, limit_seconds=commands.start_seconds(stores))
    return [healthy, *(ask(new, store) for store in stores if store.routes)]


def tasks(new: Placed, when: TaskWhen) -> list[Step]:
    """Return the steps that run a release's tasks of one moment, each after those it depends on."""
    wanted = {service.name for service in new.stack.of_kind("task") if service.task and service.task.when == when}
    return [_task(new, new.stack.services[name]) for name in _in_order(new.stack.services) if name in wanted]


def _migrations(new: Placed, before: Before) -> list[Step]:
    """Return the migrations; on the way back to an earlier image there are none, since the schema only goes forward."""
    ran = tasks(new, "migrate") if not passed_migrations(new, before.migrated) else []
    return migration.around(new, ran, before.old, before.schema)


def passed_migrations(new: Placed, migrated: frozenset[str]) -> list[str]:
    """Return the migration tasks that an earlier release ran and that must not run again."""
    return [task.name for task in migration.migrations(new.stack) if new.placement.images[task.name] in migrated]


def _task(new: Placed, service: Service) -> Step:
    key, container = names.service_key(new.number, service.name), names.container(new.stack.name, new.number, service.name)
    assert service.task is not None  # noqa: S101 - a task has one, or it is none
    image = new.placement.images[service.name]
    migrates = {"migrates": image, "task": service.name} if service.task.when == "migrate" else {}
    return Step(
        name=f"task-{service.name}",
        action="task",
        why=f"run the task {service.name} to its end",
        argv=commands.release_compose(new, "up", "--detach", "--no-deps", "--no-recreate", key),
        arguments={"container": container, **migrates},
        limit_seconds=service.task.timeout_seconds,
        environment=True,
    )


def _in_order(services: Mapping[str, Service]) -> list[str]:
    """Return all services, each after those it depends on."""
    found: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in found or name in above or name not in services:
            return
        for needed in sorted(services[name].depends_on):
            visit(needed, (*above, name))
        found.append(name)

    for name in sorted(services):
        visit(name, ())
    return found


def _create(new: Placed) -> list[Step]:
    keys = commands.started_keys(new, new.stack.of_kind(*commands.RUNNING))
    argv = commands.release_compose(new, "create", "--no-recreate", *keys)
    return [Step("create", "run", "make the containers without starting them", argv, environment=True)] if keys else []


def start_web(new: Placed) -> list[Step]:
    """Return what starts the web services of a release and asks them."""
    webs = new.stack.of_kind("web")
    if not webs:
        return []
    limit = commands.start_seconds(webs) + commands.GRACE_MARGIN_SECONDS
    began = commands.start("start-web", new, webs, "start the web services beside the old ones", limit)
    return [began, *(ask(new, web) for web in webs)]


def ask(new: Placed, service: Service) -> Step:
    """Return the step that asks every replica of a service from the host."""
    return ask_replicas(new, service, switch.replicas(service)[: service.replicas_started])


def ask_replicas(new: Placed, service: Service, replicas: Sequence[str]) -> Step:
    """Return the step that asks these replicas of a service from the host."""
    targets = [switch.target(new.stack, new.placement, service, replica, service.health_port) for replica in replicas]
    return Step(
        name=f"ask-{service.name}",
        action="ask",
        why=f"ask {service.name} from the host: healthy inside is not enough",
        arguments={
            "service": service.name,
            "targets": [f"{target.address}:{target.port}" for target in targets],
            "health": to_json(service.health),
        },
        limit_seconds=service.health.start_seconds if service.health else 60,
    )


def start_workers(new: Placed) -> list[Step]:
    """Return what starts the workers of a release."""
    workers = new.stack.of_kind("worker")
    why = "start the workers beside the old ones"
    return [commands.start("start-workers", new, workers, why, commands.start_seconds(workers))] if workers else []


def go_live(new: Placed, before: Before, site: str) -> list[Step]:
    """Return what makes the release serve: record, map, restart rule, site, workers, scheduler, certificates."""
    old = before.old
    kept = commands.started_containers(new, new.stack.of_kind("web", "worker"))
    return [
        _record(new, "switched", f"record that release {new.number} serves: from here on a resume goes forward", before.together),
        traffic.move(new, old),
        *([release_from_duty(old)] if old else []),
        *(
            [commands.restart("restart-new", kept, "unless-stopped", "bring the new release back after a power cut")]
            if kept
            else []
        ),
        traffic.site(site),
        *traffic.trim(new, old),
        *(retire.stop_workers(old) if old else []),
        *(retire.stop_schedulers(old) if old else []),
        *start_schedulers(new),
        *traffic.certificates(new),
    ]


def release_from_duty(old: Placed) -> Step:
    """Return the step that has Docker leave a release down after a power cut."""
    containers = commands.all_containers(old, old.stack.of_kind(*commands.RUNNING))
    return commands.restart("restart-old", containers, "no", "keep the old release down after a power cut")


def start_schedulers(new: Placed) -> list[Step]:
    """Return the steps that start the scheduler, which Docker may bring back only from then on."""
    schedulers = new.stack.of_kind("scheduler")
    if not schedulers:
        return []
    containers = commands.started_containers(new, schedulers)
    return [
        commands.start("start-schedulers", new, schedulers, "start the scheduler", commands.start_seconds(schedulers)),
        commands.restart("restart-schedulers", containers, "unless-stopped", "bring the scheduler back after a power cut"),
    ]
