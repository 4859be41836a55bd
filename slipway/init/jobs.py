"""Queues of workers, schedulers that must not run twice, tasks that run to their end, and the stores they use."""

import re
from collections.abc import Mapping, Sequence

from ..load.quantities import size_bytes
from .data import mapping, text
from .health import option
from .images import KnownStore
from .parts import Part, migrates_at_start
from .sketch import Sketch
from .team import Bound, Facts

BROKERS = re.compile(r"(?:redis|rediss|amqp|amqps|pyamqp)://(?:[^@/\s]*@)?([A-Za-z0-9_.-]+)")
HEAP = re.compile(r"-Xmx(\d+)([mMgG])")
MEMORY: Mapping[str, int] = {"web": 512, "worker": 512, "scheduler": 256, "task": 512}
HUNGRY: Mapping[str, int] = {
    "keycloak": 1024, "jenkins": 2048, "gitlab": 6144, "sonarqube": 3072, "kibana": 1024, "nextcloud": 1024, "metabase": 2048,
    "nexus3": 3072, "confluence": 4096, "jira-software": 4096,
}  # fmt: skip
LAPTOP_COMMAND = re.compile(
    r"--reload\b|manage\.py runserver|(npm|yarn|pnpm|bun)( run)? (dev|watch)|next dev|nodemon|flask run|air -c|--debug\b"
)
SMALL = frozenset(("nginx", "httpd", "caddy", "busybox", "alpine", "mc", "whoami"))
REMADE = re.compile(
    r"cache|tmp|temp|logs?|static|node_modules|assets|vendor|venv|bundle|gems|\.next|build|dist|beat|schedule|sock|run"
)


def propose_memory(sketch: Sketch, facts: Facts, part: Part) -> None:
    """Propose a memory limit where the team set none."""
    limits = mapping(mapping(mapping(facts.data.get("deploy")).get("resources")).get("limits"))
    if facts.data.get("mem_limit") or limits.get("memory"):
        return
    size, because = _memory(facts, part)
    reserved = [size_bytes(text(value)) or 0 for value in _reserved(facts)]
    size = max([size, *(2 * (value >> 20) for value in reserved)])
    add_deploy(sketch, facts, {"resources": {"limits": {"memory": f"{size}m"}}})
    sketch.guess((*facts.path, "deploy"), f"memory limit {size} MiB, {because}")


def _reserved(facts: Facts) -> list[object]:
    resources = mapping(mapping(facts.data.get("deploy")).get("resources"))
    most = re.search(r"--maxmemory[ =](\S+)", facts.line)
    return [mapping(resources.get("reservations")).get("memory"), facts.data.get("mem_reservation"), most[1] if most else ""]


def add_deploy(sketch: Sketch, facts: Facts, wanted: dict[str, object]) -> None:
    """Add words to what is proposed under a service's `deploy`."""
    sketch.deploy[facts.name] = {**sketch.deploy.get(facts.name, {}), **wanted}


def _memory(facts: Facts, part: Part) -> tuple[int, str]:
    heaps = [match for line in (facts.line, *facts.environment.values()) if (match := HEAP.search(line))]
    if heaps:
        heap = max(int(match[1][:6]) * (1024 if match[2] in "gG" else 1) for match in heaps)
        return heap * 2, "twice its Java heap"
    if facts.store is not None:
        return facts.store.memory_mb, f"usual for `{facts.base or facts.name}`"
    if facts.base in HUNGRY:
        return HUNGRY[facts.base], f"usual for `{facts.base}`"
    if facts.base in SMALL and not facts.builds:
        return 128, f"usual for `{facts.base}`"
    return MEMORY.get(part, 512), "a guess"


def propose_store(sketch: Sketch, facts: Facts, store: KnownStore) -> None:
    """Propose a store with its backup."""
    most = option(facts.command, "-c", "max_connections") if store.engine == "postgres" else ""
    allowed = re.search(r"max_connections=(\d{1,5})", facts.line)
    words: dict[str, object] = {"engine": store.engine}
    if most and allowed:
        words["max_connections"] = int(allowed[1])
    sketch.word(facts, "store", words)
    place = (*facts.path, "x-slipway", "store")
    if not store.keeps:
        sketch.word(facts, "exceptions", {"backup": "it keeps nothing that cannot be made anew"})
        sketch.change(place, "a store that keeps nothing; no deploy replaces it")
    elif not facts.mounts and store.engine == "redis":
        sketch.word(facts, "exceptions", {"backup": "it has no volume: what it holds may be lost"})
        sketch.guess(
            place,
            "a store without a volume: what it holds is lost when it is made anew; give it one if it holds more than a cache",
        )
    else:
        sketch.word(facts, "backup", {"rpo_seconds": 86400})
        sketch.guess((*facts.path, "x-slipway", "backup"), "a store with a backup; rpo_seconds: how much may be lost, here a day")


