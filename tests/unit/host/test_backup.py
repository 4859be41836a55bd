"""A store saved before a migration, by programs that stand for those of a container."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import HostError
from slipway.host import backup
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.runner import Runner
from slipway.plan import migration
from slipway.plan.step import Step
from slipway.serving import Serving

from .doors import has

SERVER = {
    "version": "17.5",
    "wal_level": "replica",
    "standby": False,
    "databases": [{"name": "a/b =c", "size": 9_000_000}, {"name": "postgres", "size": 7_000_000}],
}
# `docker exec` without a container: the rest runs here.
DOCKER = 'shift; [ "$1" = --interactive ] && shift; shift; exec "$@"'
PSQL = """echo "$PGUSER $PGPASSWORD$PGHOST$PGHOSTADDR$PGSERVICE$PGSERVICEFILE$PGOPTIONS: $*" >> "$SAID"
case "$*" in *json_build_object*) echo "$SERVER" ;; *pg_create_restore_point*) [ -z "$NO_POINT" ] || exit 3 ;; esac"""
DUMP = 'echo "$PGDATABASE dumped"; [ "$PGDATABASE" != "$BAD" ] || { echo "pg_dump: error: it is broken" >&2; exit 1; }'
RESTORE = """read -r line; cat; [ "$line" = "${line% dumped}" ] && { echo "end of file" >&2; exit 1; }
echo 'pg_restore: processing data for table "public.notes"' >&2"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Return a stack on a host whose store answers."""
    has(tmp_path, monkeypatch, docker=DOCKER, psql=PSQL, pg_dump=DUMP, pg_restore=RESTORE)
    (tmp_path / "password").write_text("hunter22\n")
    for name, value in {
        "SAID": str(tmp_path / "said"),
        "SERVER": json.dumps(SERVER),
        "NO_POINT": "",
        "BAD": "",
        "POSTGRES_USER": "demo",
        "POSTGRES_PASSWORD_FILE": str(tmp_path / "password"),
    }.items():
        monkeypatch.setenv(name, value)
    layout = Layout(tmp_path)
    return Work(Machine(layout, runner=Runner()), layout.stack("demo"))


def step(number: int, store: str = "db") -> Step:
    words = {"store": store, "container": f"demo-{store}-1", "number": number, "point": f"before release {number}"}
    return Step(f"backup-{store}", "backup", "w", migration.dump(words["container"]), words, 60)  # type: ignore[arg-type]


def served(work: Work, number: int) -> None:
    backup.save(work, step(number))
    work.keep_serving(Serving("demo", current=number))


def home(work: Work) -> Path:
    return work.machine.layout.backups("demo")


def kept(work: Work) -> list[int]:
    return sorted(int(path.name) for path in home(work).iterdir())


def test_every_database_is_dumped_read_back_and_told(work: Work, tmp_path: Path) -> None:
    backup.save(work, step(42))
    folder = home(work) / "42/db"
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "a%2Fb%20%3Dc.dump": 0o600,
        "postgres.dump": 0o600,
        "manifest.json": 0o600,
    }
    assert [path.stat().st_mode & 0o777 for path in (home(work).parent, home(work), folder)] == [0o700] * 3
    assert (folder / "a%2Fb%20%3Dc.dump").read_text() == "a/b =c dumped\n"
    (saved,) = work.saved
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (
        manifest["databases"]
        == saved["databases"]
        == [
            {"name": "a/b =c", "file": "a%2Fb%20%3Dc.dump", "bytes": 14, "tables": 1},
            {"name": "postgres", "file": "postgres.dump", "bytes": 16, "tables": 1},
        ]
    )
    assert (manifest["restore_point"], manifest["version"], manifest["schema"]) == ("before release 42", "17.5", 1)
    (entry,) = Journal(work.folder.journal).entries()
    assert (entry["event"], entry["folder"]) == ("backup", str(folder))
    asked = (tmp_path / "said").read_text().splitlines()
    assert all(line.startswith("demo hunter22: ") for line in asked), "as the owner, with the password of its own file"
    assert "pg_create_restore_point('before release 42')" in asked[-1], "after the dumps, so right before the migration"
    assert "hunter22" not in " ".join(step(42).argv)


@pytest.mark.parametrize(
    ("words", "why"), [({"wal_level": "minimal"}, "its `wal_level` is minimal"), ({"standby": True}, "the server is a standby")]
)
def test_a_server_that_makes_no_restore_point_is_dumped_all_the_same(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: dict[str, Any], why: str
) -> None:
    monkeypatch.setenv("SERVER", json.dumps({**SERVER, **words}))
    backup.save(work, step(1))
    assert (work.saved[0]["restore_point"], work.saved[0]["no_point"]) == ("", why)
    assert "pg_create_restore_point" not in (tmp_path / "said").read_text()


