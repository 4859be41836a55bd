"""What the words of one stack must say about each other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from .faults import listed, nearest, short
from .refusals import has_healthcheck
from .rule import Found, StackRule
from .service import Draft, X
from .stack import StackDraft

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def domains(draft: StackDraft) -> Iterator[Found]:
    """Names are names, each once."""
    seen: dict[str, str] = {}
    for key, domain in draft.stack.domains.items():
        for word, names in (("name", (domain.name,)), ("redirect_from", domain.redirect_from)):
            for name in names:
                place = draft.at(X, "domains", key, word)
                if DOMAIN.fullmatch(name) is None:
                    yield (
                        place,
                        f"`{short(name)}` is no domain name",
                        "small letters, digits and `-`, at least one dot: `shop.example.org`",
                    )
                elif name in seen:
                    yield place, f"`{name}` is also a name of `{seen[name]}`", "a name has one place"
                seen.setdefault(name, key)


def passwords(draft: StackDraft) -> Iterator[Found]:
    """A password in front of a domain is no word to be left out quietly."""
    for key, domain in draft.stack.domains.items():
        if domain.access.password is not None:
            place = draft.at(X, "domains", key, "access", "password")
            yield place, "the edge cannot ask for a password yet", "use `access.allow` with networks"


def routes(draft: StackDraft) -> Iterator[Found]:
    """A route leads from a domain that exists, and no two from the same place."""
    seen: dict[tuple[str, str], str] = {}
    for service in draft.services.values():
        for index, route in enumerate(service.service.routes):
            place = service.at(X, "routes", index)
            if route.domain not in draft.stack.domains:
                yield place, f"no domain `{short(route.domain)}`", _known(route.domain, draft.stack.domains, f"{X}.domains")
            elif (key := (route.domain, route.path)) in seen:
                yield place, f"`{route.domain}` with `{short(route.path)}` also leads to `{seen[key]}`", "change one path"
            else:
                seen[key] = service.name


def throttled_health(draft: StackDraft) -> Iterator[Found]:
    """A limit must not answer the probe with 429."""
    for service in draft.services.values():
        found = service.service
        covering = [route for route in found.routes if found.health and found.health.path.startswith(route.path)]
        if found.health is None or not covering:
            continue
        route = max(covering, key=lambda route: len(route.path))
        if route.rate.requests * found.health.interval_seconds < route.rate.per_seconds:
            hint = "raise `rate.requests`, ask less often, or give the path a route of its own"
            yield service.at(X, "health"), f"the limit of `{short(route.path)}` would throttle the health question", hint


def dependencies(draft: StackDraft) -> Iterator[Found]:
    """Services wait for services that exist and can become what they wait for."""
    for service in draft.services.values():
        for name, condition in service.service.depends_on.items():
            place, target = service.at("depends_on", name), draft.services.get(name)
            if target is None:
                yield place, f"no service `{short(name)}`", _known(name, draft.services, "services")
            elif "store" in service.own and "store" not in target.own:
                yield place, f"a store cannot wait for `{name}`: stores outlive releases", "remove it"
            elif condition == "service_completed_successfully" and "task" not in target.own:
                yield place, f"`{name}` is no task and never ends", f"give it `{X}.task`, or wait for `service_healthy`"
            elif condition == "service_healthy" and not has_healthcheck(target.service):
                yield (
                    place,
                    f"`{name}` has no `healthcheck`, so it never becomes healthy",
                    "add one, or wait for `service_started`",
                )


def cycles(draft: StackDraft) -> Iterator[Found]:
    """Nobody waits for itself."""
    done: set[str] = set()
    for name, service in draft.services.items():
        circle = _circle(draft.services, name)
        if circle and not done & set(circle):
            done |= set(circle)
            yield service.at("depends_on"), f"waits for itself: {' -> '.join([*circle, name])}", "take one of them out"


def _circle(services: Mapping[str, Draft], start: str) -> list[str]:
    """Return the way from a service back to itself, or nothing."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        for name in services[way[-1]].service.depends_on:
            if name == start:
                return way
            if name in services and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


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


def backups(draft: StackDraft) -> Iterator[Found]:
    """Every store and every volume comes back after a loss, or says why not."""
    kept = {mount.source for service in draft.services.values() if _is_kept(service) for mount in service.service.mounts}
    for service in draft.services.values():
        if _is_kept(service):
            continue
        lost = [mount.source for mount in service.service.mounts if mount.type == "volume" and mount.source not in kept]
        hint = f"add `{X}.backup`, or the reason under `{X}.exceptions.backup`"
        if "store" in service.own:
            yield service.at(X, "store"), "a store without a backup", hint
        elif lost:
            yield service.at("volumes"), f"volume `{lost[0]}` without a backup", hint


