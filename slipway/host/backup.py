"""Save a Postgres store before a migration: every database dumped and read back, and a restore point where the server makes one.

A copy counts once its manifest is there, which is written last: what a run that died left behind is removed by the next. It
never takes the disk that the store itself may write to: the room is judged before, and watched meanwhile.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import CommandFailed, HostError, SlipwayError
from ..plan import migration
from ..plan.step import Step
from . import clock, disk, files, prune
from .machine import Work

SCHEMA = 1
ASK_SECONDS = 60
FOLDER_MODE = 0o700
MANIFEST = "manifest.json"
LEAST_MB = disk.RESERVE_MB // 2  # a dump under way ends here
LONGEST_ANSWER = 200
TABLE = "processing data for table"
NEXT_STEP = "mend that and deploy again; without `backup_first` the migration runs with nothing saved"
# A dump whose client was killed runs on inside of the container, and its locks keep a migration waiting.
END_DUMPS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE application_name = 'slipway-backup' AND pid <> pg_backend_pid()"
)
QUESTION = (
    "SELECT json_build_object("
    "'version', current_setting('server_version'), 'wal_level', current_setting('wal_level'), "
    "'standby', pg_is_in_recovery(), 'databases', (SELECT json_agg(json_build_object("
    "'name', datname, 'size', pg_database_size(oid)) ORDER BY datname) "
    "FROM pg_database WHERE datallowconn AND NOT datistemplate))"
)


def save(work: Work, step: Step) -> None:
    """Save a store, or raise with nothing of this copy left behind."""
    began, store = time.monotonic(), step.arguments["store"]
    home = work.machine.layout.backups(work.folder.name)
    folder = home / str(step.arguments["number"]) / store
    try:
        clear(home)
        made = _copy(work, step, folder)
    except (SlipwayError, OSError) as error:
        _drop(folder)
        work.machine.runner.attempt(migration.query(step.arguments["container"], END_DUMPS), limit_seconds=ASK_SECONDS)
        raise HostError(f"{store} could not be saved, so the migration did not run: {_cause(error)}", NEXT_STEP) from error
    forget(home, prune.keep(work), work.serving().current or 0)
    told = {**made, "folder": str(folder), "seconds": round(time.monotonic() - began, 3)}
    work.saved.append(told)
    work.note({"event": "backup", **told})
    work.machine.say(migration.told(told))


def _drop(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # there only where the copy had begun; what stays is cleared by the next
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # unless another store was saved


def _cause(error: SlipwayError | OSError) -> str:
    if isinstance(error, CommandFailed):
        return error.tail or f"{error.argv[0]} ended with {error.code}"
    return error.cause if isinstance(error, SlipwayError) else str(error)


def _copy(work: Work, step: Step, folder: Path) -> dict[str, Any]:
    """Make the whole copy, its manifest last; return what that says."""
    container = step.arguments["container"]
    _ask(work, container, END_DUMPS)
    server = _server(work, container)
    for above in (*reversed(folder.parents[:3]), folder):
        files.folder(above, FOLDER_MODE)
    _judge_room(folder, server["databases"])
    databases = [_dumped(work, step, folder, one["name"]) for one in server["databases"]]
    point, why = _restore_point(work, step, server)
    made = {
        "store": step.arguments["store"],
        "release": step.arguments["number"],
        "at": clock.now(),
        "version": server["version"],
        "databases": databases,
        "restore_point": point,
        "no_point": why,
    }
    files.write(folder / MANIFEST, json.dumps({"schema": SCHEMA, **made}, indent=1), 0o600)
    return made


def _server(work: Work, container: str) -> Mapping[str, Any]:
    """Return what a server says of itself; a container may print lines of its own beside it."""
    said, found = _ask(work, container, QUESTION), None
    with contextlib.suppress(ValueError):
        found = json.loads(said)
    if not isinstance(found, dict) or not isinstance(found.get("databases"), list):
        raise HostError(f"the server's answer is not understood: {said[:LONGEST_ANSWER]!r}")
    return found


def _ask(work: Work, container: str, sql: str) -> str:
    return work.machine.runner.run(migration.query(container, sql), limit_seconds=ASK_SECONDS).strip()


def _judge_room(folder: Path, databases: Sequence[Mapping[str, Any]]) -> None:
    """Refuse where the dumps might not fit: a dump is seldom larger than its database, and about as large as the last one."""
    before = _sizes_before(folder)
    expected = [min(one["size"], 2 * before.get(one["name"], one["size"])) for one in databases]
    needed, free = disk.RESERVE_MB + sum(expected) // disk.MIB, disk.free_mb(folder)
    if free < needed:
        raise HostError(f"{folder} has {free} MiB free, and the dumps may need {needed} MiB")


def _sizes_before(folder: Path) -> dict[str, int]:
    """Return how large the dumps of each database were the last time."""
    manifests = sorted(folder.parents[1].glob(f"*/{folder.name}/{MANIFEST}"), key=_number)
    with contextlib.suppress(ValueError, KeyError, TypeError):  # one that somebody broke tells nothing, as where there is none
        made = json.loads(manifests[-1].read_text(encoding="utf-8"))["databases"] if manifests else []
        return {one["name"]: one["bytes"] for one in made}
    return {}


def _number(manifest: Path) -> int:
    return int(manifest.parents[1].name)


def _dumped(work: Work, step: Step, folder: Path, database: str) -> dict[str, Any]:
    """Dump a database and read the dump back from the disk, to its end."""
    file, runner = folder / f"{quote(database, safe='')}.dump", work.machine.runner
    runner.run_into((*step.argv, database), file, limit_seconds=step.limit_seconds, hindered=partial(hindered, folder))
    said = runner.run_from(migration.read_back(step.arguments["container"]), file, limit_seconds=step.limit_seconds)
    return {"name": database, "file": file.name, "bytes": file.stat().st_size, "tables": said.count(TABLE)}


def hindered(folder: Path, free: Callable[[Path], int] = disk.free_mb) -> str:
    """Return why a dump must not go on, or nothing."""
    left = free(folder)
    return f"{folder} has {left} MiB free, less than the {LEAST_MB} MiB that stay" if left < LEAST_MB else ""


def _restore_point(work: Work, step: Step, server: Mapping[str, Any]) -> tuple[str, str]:
    """Make a named point that a recovery can stop at; return its name, or why there is none."""
    if server["standby"]:
        return "", "the server is a standby"
    if server["wal_level"] == "minimal":
        return "", "its `wal_level` is minimal"
    name = step.arguments["point"]
    _ask(work, step.arguments["container"], f"SELECT pg_create_restore_point('{name}')")
    return name, ""


def clear(home: Path) -> None:
    """Remove copies that were cut short."""
    for folder in home.glob("*/*/"):
        if not (folder / MANIFEST).is_file():
            shutil.rmtree(folder)


def forget(home: Path, keep: int, serves: int) -> None:
    """Keep the copies of the last releases that made one, and of each store the first one since the release that serves.

    A migration that was broken off is tried again: whatever is saved from the second try on holds what the first one left.
    """
    made = sorted((path for path in home.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
    whole = [path for path in made if any(path.glob(f"*/{MANIFEST}"))]
    first: dict[str, Path] = {}
    for manifest in (found for path in whole if int(path.name) > serves for found in path.glob(f"*/{MANIFEST}")):
        first.setdefault(manifest.parent.name, manifest.parents[1])
    for path in made:
        if path not in (*whole[-keep:], *first.values()):
            shutil.rmtree(path)
