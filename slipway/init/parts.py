"""Which part each service plays; `asleep` are those that a plain `docker compose up` does not start."""

import re
from collections.abc import Mapping
from typing import Literal

from . import data as loose
from .images import EDGES, INTERNAL, INTERNAL_NAME, TOOLS
from .routes import inner_port, labelled, main_name, wishes
from .team import Facts, Team

Part = Literal["edge", "tool", "asleep", "store", "task", "scheduler", "web", "worker"]

MIGRATE = re.compile(
    r"alembic\b.*\bupgrade|manage\.py migrate|flask\b.*\bdb upgrade|prisma\b.*migrate deploy|prisma db push"
    r"|\bdb:(migrate|prepare)\b|artisan migrate|knex\b.*migrate:latest|typeorm\b.*migration:run|drizzle-kit (migrate|push)"
    r"|goose\b.*\bup\b|dbmate\b.*\b(up|migrate)\b|flyway\b.*migrate|liquibase\b.*update|sqlx migrate|diesel migration"
    r"|\bmigrate\b.*-path|\bnpm run migrate|\bmigrat(e|ions?)\b"
)
MIGRATORS = frozenset(("flyway", "liquibase", "dbmate", "migrate"))
SERVER = re.compile(
    r"uvicorn|gunicorn|runserver|daphne|hypercorn|waitress|flask run|rails (s|server)\b|puma|unicorn|next start"
    r"|npm (run )?start|yarn start|node [\w./-]+\.m?js|apache2|nginx|php-fpm|artisan serve|fastapi (run|dev)|\bserve\b"
)
SCHEDULER = re.compile(
    r"\bcelery\b.*\s(beat|-B|--beat)\b|celerybeat|rq-?scheduler|rqcron|\bclockwork\b|schedule:work|supercronic"
    r"|\bcrond?\b -f|\bcrond\b|\bgood_job\b.*cron"
)
SCHEDULER_IMAGES = frozenset(("ofelia", "docker-cron", "cronicle", "supercronic"))
ONCE = re.compile(
    r"(^|[-_])(init|setup|seed|migrate|migrations?|bootstrap|createbuckets?|create-buckets?|mc|configurator)([-_]|$)"
)


def parts(team: Team) -> dict[str, tuple[Facts, Part]]:
    """Return each service's facts and part, in the file's order."""
    found = {name: team.facts(name) for name in team.services}
    awaited = {
        name
        for facts in found.values()
        for name, condition in facts.waits.items()
        if condition == "service_completed_successfully"
    }
    woken = set(re.split(r"[,\s]+", team.values.get("COMPOSE_PROFILES", "")))
    asleep = {name for name, facts in found.items() if (own := loose.texts(facts.data.get("profiles"))) and not woken & set(own)}
    if len(asleep) == len(found):
        asleep = set()
    chosen: dict[str, tuple[Facts, Part]] = {
        name: (facts, part_of(facts, awaited=name in awaited, hosted=bool(wishes(facts)), asleep=name in asleep))
        for name, facts in found.items()
    }
    return chosen | _opened(chosen)


def _opened(found: Mapping[str, tuple[Facts, Part]]) -> dict[str, tuple[Facts, Part]]:
    """Return the service that surely wants a route where none says so: the one that exposes a port."""
    if any(part == "web" for _, part in found.values()):
        return {}
    candidates = {
        name: facts
        for name, (facts, part) in found.items()
        if part == "worker" and inner_port(facts) and not INTERNAL_NAME.fullmatch(name)
    }
    name = main_name(candidates)
    return {name: (candidates[name], "web")} if name else {}


def part_of(facts: Facts, *, awaited: bool, hosted: bool, asleep: bool) -> Part:
    """Return the part of one service; what its `x-slipway` says goes first."""
    said: Mapping[str, Part] = {"store": "store", "task": "task", "routes": "web"}
    written = next((part for word, part in said.items() if word in facts.own), None)
    if written:
        return written
    if facts.base in EDGES:
        return "edge"
    if facts.base in TOOLS:
        return "tool"
    if awaited or is_task(facts):
        return "task"
    if asleep:
        return "asleep"
    if facts.store is not None:
        return "store"
    if SCHEDULER.search(facts.line) or facts.base in SCHEDULER_IMAGES:
        return "scheduler"
    inside = INTERNAL.fullmatch(facts.base) or INTERNAL_NAME.fullmatch(facts.name) or "flower" in facts.command
    return "web" if hosted and (not inside or labelled(facts)) else "worker"


def is_task(facts: Facts) -> bool:
    """Say whether a service surely runs to its end."""
    if facts.ports or SERVER.search(facts.line):
        return False
    restart = loose.text(facts.data.get("restart"))
    once = restart in ("", "no", "false") or restart.startswith("on-failure")
    return once and (is_migration(facts) or bool(facts.command and ONCE.search(facts.name)))


def is_migration(facts: Facts) -> bool:
    """Say whether a service brings the database's schema forward."""
    return bool(MIGRATE.search(facts.line)) or facts.base in MIGRATORS


def migrates_at_start(facts: Facts) -> bool:
    """Say whether a lasting service migrates before it serves."""
    return bool(MIGRATE.search(facts.line)) and bool(SERVER.search(facts.line))
