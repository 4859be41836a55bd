"""What a whole call makes of a folder."""

import json
import os
from pathlib import Path

import pytest

from slipway.host_entries import Entry, Refused, entry_json, look, read_entry
from tests.unit.host_files.places import GROUP, USER, Place, agrees, file, folder, link, refuses

OURS = "# Written by Slipway (roles/users): …\n"


def test_a_fresh_set_is_written_with_content_and_mode(place: Place) -> None:
    wanted = (folder(place.folder / "d"), file(place.folder / "d/a.conf", "one\n", 0o600))
    assert place.bring(*wanted)["changed"] is True
    assert [look(entry.path) for entry in wanted] == list(wanted)


def test_a_set_in_place_changes_nothing_is_not_judged_and_leaves_no_trace(place: Place) -> None:
    wanted = file(place.folder / "a", "one\n")
    place.bring(wanted, validate=("true",))
    before = (place.folder / "a").stat()
    assert place.bring(wanted, validate=("true",), judge=refuses) == {"changed": False, "paths": [], "not_judged": []}
    assert (place.folder / "a").stat() == before
    assert not (place.note.folder / "note.json").exists()


def test_a_changed_mode_is_repaired_and_the_file_stays_the_same_one(place: Place) -> None:
    wanted = file(place.folder / "a", "one\n")
    place.bring(wanted)
    (place.folder / "a").chmod(0o666)
    inode = (place.folder / "a").stat().st_ino
    assert place.bring(wanted)["paths"] == [str(place.folder / "a")]
    assert (look(wanted.path).mode, (place.folder / "a").stat().st_ino) == (0o644, inode)


def test_an_owner_given_as_number_is_the_one_of_that_name(place: Place) -> None:
    wanted = Entry(str(place.folder / "a"), "file", b"x", 0o644, str(os.geteuid()), str(os.getegid()))
    assert place.bring(wanted)["changed"] is True
    assert place.bring(wanted)["changed"] is False


def test_a_checker_that_says_no_leaves_the_old_files(place: Place) -> None:
    place.bring(file(place.folder / "a", "good\n"))
    before = place.tree()
    with pytest.raises(Refused, match="line 3: unknown word"):
        place.bring(file(place.folder / "a", "bad\n"), file(place.folder / "b", "new\n"), validate=("true",), judge=refuses)
    assert place.tree() == before


def test_a_missing_checker_is_a_refusal(place: Place) -> None:
    with pytest.raises(Refused, match="no-such-checker is not installed"):
        place.bring(file(place.folder / "a", "x"), validate=("no-such-checker",))
    assert place.tree() == {}


def test_the_judge_is_shown_new_parents_and_absent_files(place: Place) -> None:
    (place.folder / "gone").write_text("x")
    shown: list[Entry] = []

    def judge(argv: object, entries: list[Entry], places: object) -> tuple[int, str]:
        shown.extend(entries)
        return 0, ""

    place.bring(file(place.folder / "d/a", "x"), Entry(str(place.folder / "gone")), validate=("true",), judge=judge)
    assert [(Path(entry.path).name, entry.kind) for entry in shown] == [("d", "folder"), ("a", "file"), ("gone", "absent")]


def test_check_mode_writes_nothing_and_names_what_could_not_be_judged(place: Place) -> None:
    assert place.bring(file(place.folder / "a", "x"), validate=("no-such-checker",), check=True) == {
        "changed": True,
        "paths": [str(place.folder / "a")],
        "not_judged": ["the checker no-such-checker is not installed"],
    }
    assert place.tree() == {}
    assert not place.note.folder.exists()


def test_check_mode_predicts_paths_and_diff_of_the_real_run(place: Place) -> None:
    (place.folder / "old").write_text(OURS)
    (place.folder / "a").write_text("one\n")
    wanted = (file(place.folder / "a", "two\n"), file(place.folder / "deep/er/b", "x\n"), link(place.folder / "l", "/dev/null"))
    words = {"exclusive": (str(place.folder),), "diff": True}
    predicted = place.bring(*wanted, check=True, **words)
    assert predicted == place.bring(*wanted, **words)
    assert [Path(path).name for path in predicted["paths"]] == ["deep", "er", "a", "b", "l", "old"]
    assert place.bring(*wanted, check=True, **words) == {"changed": False, "paths": [], "not_judged": [], "diff": []}


@pytest.mark.parametrize("drift", ["content", "mode", "gone", "link", "stale"])
def test_drift_is_found_by_check_and_repaired(place: Place, drift: str) -> None:
    wanted = (file(place.folder / "a", OURS), file(place.folder / "b", "x"))
    words = {"exclusive": (str(place.folder),)}
    place.bring(*wanted, **words)
    good, a = place.tree(), place.folder / "a"
    if drift in ("gone", "link"):
        a.unlink()
    if drift == "link":
        a.symlink_to("b")
    if drift == "content":
        a.write_text("by hand\n")
    if drift == "mode":
        a.chmod(0o600)
    if drift == "stale":
        (place.folder / "c").write_text(OURS)
    drifted = str(place.folder / ("c" if drift == "stale" else "a"))
    assert place.bring(*wanted, check=True, **words)["paths"] == [drifted]
    assert place.bring(*wanted, **words)["paths"] == [drifted]
    assert place.tree() == good


