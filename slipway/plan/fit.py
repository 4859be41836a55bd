"""Count what a deploy needs of its host at the worst moment, both generations together. Pure: what the host has comes in.

A replica is counted with its memory limit, or with the reservation beside it where there is one: whoever knows what a service
really uses says so there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..codec import to_json
from ..model import Kind, Service, Stack
from ..placement import Placed
from ..render import names
from . import commands
from .step import Step

RESERVE_MB = 128  # left for the host itself: sshd, nginx and Docker grow too
MIB = 1 << 20
ASKED = ("postgres", "redis")  # servers that tell how many connections they allow
LIMIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Connections:
    """The most connections that both generations open to a store, by service; `declared` is what the stack file says of it."""

    store: str
    container: str
    engine: str
    declared: int
    users: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return how many they are together."""
        return sum(self.users.values())


@dataclass(frozen=True, slots=True)
class Need:
    """What a release needs beside what runs.

    `new_mb` is its memory by service at the moment `when`; `stores_mb` that of stores by container, for those that do not run
    yet; `serving_mb` what each container of the release that serves may use. `images` must be here or be pulled. `alone` names
    services of one replica that run twice for a moment, and need not.
    """

    new_mb: Mapping[str, int] = field(default_factory=dict)
    when: str = ""
    stores_mb: Mapping[str, int] = field(default_factory=dict)
    serving: int | None = None
    serving_mb: Mapping[str, int] = field(default_factory=dict)
    connections: tuple[Connections, ...] = ()
    images: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a host has: memory it could give now, what each running container uses, what its servers allow, by store.

    `leaving` are releases before the one that serves which still run, with the memory they use.
    """

    available_mb: int
    used_mb: Mapping[str, float] = field(default_factory=dict)
    allowed: Mapping[str, int] = field(default_factory=dict)
    leaving: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortage:
    """What does not fit, and what would help."""

    cause: str
    helps: tuple[str, ...]


def need(new: Stack, old: Placed | None, images: Iterable[str] = ()) -> Need:
    """Return what a release of a stack needs beside the one that serves."""
    when, parts = max(_moments(new, old.stack if old else None), key=lambda moment: sum(moment[1].values()))
    return Need(
        new_mb=parts,
        when=when,
        stores_mb={names.store_container(new.name, store.name): counted_mb(store) for store in new.of_kind("store")},
        serving=old.number if old else None,
        serving_mb=_containers(old) if old else {},
        connections=tuple(_connections(new, old.stack if old else None)),
        images=tuple(sorted(set(images))),
        alone=tuple(service.name for service in new.of_kind("worker") if service.replicas_max == 1) if old else (),
    )


def step(needed: Need, *, told: bool = False) -> Step:
    """Return the step that is sure of all this before anything is made, or only tells what is short of memory and connections."""
    wanted = [f"{sum(needed.new_mb.values())} MiB of memory"]
    wanted += [f"{one.total} connections to {one.store}" for one in needed.connections]
    why = f"be sure that the host has room for both generations: {', '.join(wanted)}, disk"
    arguments = {"need": to_json(needed), **({"told": True} if told else {})}
    return Step("fit", "fit", why, arguments=arguments, limit_seconds=LIMIT_SECONDS)


def counted_mb(service: Service) -> int:
    """Return the memory a replica is counted with."""
    resources = (service.compose.get("deploy") or {}).get("resources") or {}
    said = ((resources.get("reservations") or {}).get("memory"), service.compose.get("mem_reservation"))
    reserved = [int(str(value)) // MIB for value in said if str(value).isdecimal()]
    return min([service.memory_mb, *(mb for mb in reserved if mb > 0)])


def _moments(new: Stack, old: Stack | None) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield the moments of a deploy: which of the new services run beside the old generation then."""
    web, workers = _started(new, "web"), _started(new, "worker")
    yield "while its first tasks run", _largest_task(new, "start", "migrate")
    yield "once its web services run too", web | _largest_task(new, "verify")
    yield "once its workers run too", web | workers
    yield (
        "once its scheduler runs too",
        web | workers | _beyond(_started(new, "scheduler"), old) | _largest_task(new, "released", "returned"),
    )


def _started(stack: Stack, kind: Kind) -> dict[str, int]:
    return {service.name: service.replicas_started * counted_mb(service) for service in stack.of_kind(kind)}


def _beyond(schedulers: Mapping[str, int], old: Stack | None) -> dict[str, int]:
    """Return what schedulers need beyond the old ones, which end before they start."""
    freed = _started(old, "scheduler") if old else {}
    return {name: more for name, mb in schedulers.items() if (more := mb - freed.get(name, 0)) > 0}


