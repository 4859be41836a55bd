"""What a guard does at boot, and what it tells the next run."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from slipway import host_guard
from slipway.host_entries import Entry, Refused, entry_json
from slipway.host_files import Means, Request, bring, heard
from tests.unit.host_files.places import Place, agrees, file


@pytest.fixture
def guards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(host_guard, "GUARDS", tmp_path / "guard")
    monkeypatch.setattr(host_guard, "UNITS", tmp_path / "units")
    (tmp_path / "units").mkdir()
    return tmp_path / "guard"


def arm(guard: dict[str, Any], past: Sequence[Entry], program: bytes) -> None:
    """Keep the past as a guard does, with no timer: here nobody waits for one."""
    folder = host_guard.GUARDS / guard["name"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "undone.json").unlink(missing_ok=True)
    words = {"entries": [entry_json(entry) for entry in past], "commands": guard["undo"], "seconds": guard["seconds"]}
    (folder / "undo.json").write_text(json.dumps(words))


def change(place: Place, name: str, text: str, **words: Any) -> dict[str, Any]:
    guard = {"name": name, "seconds": 90, "undo": [["touch", str(place.folder / "commanded")]]}
    request = Request((file(place.folder / name, text),), guard=guard, **words)
    answer = bring(request, Means(agrees, place.note, arm=arm))
    heard(request, place.note)
    return answer


def test_at_boot_all_that_nobody_confirmed_goes_back_and_no_command_runs(place: Place, guards: Path) -> None:
    for name in ("ssh", "firewall"):
        (place.folder / name).write_text("old")
        change(place, name, "new")
    answer = host_guard.undo_all(place.note)
    assert sorted(answer["paths"]) == [str(place.folder / "firewall"), str(place.folder / "ssh")]
    assert {name: state[1] for name, state in place.tree().items()} == {"ssh": b"old", "firewall": b"old"}
    assert host_guard.undo_all(place.note) == {"changed": False, "paths": []}


def test_a_confirmed_change_stays_at_boot(place: Place, guards: Path) -> None:
    change(place, "ssh", "new")
    assert host_guard.confirm("ssh") == {"changed": True}
    assert host_guard.undo_all(place.note)["paths"] == []
    assert place.tree()["ssh"][1] == b"new"


def test_power_cut_between_the_renames_goes_back_at_boot(place: Place, guards: Path) -> None:
    old = {name: f"old {name}" for name in "abc"}
    for name, text in old.items():
        (place.folder / name).write_text(text)
    guard = {"name": "ssh", "seconds": 90, "undo": []}
    request = Request(tuple(file(place.folder / name, "new") for name in "abc"), guard=guard)

    class PowerCut(BaseException):
        pass

    def cut(strokes: Any) -> None:
        for stroke in strokes:
            if stroke == f"placed {place.folder}/b":
                raise PowerCut

    with pytest.raises(PowerCut):
        bring(request, Means(agrees, place.note, carry_out=cut, arm=arm))
    host_guard.undo_all(place.note)
    assert {name: state[1].decode() for name, state in place.tree().items()} == old


def test_the_next_run_tells_once_that_an_earlier_change_was_put_back(place: Place, guards: Path) -> None:
    change(place, "ssh", "new")
    host_guard.undo_all(place.note)
    foretold = change(place, "ssh", "new", check=True)
    told = change(place, "ssh", "new")
    assert foretold["put_back"] == told["put_back"]
    assert f"the host put back {place.folder}/ssh: the host restarted before anybody confirmed it" in told["put_back"]
    assert "put_back" not in change(place, "ssh", "new")


def test_a_change_given_up_after_it_was_put_back_is_told_of_too(place: Place, guards: Path) -> None:
    change(place, "ssh", "new")
    host_guard.undo("ssh", place.note)
    assert (place.folder / "commanded").exists()
    (place.folder / "ssh").write_text("as wanted")
    (place.folder / "ssh").chmod(0o644)
    assert "nobody confirmed it within 90 s" in change(place, "ssh", "as wanted")["put_back"]
    assert "put_back" not in change(place, "ssh", "as wanted")


def test_confirming_too_late_says_what_happened_and_keeps_no_further_run_from_its_work(place: Place, guards: Path) -> None:
    change(place, "ssh", "new")
    host_guard.undo("ssh", place.note)
    with pytest.raises(Refused, match=r"nothing to confirm: at .* UTC the host put back .*/ssh: nobody confirmed it within 90 s"):
        host_guard.confirm("ssh")
    assert host_guard.confirm("ssh") == {"changed": False}


def test_the_boot_unit_is_wanted_before_any_daemon_and_harmless_while_nothing_is_armed(tmp_path: Path, guards: Path) -> None:
    guards.mkdir()
    host_guard.outlive_a_restart(b"program")
    unit = tmp_path / "units/slipway-guard.service"
    assert (tmp_path / "units/sysinit.target.wants/slipway-guard.service").resolve() == unit
    text = unit.read_text()
    assert f"ConditionPathExistsGlob={guards}/*/undo.json" in text
    assert "Before=sysinit.target network-pre.target slipway-firewall.service ssh.service" in text
    assert (guards / "program.zip").read_bytes() == b"program"
    host_guard.outlive_a_restart(b"newer")
    assert (guards / "program.zip").read_bytes() == b"newer"


def test_a_way_back_that_fails_still_runs_the_commands(place: Place, guards: Path) -> None:
    (place.folder / "ssh").write_text("old")
    change(place, "ssh", "new")
    (place.folder / "ssh").unlink()
    (place.folder / "ssh").mkdir()
    (place.folder / "ssh/x").write_text("in the way")
    with pytest.raises(Refused):
        host_guard.undo("ssh", place.note)
    assert (place.folder / "commanded").exists()
    assert (guards / "ssh/undo.json").exists()


def test_a_guard_that_cannot_be_armed_refuses_and_leaves_nothing_to_go_back_to(
    place: Place, guards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/systemd-run").write_text("#!/bin/sh\necho no timers here >&2; exit 1\n")
    (tmp_path / "bin/systemd-run").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    request = Request((file(place.folder / "ssh", "new"),), guard={"name": "ssh", "seconds": 90, "undo": []})
    with pytest.raises(Refused, match="could not be armed, nothing was changed:\nno timers here"):
        bring(request, Means(agrees, place.note, b"program"))
    assert place.tree() == {}
    assert host_guard.undo_all(place.note)["paths"] == []
