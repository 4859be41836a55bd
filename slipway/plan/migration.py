"""Plan what surrounds a migration: what it works on is saved before, and the database is asked for its revision afterwards.

Neither is done where nothing is left to apply: where the same task of the same image was the last that ran here to its end.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..model import Service, Stack
from ..placement import Placed
from ..render import names, one_off
from ..render.release import release_project
from . import commands
from .step import Step

BACKUP_SECONDS = 3600
LOCK_SECONDS = 300  # a dump waits for whoever changes a table, and then gives up
REVISION_SECONDS = 60
PURPOSE = "current"  # what a container is called that asks for the revision, beside the service's name
ALEMBIC = "alembic"
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Schema:
    """What a host knows of a stack's schema by migration task: the image of the last one, if it ended well, and the revision."""

    images: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)


def around(new: Placed, ran: Sequence[Step], old: Placed | None, schema: Schema) -> list[Step]:
    """Return migrations with what surrounds them; `ran` are their own steps, none where they must not run again."""
    if not ran:
        return []
    tasks = migrations(new.stack)
    return [*_backups(new, tasks, old, schema), *ran, *_questions(new, tasks, old, schema)]


def migrations(stack: Stack) -> list[Service]:
    """Return the tasks that migrate."""
    return [service for service in stack.of_kind("task") if service.task and service.task.when == "migrate"]


def stores_of(services: Mapping[str, Service], task: Service) -> list[Service]:
    """Return the Postgres stores a task works on: those it depends on or connects to, poolers between, else the only one."""
    known = [services[name] for name in sorted(services) if _engine(services[name]) == "postgres"]
    named = [store for store in known if store.name in _reached(services, task)]
    return named or (known if len(known) == 1 else [])


def _engine(service: Service) -> str:
    return service.store.engine if service.store else ""


def _reached(services: Mapping[str, Service], task: Service) -> set[str]:
    found: set[str] = set()
    ahead = [*task.depends_on, *task.connections]
    while ahead:
        name = ahead.pop()
        if name in found or name not in services or services[name].store is None:
            continue
        found.add(name)
        ahead += [*services[name].depends_on, *services[name].connections]
    return found


def _backups(new: Placed, tasks: Sequence[Service], old: Placed | None, schema: Schema) -> list[Step]:
    saved = [task for task in tasks if task.task and task.task.backup_first and not _same(task, new, old, schema)]
    stores = {store.name: store for task in saved for store in stores_of(new.stack.services, task)}
    return [_backup(new, stores[name]) for name in sorted(stores)]


def _backup(new: Placed, store: Service) -> Step:
    container = names.store_container(new.stack.name, store.name)
    return Step(
        name=f"backup-{store.name}",
        action="backup",
        why=f"save {store.name} before the migration: a dump that was read back, and a restore point",
        argv=dump(container),
        arguments={"store": store.name, "container": container, "number": new.number, "point": f"before release {new.number}"},
        limit_seconds=BACKUP_SECONDS,
    )


def _questions(new: Placed, tasks: Sequence[Service], old: Placed | None, schema: Schema) -> list[Step]:
    return [_question(new, task) for task in tasks if _tells(task) and not _known(task, new, old, schema)]


def _tells(task: Service) -> bool:
    """Say whether a task has a command for its revision: one of its own, or Alembic's in a migration by Alembic."""
    if task.task is None:
        return False
    usual = type(task.task)(when="migrate").current
    return task.task.current != usual or ALEMBIC in str(task.compose.get("command", ""))


def _question(new: Placed, task: Service) -> Step:
    stack, number = new.stack.name, new.number
    words = _words(task.task.current if task.task else "")
    file = f"{names.release_folder(stack, number)}/{PURPOSE}-{task.name}.json"
    project = one_off.project(release_project(new.stack, new.placement), stack, number, task, words, PURPOSE)
    key = one_off.key(number, task.name, PURPOSE)
    return Step(
        name=f"revision-{task.name}",
        action="revision",
        why=f"ask the new image for the revision of the schema: {shlex.join(words)}",
        argv=commands.compose(names.release_project(stack, number), file, "up", "--detach", "--no-deps", "--no-recreate", key),
        arguments={
            "task": task.name,
            "number": number,
            "container": one_off.container(stack, number, task.name, PURPOSE),
            "file": file,
            "project": project,
        },
        limit_seconds=REVISION_SECONDS,
        environment=True,
    )


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()  # a controller's check refuses what is left open; a request by hand gets what it wrote


