"""What a host tells of the paths it was brought, and which calls that spares."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from slipway import host_guard, host_managed
from slipway.file_set import nothing_to_do
from slipway.host_brought import remember
from slipway.host_entries import Entry, entry_json
from slipway.host_managed import all_right, told
from slipway.host_strokes import Cut
from tests.unit.host_files.places import Place, file, folder, link

OURS = "# Written by Slipway\n"
GUARD = {"name": "ssh", "seconds": 90, "undo": []}


@pytest.fixture(autouse=True)
def _no_guards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (host_guard, host_managed):
        monkeypatch.setattr(module, "GUARDS", tmp_path / "guard")


def wanted(*entries: Entry, **words: Any) -> dict[str, Any]:
    others: dict[str, Any] = {"exclusive": [], "validate": [], "guard": None, "check": False, "diff": False}
    return {"entries": [entry_json(entry) for entry in entries], **others, **words}


def the_set(place: Place) -> list[Entry]:
    return [
        folder(place.folder / "conf.d"),
        file(place.folder / "conf.d/a", OURS + "one\n"),
        link(place.folder / "to-a", "conf.d/a"),
        Entry(str(place.folder / "old")),
        file(place.folder / "log", "", 0o640, force=False),
    ]


def known_after(place: Place, *entries: Entry) -> Mapping[str, Any]:
    place.bring(*entries)
    remember(entries, "a task", place.note)
    return told(place.note)


def test_a_set_that_is_right_needs_no_call_and_the_answer_is_the_host_s_own(place: Place) -> None:
    entries = the_set(place)
    known = known_after(place, *entries)
    assert all_right(wanted(*entries, exclusive=[str(place.folder / "conf.d")]), known)
    assert nothing_to_do(wanted(*entries)) == place.bring(*entries)
    assert nothing_to_do(wanted(*entries, diff=True)) == place.bring(*entries, diff=True)


def spoil_content(place: Place) -> None:
    (place.folder / "conf.d/a").write_text(OURS + "two\n")


def spoil_mode(place: Place) -> None:
    (place.folder / "log").chmod(0o644)


def spoil_link(place: Place) -> None:
    (place.folder / "to-a").unlink()
    (place.folder / "to-a").symlink_to("conf.d/b")


def spoil_kind(place: Place) -> None:
    (place.folder / "log").unlink()


def spoil_absence(place: Place) -> None:
    (place.folder / "old").write_text("back again\n")


def spoil_neighbours(place: Place) -> None:
    (place.folder / "conf.d/b").write_text(OURS)


def leave_a_note(place: Place) -> None:
    place.note.write(Cut(unheard=("/etc/elsewhere",)))


def arm_the_guard(place: Place) -> None:
    (place.folder.parent / "guard/ssh").mkdir(parents=True)


@pytest.mark.parametrize(
    "spoil",
    [
        *(spoil_content, spoil_mode, spoil_link, spoil_kind),
        *(spoil_absence, spoil_neighbours, leave_a_note, arm_the_guard),
    ],
)
def test_whatever_is_not_right_is_left_to_a_call(place: Place, spoil: Any) -> None:
    entries = the_set(place)
    known_after(place, *entries)
    spoil(place)
    assert not all_right(wanted(*entries, exclusive=[str(place.folder / "conf.d")], guard=GUARD), told(place.note))


def test_a_path_nobody_brought_a_folder_nobody_looked_at_and_an_empty_answer_are_left_to_a_call(place: Place) -> None:
    (place.folder / "x").write_text("right by chance")
    known = known_after(place, file(place.folder / "y", "y"))
    assert not all_right(wanted(file(place.folder / "x", "right by chance")), known)
    assert not all_right(wanted(file(place.folder / "y", "y"), exclusive=["/etc/elsewhere"]), known)
    assert not all_right(wanted(file(place.folder / "y", "y")), {})


def test_a_file_of_others_in_a_folder_of_ours_is_nobody_s_business(place: Place) -> None:
    entries = the_set(place)
    known_after(place, *entries)
    (place.folder / "conf.d/theirs").write_text("key = value\n")
    assert all_right(wanted(*entries, exclusive=[str(place.folder / "conf.d")]), told(place.note))


def test_a_guard_of_another_set_changes_nothing(place: Place) -> None:
    known_after(place, *the_set(place))
    arm_the_guard(place)
    assert all_right(wanted(*the_set(place), guard={**GUARD, "name": "users"}), told(place.note))


def test_no_digest_of_a_secret_leaves_the_host_and_its_set_is_left_to_a_call(place: Place) -> None:
    token = file(place.folder / "token", "1234", secret=True)
    known = known_after(place, token)
    assert str(place.folder / "token") not in known["there"]
    assert not all_right(wanted(token), known)


def test_a_log_that_keeps_its_content_is_not_read(place: Place) -> None:
    log = file(place.folder / "log", "", force=False)
    place.bring(log)
    remember([log], "a task", place.note)
    (place.folder / "log").write_bytes(b"line\n" * 1000)
    before = told(place.note)["there"]
    (place.folder / "log").write_bytes(b"other\n" * 1000)
    assert told(place.note)["there"] == before
    assert all_right(wanted(log), before | {"cut_short": False, "guards": [], "there": before, "ours": {}})


def test_a_path_that_cannot_be_looked_at_is_left_out_and_keeps_no_run_from_starting(place: Place) -> None:
    known_after(place, file(place.folder / "conf.d/a", "one"))
    (place.folder / "conf.d/a").unlink()
    (place.folder / "conf.d").rmdir()
    (place.folder / "conf.d").symlink_to("conf.d")
    assert told(place.note)["there"] == {}
