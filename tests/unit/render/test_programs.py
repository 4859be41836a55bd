"""Programs among the files a release or a store mounts keep the right to be run, down to the host's file."""

import dataclasses
from pathlib import Path
from typing import Any

from slipway.host import actions
from slipway.host.layout import StackFolder
from slipway.host.machine import Work
from slipway.model import Mount, Service, Stack, Store
from slipway.plan.step import Step
from slipway.render import folder

BIN = Mount("bind", "/opt/bin", "bin", read_only=True)
STACK = Stack(
    name="shop",
    services={
        "api": Service("api", "acme/api:1", mounts=(BIN,)),
        "db": Service("db", "postgres:17", mounts=(BIN,), store=Store(engine="postgres")),
    },
    files={"bin/run": "#!/bin/sh\n", "bin/words": "text"},
    programs=("bin/run",),
)


def test_a_release_says_which_of_its_files_are_programs() -> None:
    assert set(folder.release_programs(STACK, 7)) < set(folder.release_files(STACK, 7))
    assert [Path(path).name for path in folder.release_programs(STACK, 7)] == ["run"]


def test_a_store_sees_another_placeonce_a_file_becomes_a_program() -> None:
    plain = dataclasses.replace(STACK, programs=())
    assert [Path(path).name for path in folder.base_programs(STACK)] == ["run"]
    assert folder.base_programs(plain) == []
    assert folder.base_source(STACK, BIN) != folder.base_source(plain, BIN)


def test_the_host_writes_programs_so_that_they_can_be_run(tmp_path: Path) -> None:
    place = StackFolder(tmp_path)
    run, words = str(tmp_path / "run"), str(tmp_path / "words")
    step = Step("write", "write", "a test", arguments={"files": {run: "#!/bin/sh\n", words: "x"}, "programs": [run]})
    nobody: Any = None  # writing asks nothing of the machine
    actions.carry_out(Work(nobody, place), step)
    assert [Path(path).stat().st_mode & 0o777 for path in (run, words)] == [0o755, 0o644]