def _same(task: Service, new: Placed, old: Placed | None, schema: Schema) -> bool:
    """Say whether this very task ran last: files that are mounted are none of the image, so nobody knows them."""
    return _ran_last(task, new, schema) and _before(task, old) == task


def _known(task: Service, new: Placed, old: Placed | None, schema: Schema) -> bool:
    """Say whether the revision is known already: with other values in the environment the same migrations are applied."""
    before = _before(task, old)
    alike = before is not None and _but_environment(before) == _but_environment(task)
    return alike and task.name in schema.revisions and _ran_last(task, new, schema)


def _ran_last(task: Service, new: Placed, schema: Schema) -> bool:
    bound = any(mount.type == "bind" for mount in task.mounts)
    return not bound and schema.images.get(task.name) == new.placement.images[task.name]


def _before(task: Service, old: Placed | None) -> Service | None:
    return old.stack.services.get(task.name) if old else None


def _but_environment(task: Service) -> Service:
    return replace(task, compose={key: value for key, value in task.compose.items() if key != "environment"})


# What runs inside of a Postgres container, as whoever its image made the owner. A password comes from the container's own
# environment or secret file; one that is asked for ends the command. What leads a client elsewhere is none of the server's.
OWNER = (
    "unset PGHOST PGHOSTADDR PGSERVICE PGSERVICEFILE PGOPTIONS; "
    'export LC_ALL=C PGUSER="${POSTGRES_USER:-postgres}" PGAPPNAME=slipway-backup; '
    'if [ -r "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi; '
    'export PGPASSWORD="${POSTGRES_PASSWORD:-${PGPASSWORD:-}}"; '
)


def dump(container: str) -> tuple[str, ...]:
    """Return the command that dumps a database to its standard output; the database's name is to follow."""
    # A client of Docker that is killed stops nothing inside of the container; `timeout` does.
    words = f"--format=custom --compress=1 --no-password --lock-wait-timeout={LOCK_SECONDS}s"
    return _inside(container, f'export PGDATABASE="$1"; exec timeout {BACKUP_SECONDS} pg_dump {words}')


def read_back(container: str) -> tuple[str, ...]:
    """Return the command that reads a dump from its standard input to the end and tells each table on standard error.

    `pg_restore --list` reads no further than the head of the file: half a dump passes it.
    """
    return _inside(container, "exec pg_restore --verbose --file=/dev/null", "--interactive")


def query(container: str, sql: str) -> tuple[str, ...]:
    """Return the command that asks a server."""
    script = 'exec psql -X -A -t -q -w -v ON_ERROR_STOP=1 -d postgres -c "$1"'
    return (*_inside(container, script), sql)


def _inside(container: str, script: str, *options: str) -> tuple[str, ...]:
    return ("docker", "exec", *options, container, "sh", "-c", OWNER + script, "sh")


def told(saved: Mapping[str, Any]) -> str:
    """Return what was saved of a store, for people."""
    held = ", ".join(f"{_plain(one['name'])} {one['tables']} tables {_size(one['bytes'])}" for one in saved["databases"])
    point = f"restore point `{saved['restore_point']}`" if saved["restore_point"] else f"no restore point: {saved['no_point']}"
    return f"saved before the migration: {saved['store']} ({held}) in {saved['folder']}, {point}"


def _plain(name: str) -> str:
    """Return a name as a terminal may show it: whoever owns a database chose it."""
    return "".join(char for char in name if char.isprintable())


def _size(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 10 * MIB else f"{count / MIB:.0f} MiB"