def test_an_unknown_owner_is_a_refusal_that_names_it_and_in_check_mode_a_reservation(place: Place) -> None:
    wanted = Entry(str(place.folder / "a"), "file", b"x", 0o644, "nobody-we-know", GROUP)
    assert place.bring(wanted, check=True)["not_judged"] == ["there is no user nobody-we-know"]
    with pytest.raises(Refused, match="there is no user nobody-we-know"):
        place.bring(wanted)
    assert place.tree() == {}


def test_an_unknown_group_is_a_refusal_that_names_it(place: Place) -> None:
    with pytest.raises(Refused, match="there is no group nobody-we-know"):
        place.bring(Entry(str(place.folder / "a"), "file", b"x", 0o644, USER, "nobody-we-know"))


def test_own_stale_files_of_an_exclusive_folder_go_and_foreign_ones_stay(place: Place) -> None:
    (place.folder / "old").write_text(OURS)
    (place.folder / "old.sh").write_text(f"#!/bin/sh\n{OURS}")
    (place.folder / "foreign").write_text(f"# written by hand\n\n{OURS}")
    (place.folder / "link").symlink_to("old")
    (place.folder / "folder").mkdir()
    (place.folder / "folder/old").write_text(OURS)
    result = place.bring(file(place.folder / "new", "x"), exclusive=(str(place.folder),))
    assert [Path(path).name for path in result["paths"]] == ["new", "old", "old.sh"]
    assert sorted(place.tree()) == ["folder", "folder/old", "foreign", "link", "new"]


def test_an_exclusive_folder_that_is_not_there_holds_nothing_stale(place: Place) -> None:
    assert place.bring(exclusive=(str(place.folder / "none"),))["changed"] is False


def test_a_link_is_made_and_an_absent_path_removed(place: Place) -> None:
    (place.folder / "gone").write_text("x")
    place.bring(link(place.folder / "link", "/dev/null"), Entry(str(place.folder / "gone")))
    assert place.tree() == {"link": ("link", b"/dev/null", 0)}


def test_a_file_that_is_not_forced_keeps_what_was_added_to_it(place: Place) -> None:
    log = place.folder / "log"
    wanted = file(log, "", 0o640, force=False)
    place.bring(wanted)
    log.write_text("a line\n")
    log.chmod(0o600)
    with log.open("a") as writer:  # a daemon that has it open goes on writing into the same file
        assert place.bring(wanted)["changed"] is True
        writer.write("another\n")
    assert (look(str(log)).content, look(str(log)).mode) == (b"a line\nanother\n", 0o640)


def test_a_copy_is_kept_of_what_somebody_else_wrote_and_of_nothing_of_ours(place: Place) -> None:
    for name, text in (("theirs", "by hand\n"), ("ours", OURS)):
        (place.folder / name).write_text(text)
    wanted = [file(place.folder / name, "new\n", backup=True) for name in ("theirs", "ours", "fresh")]
    predicted = place.bring(*wanted, check=True)["backup_files"]
    (copy,) = place.bring(*wanted)["backup_files"]
    assert predicted == [copy]
    assert (Path(copy).read_text(), look(copy).mode, look(str(place.note.folder)).mode) == ("by hand\n", 0o600, 0o700)
    assert "backup_files" not in place.bring(*wanted)


def test_a_secret_is_in_no_diff_and_struck_out_of_the_checkers_words(place: Place) -> None:
    secret = file(place.folder / "a", "password=hunter2\n", secret=True)
    with pytest.raises(Refused) as refusal:
        place.bring(secret, validate=("true",), judge=refuses)
    assert "line 3: unknown word `(secret)`" in str(refusal.value)
    result = place.bring(secret, diff=True)
    assert "hunter2" not in json.dumps(result)
    assert result["diff"][0]["after_header"].endswith("(secret)")


def test_a_diff_shows_content_and_mode_but_nothing_binary_or_endless(place: Place) -> None:
    wanted = (file(place.folder / "a", "one\n"), file(place.folder / "b", b"\0\xff"), file(place.folder / "c", "x" * 300_000))
    shown = [item["after"] for item in place.bring(*wanted, diff=True)["diff"]]
    assert shown[0] == f"file 0644 {USER}:{GROUP}\none\n"
    assert "(2 bytes, sha256 " in shown[1]
    assert "(300000 bytes, sha256 " in shown[2]


def test_binary_and_very_long_contents_arrive_whole(place: Place) -> None:
    contents = {"binary": bytes(range(256)) * 64, "long": b"0123456789abcdef" * 1_000_000, "empty": b""}
    place.bring(*(file(place.folder / name, content) for name, content in contents.items()))
    assert {name: content for name, (_, content, _) in place.tree().items()} == contents


def test_entries_survive_their_journey_as_json() -> None:
    entry = Entry("/etc/x", "file", b"\xff\x00", 0o4755, "root", "adm", secret=True, force=False, backup=True)
    assert read_entry(json.loads(json.dumps(entry_json(entry)))) == entry


def test_a_set_without_a_checker_is_not_judged(place: Place) -> None:
    assert place.bring(file(place.folder / "a", "x"), judge=refuses)["changed"] is True
    assert agrees((), (), ()) == (0, "")
