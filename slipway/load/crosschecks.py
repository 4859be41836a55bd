"""What the services of one stack must say about each other: who waits for whom, what they share, how many there are."""

from collections.abc import Iterable, Iterator, Mapping

from ..policy.forms import own_binds
from .faults import Path, inside, nearest, short
from .nodes import Node
from .refusals import has_healthcheck
from .rule import Found, StackRule, known
from .service import Draft, X
from .stack import StackDraft

PLAIN_TAGS = ("", "date")
ROOM = 126  # addresses for replicas in the lower half of a release's /24


def dependencies(draft: StackDraft) -> Iterator[Found]:
    """Services wait for services that exist and can become what they wait for."""
    for service in draft.services.values():
        for name, condition in service.service.depends_on.items():
            place, target = service.at("depends_on", name), draft.services.get(name)
            if target is None:
                yield place, f"no service `{short(name)}`", known(name, draft.services, "services")
            elif "store" in service.own and "store" not in target.own:
                yield place, f"a store cannot wait for `{name}`: stores outlive releases", "remove it"
            elif condition == "service_completed_successfully" and "task" not in target.own:
                yield place, f"`{name}` is no task and never ends", f"give it `{X}.task`, or wait for `service_healthy`"
            elif condition == "service_completed_successfully" and not _ends_before_start(target):
                hint = "only tasks with `when: start` or `when: migrate` end before services start"
                yield place, f"`{name}` does not run before this service starts", hint
            elif condition == "service_healthy" and not has_healthcheck(target.service):
                yield (
                    place,
                    f"`{name}` has no `healthcheck`, so it never becomes healthy",
                    "add one, or wait for `service_started`",
                )


def _ends_before_start(target: Draft) -> bool:
    task = target.service.task
    return task is None or task.when in ("start", "migrate")


def cycles(draft: StackDraft) -> Iterator[Found]:
    """Nobody waits for itself."""
    done: set[str] = set()
    for name in draft.services:
        circle = _circle(draft.services, name, done)
        if circle:
            way = " -> ".join([*circle[:8], *(["…"] if len(circle) > 8 else []), circle[0]])
            yield draft.services[circle[0]].at("depends_on"), f"waits for itself: {way}", "take one of them out"


def _circle(services: Mapping[str, Draft], start: str, done: set[str]) -> list[str]:
    """Return services that wait for each other, on a way from `start` through services that are not done, or nothing."""
    found: list[str] = []
    way = {start: iter(services[start].service.depends_on)} if start not in done else {}
    while way:
        last = next(reversed(way))
        following = next(way[last], None)
        if following is None:
            done.add(last)
            del way[last]
        elif following in way and not found:
            names = list(way)
            found = names[names.index(following) :]
        elif following in services and following not in done and following not in way:
            way[following] = iter(services[following].service.depends_on)
    return found


def declared(draft: StackDraft) -> Iterator[Found]:
    """Networks, volumes and secrets that services use are declared at the root."""
    stack = draft.stack
    secrets = draft.root.mapping.get("secrets")
    for service in draft.services.values():
        found = service.service
        yield from _undeclared(service, "networks", found.networks, {*stack.networks, "default"})
        yield from _undeclared(service, "volumes", [m.source for m in found.mounts if m.type == "volume"], stack.volumes)
        yield from _undeclared(service, "secrets", [use.source for use in found.secrets], secrets.mapping if secrets else ())


def _undeclared(service: Draft, key: str, used: Iterable[str], known: Iterable[str]) -> Iterator[Found]:
    choices = set(known)
    for name in used:
        if name not in choices:
            hint = nearest(name, choices) or f"declare it at the root: `{key}: {{{name}: {{}}}}`"
            yield service.at(key), f"`{short(name)}` is not declared", hint


def one_migration(draft: StackDraft) -> Iterator[Found]:
    """A stack has one schema head."""
    tasks = [service for service in draft.services.values() if service.service.task and service.service.task.when == "migrate"]
    for service in tasks[1:]:
        yield service.at(X, "task", "when"), f"a second migration beside `{tasks[0].name}`", "run both in one task"


def room(draft: StackDraft) -> Iterator[Found]:
    """A release's network has an address for every replica."""
    for network in sorted({name for service in draft.services.values() for name in service.service.networks}):
        counts = {
            service.name: service.service.replicas_max
            for service in draft.services.values()
            if network in service.service.networks and not {"store", "task"} & set(service.own)
        }
        if sum(counts.values()) > ROOM:
            most = max(counts, key=lambda name: counts[name])
            message = f"{sum(counts.values())} replicas on the network `{short(network)}`, which has room for {ROOM}"
            scaled = "scale" in draft.services[most].own
            place = draft.services[most].at(*((X, "scale", "max") if scaled else ("deploy", "replicas")))
            yield place, message, "lower `scale.max` or `replicas`"


def nested_binds(draft: StackDraft) -> Iterator[Found]:
    """What a container may change it may make a link of, and Docker follows links when it mounts."""
    binds = [(service, mount) for service in draft.services.values() for mount in own_binds(service.service)]
    for service, outer in binds:
        inner = sorted({mount.source for _, mount in binds if mount.source.startswith(f"{outer.source}/")})
        if inner and not outer.read_only:
            message = f"`{short(outer.source)}` may be changed from inside, and `{short(inner[0])}` below it is mounted too"
            yield service.at("volumes"), message, "write `:ro` at the outer one"


def tags(draft: StackDraft) -> Iterator[Found]:
    """A tag of YAML changes what stands behind it, in ways that few readers know."""
    ways: list[tuple[Node, Path]] = [(draft.root, ())]
    seen: set[int] = set()
    while ways:
        node, path = ways.pop()
        if node.tag not in PLAIN_TAGS:
            yield (node, path), f"tag `{short(node.tag)}` is refused", "write the value as it shall be; merge with `<<: *anchor`"
        if id(node.value) not in seen and isinstance(node.value, (dict, list)):
            seen.add(id(node.value))
            ways += [(below, (*path, key)) for key, below in inside(node)]


RULES: tuple[StackRule, ...] = (tags, dependencies, cycles, declared, one_migration, room, nested_binds)
