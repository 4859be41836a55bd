"""When a host leaves itself alone: the parts that need no systemd."""

import fcntl
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from slipway.errors import HostError, LockHeld
from slipway.host import reboot
from slipway.host.layout import Layout
from slipway.host.machine import Machine

HOLD = "import fcntl,sys,time; f=open(sys.argv[1],'a'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"


def host(root: Path, window: str = "03:00-05:00", *, allowed: bool = True) -> Machine:
    (root / "etc/slipway").mkdir(parents=True)
    (root / "etc/slipway/updates.json").write_text(json.dumps({"window": window, "reboot": allowed}))
    (root / "run").mkdir()
    return Machine(Layout(root))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-21T{text}:30").replace(tzinfo=UTC)


def test_without_a_wish_nothing_is_in_the_way(tmp_path: Path) -> None:
    found = reboot.report(host(tmp_path), at("03:10"))
    assert (found.wants, found.last) == ((), "")
    assert reboot.as_text(found) == "no reboot wanted"


def test_outside_the_window_a_look_only_tells(tmp_path: Path) -> None:
    machine = host(tmp_path)
    (tmp_path / "run/reboot-required").touch()
    assert "not now: outside the window (window 03:00-05:00)" in reboot.look(machine, at("05:00"))
    assert not (tmp_path / "run/slipway-reboot").exists()
    assert reboot.report(machine, at("03:10")).obstacle == ""


def test_where_reboots_are_not_allowed_a_look_only_tells(tmp_path: Path) -> None:
    machine = host(tmp_path, allowed=False)
    (tmp_path / "run/reboot-required").touch()
    assert "`updates.reboot` is false" in reboot.look(machine, at("03:10"))


def test_a_reboot_that_did_not_help_is_not_repeated(tmp_path: Path) -> None:
    machine = host(tmp_path)
    (tmp_path / "run/reboot-required").touch()
    (tmp_path / "var/lib/slipway").mkdir(parents=True)
    (tmp_path / "var/lib/slipway/reboot.json").write_text(json.dumps({"at": datetime.now(UTC).isoformat(), "why": "x"}))
    assert "did not help" in reboot.report(machine, at("03:10")).obstacle


def test_a_host_that_was_never_told_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="role `updates` writes it"):
        reboot.report(Machine(Layout(tmp_path)), at("03:10"))


def test_apt_at_work_keeps_the_host_up_and_an_idle_one_is_kept_idle(tmp_path: Path) -> None:
    path = tmp_path / "lock-frontend"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as apt:
        assert apt.stdout
        assert apt.stdout.readline() == "held\n"
        with pytest.raises(LockHeld, match="apt or dpkg is at work"), reboot.apt_idle(path):
            raise AssertionError("went on")
        apt.kill()
    with reboot.apt_idle(path):
        other = f"import fcntl; fcntl.lockf(open({str(path)!r},'a'), {fcntl.LOCK_EX | fcntl.LOCK_NB})"
        assert subprocess.run([sys.executable, "-c", other], capture_output=True, check=False).returncode == 1


def test_a_change_on_probation_keeps_the_host_up(tmp_path: Path) -> None:
    machine = host(tmp_path)
    (tmp_path / "run/reboot-required").touch()
    (tmp_path / "var/lib/slipway/guard/ssh").mkdir(parents=True)
    (tmp_path / "var/lib/slipway/guard/ssh/undo.json").touch()
    with pytest.raises(LockHeld, match="a change of ssh waits to be confirmed"):
        reboot.look(machine, at("03:10"))


def test_there_is_nothing_to_undo_where_nothing_had_begun(tmp_path: Path) -> None:
    assert reboot.undo(host(tmp_path)) == ""
