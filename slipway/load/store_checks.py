"""What stores and those who use them must say about each other."""

import re
from collections.abc import Iterator
from itertools import pairwise

from ..plan.migration import stores_of
from .faults import Path, short
from .nodes import Node
from .quantities import size_bytes
from .rule import Found, StackRule, known
from .service import Draft, X
from .stack import StackDraft

ENGINE_WORDS = {
    "extensions": ("postgres",),
    "slow_query_ms": ("postgres",),
    "buckets": ("s3",),
    "max_connections": ("postgres", "redis", "pooler", "other"),
}


def store_names(draft: StackDraft) -> Iterator[Found]:
    """Queues, connections and numbers name stores that can serve them."""
    for service in draft.services.values():
        queue = service.service.queue
        if queue:
            yield from _judged(draft, service.at(X, "queue", "store"), queue.store, ("redis",), "holds no queue")
        for name in service.service.connections:
            kinds = ENGINE_WORDS["max_connections"]
            yield from _judged(draft, service.at(X, "connections", name), name, kinds, "counts no connections")
    for name, metric in draft.stack.metrics.items():
        if metric.store is not None:
            yield from _judged(draft, draft.at(X, "metrics", name, "store"), metric.store, ("postgres",), "answers no SQL")


def _judged(draft: StackDraft, place: tuple[Node, Path], name: str, engines: tuple[str, ...], lacks: str) -> Iterator[Found]:
    names = [other for other, service in draft.services.items() if "store" in service.own]
    if name not in names:
        yield place, f"no store `{short(name)}`", known(name, names, "stores")
        return
    store = draft.services[name].service.store
    if store is not None and store.engine not in engines:
        yield place, f"`{name}` has the engine `{store.engine}`, which {lacks}", f"engines that do: {', '.join(engines)}"


def engine_words(draft: StackDraft) -> Iterator[Found]:
    """Words of a store fit its engine."""
    for service in draft.services.values():
        store = service.service.store
        for word, engines in ENGINE_WORDS.items() if store else ():
            if store and word in service.own["store"].mapping and store.engine not in engines:
                message = f"`{word}` on a store with the engine `{store.engine}`"
                yield service.at(X, "store", word), message, f"it is for {', '.join(engines)}"


def shared_networks(draft: StackDraft) -> Iterator[Found]:
    """Who uses a store can reach it."""
    for service in draft.services.values():
        used = {name: ("connections", name) for name in service.service.connections}
        if service.service.queue:
            used.setdefault(service.service.queue.store, ("queue", "store"))
        for name, place in used.items():
            store = draft.services.get(name)
            if store and not set(store.service.networks) & set(service.service.networks):
                hint = f"join one: `{name}` is on {', '.join(sorted(store.service.networks)) or 'none'}"
                yield service.at(X, *place), f"shares no network with `{name}`", hint


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


def server_settings(draft: StackDraft) -> Iterator[Found]:
    """What the command line tells the server is what the store says of it."""
    for service in draft.services.values():
        store = service.service.store
        given = _setting(service, "max_connections") if store and store.engine == "postgres" else ""
        if store and given and given.lstrip("0") != str(store.max_connections):
            message = f"`max_connections` is {short(given)} here and {store.max_connections} under `{X}.store`"
            yield service.at("command"), message, "write the same number in both places"


def _setting(service: Draft, name: str) -> str:
    """Return what `-c name=value` or `--name=value` gives to a Postgres server."""
    for word in _command(service):
        match = re.fullmatch(rf"(?:-c|--)?{name}=(\S+)", word)
        if match:
            return match[1]
    return ""


def eviction(draft: StackDraft) -> Iterator[Found]:
    """A queue that evicts keys loses jobs."""
    queues = {service.service.queue.store for service in draft.services.values() if service.service.queue}
    for name in sorted(queues & set(draft.services)):
        store = draft.services[name]
        policy = _option(store, "--maxmemory-policy") or "noeviction"
        if policy != "noeviction":
            yield store.at("command"), f"`{short(policy)}` throws jobs of a queue away", "write `--maxmemory-policy noeviction`"


def redis_memory(draft: StackDraft) -> Iterator[Found]:
    """Redis refuses writes at its own limit, before the kernel kills it at the container's."""
    for service in draft.services.values():
        store, most = service.service.store, size_bytes(_option(service, "--maxmemory") or "0")
        if store and store.engine == "redis" and most and service.service.memory_mb << 20 <= most:
            message = f"`--maxmemory` is not below the container's limit of {service.service.memory_mb} MiB"
            yield service.at("command"), message, "raise the limit: Redis needs room beside its data, twice as much to save it"


def _option(service: Draft, name: str) -> str | None:
    return next((after for word, after in pairwise(_command(service)) if word == name), None)


def _command(service: Draft) -> list[str]:
    return [word for word in service.service.compose.get("command", ()) if isinstance(word, str)]


def backups(draft: StackDraft) -> Iterator[Found]:
    """Every store and every volume comes back after a loss, or says why not."""
    kept = {mount.source for service in draft.services.values() if _is_kept(service) for mount in service.service.mounts}
    for service in draft.services.values():
        volumes = [mount.source for mount in service.service.mounts if mount.type == "volume"]
        hint = f"add `{X}.backup`, or the reason under `{X}.exceptions.backup`"
        if "backup" in service.own and not volumes and "store" not in service.own:
            yield service.at(X, "backup"), "nothing to copy: neither a store nor a volume", "remove it"
        if _is_kept(service):
            continue
        if "store" in service.own:
            yield service.at(X, "store"), "a store without a backup", hint
        elif lost := [name for name in volumes if name not in kept]:
            yield service.at("volumes"), f"volume `{lost[0]}` without a backup", hint


def _is_kept(service: Draft) -> bool:
    exceptions = service.own.get("exceptions")
    return "backup" in service.own or (exceptions is not None and "backup" in exceptions.mapping)


def kept_copies(draft: StackDraft) -> Iterator[Found]:
    """A backup keeps at least one copy."""
    for service in draft.services.values():
        backup = service.service.backup
        if backup and not backup.keep_days + backup.keep_weeks + backup.keep_months:
            yield service.at(X, "backup"), "keeps no copy at all", "write `keep_days: 14`"


def restore_points(draft: StackDraft) -> Iterator[Found]:
    """What is saved before a migration is a Postgres store that has a backup."""
    services = {name: service.service for name, service in draft.services.items()}
    for service in draft.services.values():
        if not (service.service.task and service.service.task.backup_first):
            continue
        found, place = stores_of(services, service.service), service.at(X, "task", "backup_first")
        if not any(one.store and one.backup for one in services.values()):
            yield place, "no store of the stack has a backup", f"give the store that is migrated `{X}.backup`"
        elif not found and any(one.store and one.store.engine == "postgres" for one in services.values()):
            yield place, "the task names none of several Postgres stores", "write the one it migrates under `depends_on`"
        elif not found:
            yield place, "no store of the stack is Postgres, which alone is saved", "remove it, or write `engine: postgres`"


RULES: tuple[StackRule, ...] = (
    store_names,
    engine_words,
    shared_networks,
    connections,
    server_settings,
    eviction,
    redis_memory,
    backups,
    kept_copies,
    restore_points,
)