def test_a_container_that_is_a_client_of_another_server_is_asked_itself(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGPASSWORD"):
        monkeypatch.setenv(name, "of-another")
    backup.save(work, step(1))
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", "")
    monkeypatch.setenv("POSTGRES_PASSWORD", "hunter22")
    backup.save(work, step(2))
    assert {line.partition(":")[0] for line in (tmp_path / "said").read_text().splitlines()} == {"demo hunter22"}


@pytest.mark.parametrize("answer", ["sh: a notice", '{"databases": null}', "[]"])
def test_an_odd_answer_is_a_cause_of_the_host(work: Work, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setenv("SERVER", answer)
    with pytest.raises(HostError, match="the server's answer is not understood") as caught:
        backup.save(work, step(1))
    assert answer in caught.value.cause


def test_a_manifest_that_somebody_broke_keeps_no_copy_from_being_made(work: Work) -> None:
    backup.save(work, step(1))
    (home(work) / "1/db/manifest.json").write_text("{")
    backup.save(work, step(2))
    assert kept(work) == [1, 2]


@pytest.mark.parametrize(("name", "value", "cause"), [("BAD", "postgres", "it is broken"), ("NO_POINT", "1", "ended with 3")])
def test_what_cannot_be_saved_is_refused_and_leaves_nothing(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, cause: str
) -> None:
    backup.save(work, step(1))
    monkeypatch.setenv(name, value)
    with pytest.raises(HostError, match="db could not be saved, so the migration did not run") as caught:
        backup.save(work, step(2))
    assert cause in caught.value.cause
    assert "hunter22" not in str(caught.value)
    assert (kept(work), len(work.saved)) == ([1], 1)
    assert "pg_terminate_backend" in (tmp_path / "said").read_text().splitlines()[-1], "a dump that still runs is ended"


def test_a_dump_that_does_not_read_back_counts_as_none(work: Work, tmp_path: Path) -> None:
    (tmp_path / "bin/pg_dump").write_text("#!/bin/sh\necho half of\n")
    with pytest.raises(HostError, match="end of file"):
        backup.save(work, step(1))
    assert kept(work) == []


def test_a_container_without_the_programs_is_told(work: Work, tmp_path: Path) -> None:
    (tmp_path / "bin/pg_dump").write_text("#!/bin/sh\nexec /nowhere/pg_dump\n")
    with pytest.raises(HostError, match="/nowhere/pg_dump"):
        backup.save(work, step(1))


def test_the_room_is_judged_before_by_the_database_and_later_by_the_last_dump(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = {**SERVER, "databases": [{"name": "postgres", "size": 1 << 60}]}
    monkeypatch.setenv("SERVER", json.dumps(huge))
    with pytest.raises(HostError, match=r"MiB free, and the dumps may need \d+ MiB"):
        backup.save(work, step(1))
    monkeypatch.setenv("SERVER", json.dumps(SERVER))
    backup.save(work, step(1))
    monkeypatch.setenv("SERVER", json.dumps(huge))
    backup.save(work, step(2))


def test_a_dump_ends_before_the_disk_is_full(tmp_path: Path) -> None:
    assert backup.hindered(tmp_path, lambda _: 128) == ""
    assert "has 127 MiB free, less than the 128 MiB that stay" in backup.hindered(tmp_path, lambda _: 127)


def test_the_last_copies_stay_and_those_cut_short_go(work: Work) -> None:
    for number in (3, 9, 10, 11, 12):
        served(work, number)
    (home(work) / "10/db/manifest.json").unlink()
    (home(work) / "13/db").mkdir(parents=True)
    (home(work) / "13/db/demo.dump").write_text("half")
    backup.save(work, step(14))
    assert kept(work) == [3, 9, 11, 12, 14]
    backup.save(work, step(15, "events"))
    backup.save(work, step(15))
    assert kept(work) == [9, 11, 12, 14, 15]
    assert sorted(path.name for path in (home(work) / "15").iterdir()) == ["db", "events"], "two stores of one release"


def test_the_inventory_says_how_many_stay(work: Work, tmp_path: Path) -> None:
    (tmp_path / "etc/slipway").mkdir(parents=True)
    (tmp_path / "etc/slipway/engine.json").write_text('{"keep_releases": 2}')
    for number in (1, 2, 3):
        served(work, number)
    assert kept(work) == [2, 3]


def test_tries_of_a_migration_never_remove_what_was_saved_before_the_first(work: Work) -> None:
    served(work, 1)
    backup.save(work, step(2))
    for number in range(3, 10):
        backup.save(work, step(number, "events"))
        backup.save(work, step(number))
    assert kept(work) == [2, 3, 5, 6, 7, 8, 9], "of each store its first copy since release 1, and the last five"
    work.keep_serving(Serving("demo", current=9))
    backup.save(work, step(10))
    assert kept(work) == [6, 7, 8, 9, 10], "what serves ended its migration"


def test_dumps_that_run_on_are_known_by_their_name() -> None:
    name = re.search(r"PGAPPNAME=(\S+);", migration.OWNER)
    assert name
    assert f"application_name = '{name[1]}'" in backup.END_DUMPS
    assert shutil.which("timeout"), "as in a container"
