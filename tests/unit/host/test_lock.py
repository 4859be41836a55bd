import subprocess
import sys
from pathlib import Path

import pytest

from slipway.errors import LockHeld
from slipway.host import lock

ROOT = Path(__file__).resolve().parents[3]
HOLD_AND_DIE = """
import os, sys
from pathlib import Path
from slipway.host import lock
with lock.held(Path(sys.argv[1]), "run 7", 1, print):
    print("held", flush=True)
    sys.stdin.readline()
    os._exit(9)
"""


def other_owner(path: Path) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", HOLD_AND_DIE, str(path)]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_tells_who_holds_it_and_forgets_when_it_is_given_back(tmp_path: Path) -> None:
    with lock.held(tmp_path / "lock", "site.yml by ops", 1, print) as dead_owner:
        assert dead_owner == ""
        assert lock.owner_of(tmp_path / "lock") == "site.yml by ops"
    assert lock.owner_of(tmp_path / "lock") == ""


def test_a_living_owner_is_waited_for_at_most_as_long_as_told(tmp_path: Path) -> None:
    said: list[str] = []
    process = other_owner(tmp_path / "lock")
    with pytest.raises(LockHeld, match="held by run 7"), lock.held(tmp_path / "lock", "me", 0.5, said.append):
        pass
    assert said == ["waiting for run 7"]
    process.communicate("die\n")


def test_a_dead_owner_holds_nothing_and_is_named(tmp_path: Path) -> None:
    process = other_owner(tmp_path / "lock")
    process.communicate("die\n")
    assert process.returncode == 9
    with lock.held(tmp_path / "lock", "me", 0.5, print) as dead_owner:
        assert dead_owner == "run 7"
    with lock.held(tmp_path / "lock", "me", 0.5, print) as dead_owner:
        assert dead_owner == "", "who gave it back did not die"


def test_nobody_owns_a_lock_that_never_was(tmp_path: Path) -> None:
    assert lock.owner_of(tmp_path / "none") == ""