def _largest_task(stack: Stack, *when: str) -> dict[str, int]:
    """Return the largest of some tasks: they run one after another."""
    found = {task.name: counted_mb(task) for task in stack.of_kind("task") if task.task and task.task.when in when}
    largest = max(found, key=lambda name: found[name], default=None)
    return {} if largest is None else {largest: found[largest]}


def _containers(old: Placed) -> dict[str, int]:
    running = old.stack.of_kind(*commands.RUNNING)
    return {name: counted_mb(service) for service in running for name in commands.all_containers(old, [service])}


def _connections(new: Stack, old: Stack | None) -> Iterator[Connections]:
    for store in new.of_kind("store"):
        users = {name: count for name in _names(new, old) if (count := _worst(new, old, name, store.name))}
        if store.store and store.store.engine in ASKED and users and not _renewed(store, old):
            container = names.store_container(new.name, store.name)
            yield Connections(store.name, container, store.store.engine, store.store.max_connections, users)


def _renewed(store: Service, old: Stack | None) -> bool:
    """Say whether a store is about to be made anew: what the running one allows tells nothing then."""
    before = old.services.get(store.name) if old else None
    return before is not None and (before.image, before.compose) != (store.image, store.compose)


def _names(new: Stack, old: Stack | None) -> list[str]:
    return sorted({*new.services, *(old.services if old else ())})


def _worst(new: Stack, old: Stack | None, name: str, store: str) -> int:
    """Return the most connections of a service in both generations; what never runs twice is counted once."""
    both = [stack.services[name] for stack in (new, old) if stack and name in stack.services]
    counts = [service.connections.get(store, 0) * service.replicas_max for service in both]
    once = all(service.kind in ("scheduler", "task", "store") for service in both)
    return max(counts) if once else sum(counts)


def shortages(needed: Need, found: Found) -> list[Shortage]:
    """Return what does not fit on a host: memory first, then each store."""
    return [*_memory(needed, found), *_too_many(needed, found)]


def _memory(needed: Need, found: Found) -> Iterator[Shortage]:
    stores = {name: mb for name, mb in needed.stores_mb.items() if name not in found.used_mb}
    growth = _growth(needed, found)
    wanted = sum(needed.new_mb.values()) + sum(stores.values()) + growth + RESERVE_MB
    if wanted <= found.available_mb:
        return
    parts = [f"the new release {sum(needed.new_mb.values())} MiB {needed.when} ({_listed(needed.new_mb)})"]
    parts += [f"stores that start {sum(stores.values())} MiB ({_listed(stores)})"] if stores else []
    parts += [f"release {needed.serving}, which serves, up to {growth} MiB more than it uses now"] if growth else []
    short = f"{wanted} MiB of memory are needed and {found.available_mb} MiB are left"
    yield Shortage(f"{short}: {', '.join(parts)}, {RESERVE_MB} MiB stay for the host", _memory_helps(needed, found))


def _growth(needed: Need, found: Found) -> int:
    """Return what the release that serves may still take: it answers all requests until the switch."""
    used = ((mb, found.used_mb[name]) for name, mb in needed.serving_mb.items() if name in found.used_mb)
    return sum(max(0, mb - int(now)) for mb, now in used)


def _memory_helps(needed: Need, found: Found) -> tuple[str, ...]:
    waiting = [f"release {number} ({mb:.0f} MiB)" for number, mb in sorted(found.leaving.items())]
    return (
        "lower `deploy.resources.limits.memory`, or write `reservations.memory` with what is really used: it is counted instead",
        *([f"let {' and '.join(waiting)} leave first, or have none stand by: `watch.standby: cold`"] if waiting else []),
        *_alone(needed),
        "give the host more memory",
    )


def _too_many(needed: Need, found: Found) -> Iterator[Shortage]:
    for one in needed.connections:
        allowed = found.allowed.get(one.store)
        if allowed is not None and one.total > allowed:
            told = "" if allowed == one.declared else f" (the stack file says {one.declared})"
            wanted = f"both generations may open {one.total} ({_listed(one.users)})"
            yield Shortage(f"{one.store} allows {allowed} connections{told}, and {wanted}", _connection_helps(needed, one))


def _connection_helps(needed: Need, one: Connections) -> tuple[str, ...]:
    raised = {"postgres": f"`-c max_connections={one.total}` in", "redis": f"`--maxclients {one.total}` in"}[one.engine]
    return (
        f"open fewer: `connections`, `replicas`, `scale.max`, or a pooler before {one.store}",
        *_alone(needed),
        f"allow more with {raised} its `command`, which restarts it and so needs `--base`",
    )


def _alone(needed: Need) -> Sequence[str]:
    if not needed.alone:
        return ()
    return (f"have {' and '.join(needed.alone)} never run twice: `deploy.update_config.order: stop-first`",)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