def _is_kept(service: Draft) -> bool:
    exceptions = service.own.get("exceptions")
    return "backup" in service.own or (exceptions is not None and "backup" in exceptions.mapping)


def stores(draft: StackDraft) -> Iterator[Found]:
    """Queues, connections and numbers name stores."""
    names = [name for name, service in draft.services.items() if "store" in service.own]
    for service in draft.services.values():
        queue = service.service.queue
        if queue and queue.store not in names:
            yield service.at(X, "queue", "store"), f"no store `{short(queue.store)}`", _known(queue.store, names, "stores")
        for name in service.service.connections:
            if name not in names:
                yield service.at(X, "connections", name), f"no store `{short(name)}`", _known(name, names, "stores")
    for name, metric in draft.stack.metrics.items():
        if metric.store is not None and metric.store not in names:
            yield (
                draft.at(X, "metrics", name, "store"),
                f"no store `{short(metric.store)}`",
                _known(metric.store, names, "stores"),
            )


def connections(draft: StackDraft) -> Iterator[Found]:
    """At the worst moment of a deploy both generations are connected."""
    for name, store in draft.services.items():
        if store.service.store is None:
            continue
        users = {user: _worst(draft.services[user], name) for user in draft.services}
        total, most = sum(users.values()), store.service.store.max_connections
        if total > most:
            parts = ", ".join(f"{user} {count}" for user, count in users.items() if count)
            hint = f"raise `max_connections`, use fewer, or put a pooler in front ({parts})"
            yield store.at(X, "store"), f"{total} connections at the worst moment of a deploy, {most} allowed", hint


def _worst(user: Draft, store: str) -> int:
    service = user.service
    generations = 1 if service.order == "stop-first" or service.kind in ("task", "store") else 2
    return service.connections.get(store, 0) * service.replicas_max * generations


def eviction(draft: StackDraft) -> Iterator[Found]:
    """A queue that evicts keys loses jobs."""
    queues = {service.service.queue.store for service in draft.services.values() if service.service.queue}
    for name in sorted(queues & set(draft.services)):
        store = draft.services[name]
        words = [word for word in store.service.compose.get("command", ()) if isinstance(word, str)]
        policy = next((after for word, after in pairwise(words) if word == "--maxmemory-policy"), "noeviction")
        if policy != "noeviction":
            yield store.at("command"), f"`{short(policy)}` throws jobs of a queue away", "write `--maxmemory-policy noeviction`"


def memory_bound(draft: StackDraft) -> Iterator[Found]:
    """A bound above every limit could never fire."""
    bound = draft.stack.watch.memory_mb
    limits = [service.service.memory_mb for service in draft.services.values() if not {"store", "task"} & set(service.own)]
    if bound and bound.over is not None and limits and bound.over >= max(limits):
        place = draft.at(X, "watch", "memory_mb")
        yield (
            place,
            f"no container can use {bound.over:g} MB: the highest limit is {max(limits)}",
            "lower it, or use `memory_ratio`",
        )


def numbers(draft: StackDraft) -> Iterator[Found]:
    """Own numbers have one source; whoever names one finds it."""
    for name, metric in draft.stack.metrics.items():
        sources = [word for word in ("sql", "promql", "task") if getattr(metric, word) is not None]
        if len(sources) != 1 or (metric.sql is None) != (metric.store is None):
            yield draft.at(X, "metrics", name), "needs one source", "write `store` with `sql`, or `promql`, or `task`"
    for name in draft.stack.watch.metrics:
        if name not in draft.stack.metrics:
            yield (
                draft.at(X, "watch", "metrics", name),
                f"no metric `{short(name)}`",
                _known(name, draft.stack.metrics, "metrics"),
            )
    for name, alert in draft.stack.alerts.items():
        if alert.service is not None and alert.service not in draft.services:
            place = draft.at(X, "alerts", name, "service")
            yield place, f"no service `{short(alert.service)}`", _known(alert.service, draft.services, "services")


def one_migration(draft: StackDraft) -> Iterator[Found]:
    """A stack has one schema head."""
    tasks = [service for service in draft.services.values() if service.service.task and service.service.task.when == "migrate"]
    for service in tasks[1:]:
        yield service.at(X, "task", "when"), f"a second migration beside `{tasks[0].name}`", "run both in one task"


def _known(word: str, known: Iterable[str], what: str) -> str:
    choices = sorted(known)
    return nearest(word, choices) or f"{what}: {listed(choices)}"


RULES: tuple[StackRule, ...] = (
    domains,
    passwords,
    routes,
    throttled_health,
    dependencies,
    cycles,
    declared,
    backups,
    stores,
    connections,
    eviction,
    memory_bound,
    numbers,
    one_migration,
)
