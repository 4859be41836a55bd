"""What is known of a path from the last time it was brought into place, and what somebody changed there since."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from slipway import host_guard
from slipway.host_brought import read
from slipway.host_entries import Entry, look
from slipway.host_files import Means, Request, bring, heard
from tests.unit.host_files.places import Place, agrees, file, folder, link
from tests.unit.host_files.test_guard import arm

EDGE = "edge : Edge | Write nginx's settings"
OURS = "# Written by Slipway\n"


def drift(place: Place, *entries: Entry, **words: Any) -> dict[str, str]:
    """Return what a check tells, by the name of the path."""
    answer = place.bring(*entries, **{"by": EDGE, "check": True, **words})
    return {Path(path).name: text for path, text in answer.get("drift", {}).items()}


def test_each_way_of_changing_a_path_by_hand_is_told_in_words(place: Place) -> None:
    wanted = (
        *(file(place.folder / name, f"{name}\n") for name in ("edited", "opened", "gone", "both", "linked")),
        folder(place.folder / "folder"),
        link(place.folder / "link", "/dev/null"),
        Entry(str(place.folder / "absent")),
    )
    place.bring(*wanted, by=EDGE)
    (place.folder / "edited").write_text("mine\n")
    (place.folder / "opened").chmod(0o666)
    (place.folder / "gone").unlink()
    (place.folder / "both").write_text("mine\n")
    (place.folder / "both").chmod(0o600)
    (place.folder / "linked").unlink()
    (place.folder / "linked").symlink_to("/etc/hostname")
    (place.folder / "folder").chmod(0o777)
    (place.folder / "link").unlink()
    (place.folder / "link").symlink_to("/etc/hostname")
    (place.folder / "absent").write_text("mine\n")
    assert drift(place, *wanted) == {
        "edited": "its content changed",
        "opened": "mode 0666, not 0644",
        "gone": "is gone",
        "both": "its content changed; mode 0600, not 0644",
        "linked": "is a link, not a file",
        "folder": "mode 0777, not 0755",
        "link": "leads to /etc/hostname, not to /dev/null",
        "absent": "was put there",
    }
    assert len(place.bring(*wanted, by=EDGE)["drift"]) == 8, "the run that repairs it says so as well"
    assert drift(place, *wanted) == {}


def test_a_tree_that_is_newer_is_no_drift(place: Place) -> None:
    place.bring(file(place.folder / "a", "old\n"), by=EDGE)
    newer = (file(place.folder / "a", "new\n"), file(place.folder / "b", "new\n"))
    assert place.bring(*newer, by=EDGE, check=True)["paths"] == [str(place.folder / "a"), str(place.folder / "b")]
    assert drift(place, *newer) == {}


def test_a_hand_and_a_newer_tree_are_told_apart(place: Place) -> None:
    place.bring(file(place.folder / "a", "old\n"), by=EDGE)
    (place.folder / "a").write_text("mine\n")
    assert drift(place, file(place.folder / "a", "new\n")) == {"a": "its content changed; the tree wants another one by now"}


def test_what_was_there_before_any_run_is_no_drift(place: Place) -> None:
    (place.folder / "a").write_text("of the distribution\n")
    assert drift(place, file(place.folder / "a", "ours\n")) == {}


def test_a_file_of_ours_that_nobody_brought_was_put_there_and_one_that_goes_with_the_tree_was_not(place: Place) -> None:
    words = {"exclusive": (str(place.folder),)}
    ann, ben = (file(place.folder / name, OURS) for name in ("ann", "ben"))
    place.bring(ann, ben, by=EDGE, **words)
    (place.folder / "eve").write_text(OURS)
    assert drift(place, ann, **words) == {"eve": "was put there"}
    assert place.bring(ann, by=EDGE, check=True, **words)["paths"] == [str(place.folder / "ben"), str(place.folder / "eve")]


def test_a_file_that_keeps_its_content_may_be_written_to_but_not_opened_to_all(place: Place) -> None:
    log = file(place.folder / "log", "", 0o640, force=False)
    place.bring(log, by=EDGE)
    (place.folder / "log").write_text("a request\n")
    assert drift(place, log) == {}
    (place.folder / "log").chmod(0o666)
    assert drift(place, log) == {"log": "mode 0666, not 0640"}


def test_the_record_holds_no_content_and_forgets_what_a_task_names_no_more(place: Place) -> None:
    other = "users : Users | Write keys and rights"
    place.bring(file(place.folder / "a", "hunter2\n"), file(place.folder / "b", "b\n"), by=EDGE)
    place.bring(file(place.folder / "c", "c\n"), by=other)
    place.bring(file(place.folder / "a", "hunter2\n"), by=EDGE)
    assert {Path(path).name: was.by for path, was in read(place.note).items()} == {"a": EDGE, "c": other}
    kept = place.note.folder / "brought.json"
    assert "hunter2" not in kept.read_text()
    assert look(str(kept)).mode == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"/a": 1}', json.dumps({"/a": ["by", "file", 1, "x", "y", "z", False, "more"]})]
)
def test_a_record_that_cannot_be_read_knows_nothing(place: Place, text: str) -> None:
    place.bring(file(place.folder / "a", "a\n"), by=EDGE)
    (place.note.folder / "brought.json").write_text(text)
    (place.folder / "a").write_text("mine\n")
    assert drift(place, file(place.folder / "a", "a\n")) == {}


def test_a_check_leaves_the_record_alone(place: Place) -> None:
    place.bring(file(place.folder / "a", "a\n"), by=EDGE)
    before = read(place.note)
    drift(place, file(place.folder / "a", "b\n"))
    assert read(place.note) == before


def test_what_a_guard_put_back_is_no_change_by_hand(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_guard, "GUARDS", tmp_path / "guard")
    place.bring(file(place.folder / "a", "old\n"), by=EDGE)
    guard = {"name": "ssh", "seconds": 90, "undo": []}
    request = Request((file(place.folder / "a", "new\n"),), guard=guard, by=EDGE)
    bring(request, Means(agrees, place.note, arm=arm))
    heard(request, place.note)
    host_guard.undo("ssh", place.note)
    assert (place.folder / "a").read_text() == "old\n"
    assert drift(place, file(place.folder / "a", "new\n")) == {}
    os.utime(place.folder / "a")
    (place.folder / "a").write_text("mine\n")
    assert drift(place, file(place.folder / "a", "old\n")) == {"a": "its content changed"}
