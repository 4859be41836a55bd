"""How a service is asked whether it is well: the edge's question for web services, Docker's for the others."""

import re
from typing import Any

from ..load.formats import path as is_wrong_path
from . import data as loose
from .changes import Put
from .images import HEALTH_PATHS, WGET_CHECKS, KnownStore
from .routes import inner_port
from .sketch import Sketch
from .team import Facts

URL = re.compile(r"https?://[^/\s:'\"`]+(?::(\d+))?(/[^\s'\"`|;)>]*)?")
TRAEFIK_HEALTH = re.compile(r"traefik\.http\.services\.[^.]+\.loadbalancer\.healthcheck\.path")
TIMES = {"interval": "10s", "timeout": "5s", "retries": 3, "start_period": "30s"}


def propose_health(sketch: Sketch, facts: Facts) -> None:
    """Propose the question the edge asks a web service."""
    path, port, because = _question(facts, sketch)
    health: dict[str, Any] = {"path": path}
    if port and port != inner_port(facts):
        health["port"] = port
    sketch.word(facts, "health", health, "" if because else "a guess: it must answer 200 without a login")
    place = (*facts.path, "x-slipway", "health")
    if because:
        sketch.change(place, f"asked at {path}, as {because} says")
    else:
        sketch.guess(place, f"asked at {path}, a guess: name the path that says whether the service is well")


def _question(facts: Facts, sketch: Sketch) -> tuple[str, int, str]:
    """Return the path, the port and where both are from; no source where they are guessed."""
    test = sketch.team.filled(" ".join(loose.texts(loose.mapping(facts.data.get("healthcheck")).get("test"))))
    match = URL.search(test)
    if match and not is_wrong_path(path := match[2] or "/"):
        return path, int(match[1] or 0), "its healthcheck"
    labelled = next((value for key, value in facts.labels.items() if TRAEFIK_HEALTH.fullmatch(key)), "")
    if labelled and not is_wrong_path(labelled):
        return labelled, 0, "its traefik label"
    if facts.base in HEALTH_PATHS:
        path, port = HEALTH_PATHS[facts.base]
        return path, port or 0, f"`{facts.base}`"
    return "/", 0, ""


def has_check(facts: Facts) -> bool:
    """Say whether the team wrote a healthcheck that asks something."""
    check = loose.mapping(facts.data.get("healthcheck"))
    test = loose.texts(check.get("test"))
    return bool(test) and test != ["NONE"] and not check.get("disable")


def propose_check(sketch: Sketch, facts: Facts) -> None:
    """Propose Docker's healthcheck where the service's image or command says how it can be asked."""
    if has_check(facts):
        return
    test, because = _check(facts)
    if test:
        path = (*facts.path, "healthcheck")
        sketch.guess(path, f"asks with `{test[-1] if test[0] == 'CMD-SHELL' else ' '.join(test[1:])}`, {because}")
        times = {**TIMES, "interval": "60s"} if "celery" in test[-1] else TIMES
        sketch.changes.append(Put(path, {"test": test, **times}))


def _check(facts: Facts) -> tuple[list[str], str]:
    if facts.store is not None and (known := _store_check(facts, facts.store)):
        return known, f"as `{facts.base or facts.name}` allows"
    if facts.base in WGET_CHECKS:
        return ["CMD", "wget", "-qO-", WGET_CHECKS[facts.base]], f"as `{facts.base}` allows"
    if "celery" in facts.command and "worker" in facts.command:
        app = option(facts.command, "-A", "--app")
        line = f"celery {f'-A {app} ' if app else ''}inspect ping -d celery@$$HOSTNAME"
        return ["CMD-SHELL", line], "as Celery workers answer; it takes a second of CPU each time"
    if "celery" in facts.command and "beat" in facts.command and (file := option(facts.command, "-s", "--schedule")):
        folder, _, name = file.rpartition("/")
        return ["CMD-SHELL", f'test -n "$$(find {folder or "."} -name "{name}*" -mmin -5)"'], "as beat writes its schedule file"
    return [], ""


def _store_check(facts: Facts, store: KnownStore) -> list[str]:
    if store.engine == "postgres":
        user = facts.environment.get("POSTGRES_USER") or "postgres"
        return (
            ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", user] if user.isalnum() else ["CMD", "pg_isready", "-h", "127.0.0.1"]
        )
    if store.engine == "redis" and any(word in facts.line for word in ("requirepass", "REDIS_PASSWORD")):
        return ["CMD-SHELL", f"{store.check[0]} ping | grep -E 'PONG|NOAUTH'"]
    return ["CMD", *store.check] if store.check else []


def option(words: tuple[str, ...], short: str, long: str) -> str:
    """Return the value of an option in a command line, or nothing."""
    for index, word in enumerate(words):
        if word in (short, long) and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(f"{long}="):
            return word.partition("=")[2]
        if word.startswith(short) and len(word) > len(short) and not word.startswith("--"):
            return word.removeprefix(short)
    return ""
