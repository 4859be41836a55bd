"""Migrations on a real host: what they work on is saved before, never two run at once, the schema's revision is told."""

import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .demo_site import Site
from .test_bad_releases import given_number, left_behind
from .test_deploy import fab, put_files_in_charge
from .test_releases import visitors, wait_until
from .test_watch import good, journal, submit

HOME = "/var/backups/slipway/demo"
PSQL = "docker exec -i demo-db-1 psql -XAtq -v ON_ERROR_STOP=1 -U demo"
NOTES = "SELECT count(*), max(id) FROM notes"


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host, and bring the first release back at the end."""
    put_files_in_charge(site, tmp_path_factory.mktemp("files"))
    yield site
    assert submit(site)["code"] == 0


@contextlib.contextmanager
def database(site: Site, name: str) -> Iterator[str]:
    """Have one more database in the store; yield the command that asks it."""
    site.shell(f"{PSQL} postgres -c 'CREATE DATABASE {name}'")
    try:
        yield f"{PSQL} {name}"
    finally:
        site.shell(f"{PSQL} postgres -c 'DROP DATABASE {name} WITH (FORCE)'")


@pytest.mark.feature("F24")
def test_a_migration_runs_behind_a_dump_that_restores_and_the_schema_is_told(host: Site, tmp_path: Path) -> None:
    notes = host.shell(f"{PSQL} demo -c '{NOTES}'")
    with visitors(host) as tallies:
        result = submit(good(host, tmp_path))
    assert (result["verdict"], result["code"]) == ("serving", 0), result["error"]
    assert [tally.failures for tally in tallies] == [[], []]
    names = [step["name"] for step in result["steps"]]
    assert names.index("backup-db") + 1 == names.index("task-migrate")
    number, (saved,) = result["release"], result["saved"]
    assert (saved["folder"], saved["restore_point"]) == (f"{HOME}/{number}/db", f"before release {number}")
    tables = {one["name"]: one["tables"] for one in saved["databases"]}
    assert tables["demo"] >= 4
    assert tables["postgres"] == 0
    modes = host.shell(f"find {HOME} -printf '%y %m %u\\n' | sort -u")
    assert modes.splitlines() == ["d 700 root", "f 600 root"]
    with database(host, "trial") as trial:
        host.shell(f"docker exec -i demo-db-1 pg_restore --exit-on-error -U demo -d trial < {saved['folder']}/demo.dump")
        assert host.shell(f"{trial} -c '{NOTES}'") == notes
    rows = {row["number"]: row for row in json.loads(host.shell("slipway releases demo"))}
    assert rows[number]["revisions"] == {"migrate": "0002"}
    entry = journal(host, "backup")[-1]
    assert (entry["release"], entry["folder"]) == (number, saved["folder"])


@contextlib.contextmanager
def no_room(site: Site) -> Iterator[None]:
    """Give the copies a small disk."""
    site.shell(f"mkdir -p {HOME} && mount -t tmpfs -o size=64m full {HOME}")
    try:
        yield
    finally:
        site.shell(f"umount {HOME}")


@contextlib.contextmanager
def damaged(site: Site) -> Iterator[None]:
    """Have a table in the store whose file is gone."""
    with database(site, "damaged") as asked:
        site.shell(f"{asked} -c 'CREATE TABLE gone AS SELECT 1 AS one' -c CHECKPOINT")
        path = site.shell(f"{asked} -c \"SELECT current_setting('data_directory') || '/' || pg_relation_filepath('gone')\"")
        site.shell(f"docker exec demo-db-1 rm {path.strip()}")
        yield


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("fault", "cause"),
    [(no_room, "MiB free, and the dumps may need"), (damaged, 'Dumping the contents of table "gone" failed')],
    ids=["no-room", "damaged"],
)
def test_what_cannot_be_saved_is_not_migrated(host: Site, tmp_path: Path, fault: Any, cause: str) -> None:
    number, given, copies = host.serving()["current"], given_number(host), host.shell(f"ls {HOME}")
    with fault(host), visitors(host) as tallies:
        result = submit(good(host, tmp_path))
    assert (result["verdict"], result["code"], result["saved"]) == ("refused", 3, [])
    assert "db could not be saved, so the migration did not run: " in result["error"]
    assert cause in result["error"]
    assert not [step for step in journal(host, "step") if step["release"] == given + 1 and step["name"] == "task-migrate"]
    assert [tally.failures for tally in tallies] == [[], []]
    assert (host.serving()["current"], host.serving()["next"], left_behind(host, given)) == (number, None, "")
    assert host.shell(f"ls {HOME}") == copies
    assert submit(good(host, tmp_path / "good"))["verdict"] == "serving"


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_two_deploys_and_a_person_never_run_two_migrations(host: Site, tmp_path: Path) -> None:
    hangs = good(host, tmp_path / "first", FAULT="migration-hangs", TASK_SECONDS="30")
    team = host.varied(tmp_path / "team")
    given, seen = given_number(host), set[int]()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(submit, hangs)
        wait_until(lambda: running(host) == 1, 60, "the first migration runs")
        second = pool.submit(submit, good(host, tmp_path / "second"))
        by_hand = fab(team, "run", "demo", "migrate")
        while not (first.done() and second.done()):
            seen.add(running(host))
            time.sleep(0.2)
    assert by_hand.code == 4
    assert f"the migration of release {given + 1}" in by_hand.text + by_hand.progress
    assert max(seen) == 1
    assert "did not end within 30 s and was killed" in first.result()["error"]
    assert first.result()["saved"], "what was saved is told, so that a person can go back to it"
    assert second.result()["verdict"] == "serving"


def running(site: Site) -> int:
    """Return how many containers run a migration."""
    return len([name for name in site.containers() if name.endswith("-migrate") and "-current-" not in name])


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_with_another_limit_alone_nothing_is_saved_or_asked(host: Site, tmp_path: Path) -> None:
    wanted = good(host, tmp_path, FAULT="slow:0.0007", API_RATE="31")
    assert submit(wanted)["saved"]
    again = submit(wanted.release(tmp_path / "again", "1.1.0", API_RATE="32"))
    names = [step["name"] for step in again["steps"]]
    assert "task-migrate" in names
    assert not {"backup-db", "revision-migrate"} & set(names)
    rows = {row["number"]: row for row in json.loads(host.shell("slipway releases demo"))}
    assert rows[again["release"]]["revisions"] == {"migrate": "0002"}