def propose_backup(sketch: Sketch, facts: Facts, volumes: Sequence[str]) -> None:
    """Propose what becomes of the volumes of a service that is no store."""
    if not volumes or "backup" in facts.own or "backup" in mapping(facts.own.get("exceptions")):
        return
    if sketch.kept.issuperset(volumes):
        return
    sketch.kept.update(volumes)
    place = (*facts.path, "x-slipway", "backup")
    if all(REMADE.search(name.lower()) for name in volumes):
        sketch.word(facts, "exceptions", {"backup": "what it holds is made anew"})
        sketch.guess(place, f"no backup of {', '.join(volumes)}: by the name, what it holds is made anew")
    else:
        sketch.word(facts, "backup", {"rpo_seconds": 86400})
        sketch.guess(place, f"a backup of {', '.join(volumes)}; or the reason against it under `exceptions`")


def named_volumes(mounts: Sequence[Bound]) -> list[str]:
    """Return the named volumes among mounts."""
    return [mount.source for mount in mounts if mount.kind == "volume" and mount.source]


def propose_queue(sketch: Sketch, facts: Facts, stores: Mapping[str, Facts]) -> None:
    """Propose the queue a worker consumes, where its command says it."""
    if "queue" in facts.own:
        return
    system, names = _system(facts)
    store = _broker(facts, stores)
    if not system or not store:
        return
    words: dict[str, object] = {"store": store, "system": system, "names": names}
    count = option(facts.command, "-c", "--concurrency")
    if system == "celery" and count.isdigit():
        words["concurrency"] = int(count)
    sketch.word(facts, "queue", words)
    sketch.guess((*facts.path, "x-slipway", "queue"), f"{system} takes {', '.join(names)} from {store}")
    if not stores[store].mounts:
        why = f"it holds the queue of {facts.name} and has no volume: give it one and `--appendonly yes`, or jobs go with it"
        sketch.guess((*stores[store].path, "volumes"), why)


def _system(facts: Facts) -> tuple[str, list[str]]:
    words = [word.rpartition("/")[2] for word in facts.command]
    if "celery" in words and "worker" in words:
        return "celery", [name for name in option(facts.command, "-Q", "--queues").split(",") if name] or ["celery"]
    for word in ("rqworker", "worker"):
        if word in words and (word == "rqworker" or words[words.index(word) - 1] in ("rq",)):
            after = words[words.index(word) + 1 :]
            names = [
                name for i, name in enumerate(after) if not name.startswith("-") and not (i and after[i - 1].startswith("-"))
            ]
            return "rq", names or ["default"]
    return ("bullmq", ["default"]) if "bullmq" in facts.line.lower() else ("", [])


def _broker(facts: Facts, stores: Mapping[str, Facts]) -> str:
    """Return the store that a worker's addresses lead to, or the only Redis."""
    hosts = [match[1] for line in facts.environment.values() for match in BROKERS.finditer(line)]
    values = [*hosts, *facts.environment.values(), *facts.waits]
    queues = [name for name, store in stores.items() if store.store and (store.store.engine == "redis")]
    return next((value for value in values if value in queues), queues[0] if len(queues) == 1 else "")


def propose_scheduler(sketch: Sketch, facts: Facts) -> None:
    """Propose that a scheduler never runs twice."""
    add_deploy(sketch, facts, {"replicas": 1, "update_config": {"order": "stop-first"}})
    sketch.change((*facts.path, "deploy"), "a scheduler: the old one stops before the new one starts")


def propose_task(sketch: Sketch, facts: Facts, *, first_migration: bool) -> None:
    """Propose when a task runs."""
    when = "migrate" if first_migration else "start"
    sketch.word(facts, "task", {"when": when})
    moment = "before the release starts" if when == "start" else "as the migration, before the release starts"
    sketch.guess((*facts.path, "x-slipway", "task"), f"runs to its end {moment}")


def advise_on_command(sketch: Sketch, facts: Facts) -> None:
    """Say that a service migrates while it starts, or runs as on a laptop."""
    if migrates_at_start(facts):
        why = "migrates while it starts, with every replica: give the migration a service of its own with `task: {when: migrate}`"
        sketch.guess((*facts.path, "command"), why)
    if match := LAPTOP_COMMAND.search(facts.line):
        why = f"`{match[0].strip()}` belongs to the laptop: write the command your image serves with"
        sketch.guess((*facts.path, "command"), why)
