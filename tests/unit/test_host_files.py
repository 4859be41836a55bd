import getpass
import grp
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from slipway.host_entries import Entry, Refused, entry_json, look, read_entry
from slipway.host_files import Request, bring

USER = getpass.getuser()
GROUP = grp.getgrgid(os.getgid()).gr_name


def agrees(argv: Sequence[str], changes: Sequence[Entry]) -> tuple[int, str]:
    return 0, ""


def refuses(argv: Sequence[str], changes: Sequence[Entry]) -> tuple[int, str]:
    return 1, "line 3: unknown word"


def file(path: Path, content: str, mode: int = 0o644, **words: bool) -> Entry:
    return Entry(str(path), "file", content.encode(), mode, USER, GROUP, **words)


def folder(path: Path, mode: int = 0o755) -> Entry:
    return Entry(str(path), "folder", mode=mode, owner=USER, group=GROUP)


def test_a_fresh_set_is_written_with_content_and_mode(tmp_path: Path) -> None:
    wanted = (folder(tmp_path / "d"), file(tmp_path / "d/a.conf", "one\n", 0o600))
    assert bring(Request(wanted), agrees)["changed"] is True
    assert [look(entry.path) for entry in wanted] == list(wanted)


def test_a_set_in_place_changes_nothing_and_is_not_judged(tmp_path: Path) -> None:
    wanted = Request((file(tmp_path / "a", "one\n"),), validate=("true",))
    bring(wanted, agrees)
    before = (tmp_path / "a").stat().st_mtime_ns
    assert bring(wanted, refuses) == {"changed": False, "paths": [], "not_judged": []}
    assert (tmp_path / "a").stat().st_mtime_ns == before


def test_a_changed_mode_is_found_and_repaired(tmp_path: Path) -> None:
    wanted = Request((file(tmp_path / "a", "one\n"),))
    bring(wanted, agrees)
    (tmp_path / "a").chmod(0o666)
    assert bring(wanted, agrees)["paths"] == [str(tmp_path / "a")]
    assert look(str(tmp_path / "a")).mode == 0o644


def test_a_checker_that_says_no_leaves_the_old_files(tmp_path: Path) -> None:
    bring(Request((file(tmp_path / "a", "good\n"),)), agrees)
    with pytest.raises(Refused, match="line 3: unknown word"):
        bring(Request((file(tmp_path / "a", "bad\n"), file(tmp_path / "b", "new\n")), validate=("true",)), refuses)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "good\n"


def test_a_missing_checker_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no-such-checker is not installed"):
        bring(Request((file(tmp_path / "a", "x"),), validate=("no-such-checker",)), agrees)


def test_check_mode_writes_nothing_and_names_what_could_not_be_judged(tmp_path: Path) -> None:
    request = Request((file(tmp_path / "a", "x"),), validate=("no-such-checker",), check=True)
    assert bring(request, agrees) == {
        "changed": True,
        "paths": [str(tmp_path / "a")],
        "not_judged": ["the checker no-such-checker is not installed"],
    }
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_owner_is_a_refusal_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no user nobody-we-know"):
        bring(Request((Entry(str(tmp_path / "a"), "file", b"x", 0o644, "nobody-we-know", GROUP),)), agrees)


def test_a_folder_in_the_way_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(Refused, match="a folder is in the way"):
        bring(Request((file(tmp_path / "a", "x"),)), agrees)


def test_a_link_in_the_place_of_a_file_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("theirs\n")
    (tmp_path / "a").symlink_to(tmp_path / "target")
    bring(Request((file(tmp_path / "a", "ours\n"),)), agrees)
    assert look(str(tmp_path / "a")).kind == "file"
    assert (tmp_path / "target").read_text() == "theirs\n"


def test_own_stale_files_of_an_exclusive_folder_go_and_foreign_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("# Written by Slipway (roles/users): …\n")
    (tmp_path / "foreign").write_text("# written by hand\n")
    result = bring(Request((file(tmp_path / "new", "x"),), exclusive=(str(tmp_path),)), agrees)
    assert result["paths"] == [str(tmp_path / "new"), str(tmp_path / "old")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "new"]


def test_a_link_is_made_and_an_absent_path_removed(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("x")
    link = Entry(str(tmp_path / "link"), "link", b"/dev/null")
    bring(Request((link, Entry(str(tmp_path / "gone")))), agrees)
    assert (tmp_path / "link").readlink() == Path("/dev/null")
    assert not (tmp_path / "gone").exists()


def test_a_file_written_once_keeps_what_was_added_to_it(tmp_path: Path) -> None:
    wanted = Request((file(tmp_path / "log", "", 0o640, once=True),))
    bring(wanted, agrees)
    (tmp_path / "log").write_text("a line\n")
    (tmp_path / "log").chmod(0o600)
    assert bring(wanted, agrees)["changed"] is True
    assert (look(str(tmp_path / "log")).content, look(str(tmp_path / "log")).mode) == (b"a line\n", 0o640)


def test_a_secret_is_in_no_diff(tmp_path: Path) -> None:
    result = bring(Request((file(tmp_path / "a", "hunter2\n", secret=True),), diff=True), agrees)
    assert "hunter2" not in json.dumps(result)
    assert result["diff"][0]["after_header"].endswith("(secret)")


def test_a_diff_shows_content_and_mode(tmp_path: Path) -> None:
    result = bring(Request((file(tmp_path / "a", "one\n"),), diff=True, check=True), agrees)
    assert result["diff"][0]["before"] == "absent\n"
    assert result["diff"][0]["after"] == f"file 0644 {USER}:{GROUP}\none\n"


def test_a_failed_stage_leaves_every_old_file_and_no_litter(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old\n")
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="no file was changed"):
        bring(Request((file(tmp_path / "a", "new\n"), file(tmp_path / "file/b", "x"))), agrees)
    assert (tmp_path / "a").read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "file"]


def test_what_a_cut_call_staged_is_taken_over_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".a.slipway-new").write_text("half")
    bring(Request((file(tmp_path / "a", "whole\n"),)), agrees)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "whole\n")]


def test_entries_survive_their_journey_as_json() -> None:
    entry = Entry("/etc/x", "file", b"\xff\x00", 0o4755, "root", "adm", secret=True, once=True)
    assert read_entry(json.loads(json.dumps(entry_json(entry)))) == entry
