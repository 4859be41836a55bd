"""A checker sees the new files at their final paths, the old ones gone, and nobody else sees a thing."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway import host_judge
from slipway.host_entries import Entry, Refused
from slipway.host_judge import judge_in_place
from tests.unit.host_files.places import MS_BIND, Place, file, folder, in_own_mounts, link, mount, place_in


def judged(tmp_path: Path, act: Callable[[Place], None]) -> None:
    def alone() -> None:
        mount("tmpfs", "/run", "tmpfs")
        act(place_in(tmp_path))

    in_own_mounts(alone)


def says(place: Place, script: str, *entries: Entry) -> tuple[int, str]:
    return judge_in_place(["sh", "-c", script], entries, [entry.path for entry in entries])


def test_new_files_folders_and_links_are_there_and_absent_ones_are_not(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        at = place.folder
        (at / "gone").write_text("x")
        (at / "kept").write_text("kept\n")
        before = place.tree()
        entries = (folder(at / "d", 0o750), file(at / "d/a", "new\n", 0o600), link(at / "l", "d/a"), Entry(str(at / "gone")))
        script = f"cd {at} && cat kept d/a l && stat -c '%a %n' d d/a && ls"
        assert says(place, script, *entries) == (0, "kept\nnew\nnew\n750 d\n600 d/a\nd\nkept\nl\n")
        assert place.tree() == before
        assert list(Path("/run").iterdir()) == []

    judged(tmp_path, act)


def test_what_the_checker_writes_beside_the_files_vanishes_with_it(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        (place.folder / "log").write_text("")
        assert says(place, f"echo x >> {place.folder}/log; echo y > {place.folder}/made", file(place.folder / "a", "x"))[0] == 0
        assert place.tree() == {"log": ("file", b"", 0o644)}

    judged(tmp_path, act)


def test_a_mount_below_the_folder_is_seen_as_it_is(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        (place.folder / "inner").mkdir()
        mount("tmpfs", str(place.folder / "inner"), "tmpfs")
        (place.folder / "inner/in").write_text("mounted\n")
        (place.folder / "name").write_text("below\n")
        (place.folder / "over").write_text("over\n")
        mount(str(place.folder / "over"), str(place.folder / "name"), "", MS_BIND)
        script = f"cat {place.folder}/inner/in {place.folder}/name"
        assert says(place, script, file(place.folder / "a", "x")) == (0, "mounted\nover\n")

    judged(tmp_path, act)


def test_two_folders_and_one_inside_the_other_are_covered(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        (place.folder / "x/y").mkdir(parents=True)
        (tmp_path / "o:d,d \\").mkdir()
        paths = [place.folder / "x/a", place.folder / "x/y/b", tmp_path / "o:d,d \\" / "c"]
        assert says(place, f"cat {paths[0]} {paths[1]} {tmp_path}/o*/c", *(file(path, path.name) for path in paths)) == (0, "abc")
        assert not [path for path in paths if path.exists()]

    judged(tmp_path, act)


def test_a_folder_behind_a_link_is_covered_where_it_is(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        (tmp_path / "real").mkdir()
        (place.folder / "l").symlink_to(tmp_path / "real")
        assert says(place, f"cat {tmp_path}/real/a", file(place.folder / "l/a", "x")) == (0, "x")

    judged(tmp_path, act)


def test_a_no_carries_the_checkers_code_and_words_and_changes_nothing(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        checker = ("sh", "-c", f"grep -q good {place.folder}/a || {{ echo 'a:1: not good' >&2; exit 3; }}")
        with pytest.raises(Refused, match=r"ended with 3 for the new files, nothing was changed:\na:1: not good"):
            place.bring(file(place.folder / "a", "bad\n"), validate=checker, judge=judge_in_place)
        assert place.tree() == {}
        assert place.bring(file(place.folder / "a", "good\n"), validate=checker, judge=judge_in_place)["changed"] is True

    judged(tmp_path, act)


def test_check_mode_judges_what_a_cut_call_left_as_the_real_run_will(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        (place.folder / "old").write_text("# Written by Slipway (x): …\n")
        checker = ("sh", "-c", f"test ! -e {place.folder}/old && cat {place.folder}/a {place.folder}/b")
        words = {"exclusive": (str(place.folder),), "validate": checker, "judge": judge_in_place}
        entries = (file(place.folder / "a", "x"), file(place.folder / "b", "y"))
        assert place.bring(*entries, check=True, **words) == place.bring(*entries, **words)

    judged(tmp_path, act)


def test_a_checker_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_judge, "SECONDS", 0.5)

    def act(place: Place) -> None:
        began = time.monotonic()
        code, words = says(
            place, f"sh -c 'sleep 2; echo late > {tmp_path}/late' & echo waiting; wait", file(place.folder / "a", "")
        )
        assert (code, words) == (124, "waiting\n\nit did not end within 0 s")
        assert time.monotonic() - began < 2
        time.sleep(2)
        assert not (tmp_path / "late").exists()

    judged(tmp_path, act)


def test_a_checker_that_is_no_program_is_told_from_one_that_says_no(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        (place.folder / "text").write_text("no program")
        code, words = judge_in_place([str(place.folder / "text")], [], [str(place.folder / "a")])
        assert (code, "could not be started" in words) == (125, True)

    judged(tmp_path, act)


def test_a_new_folder_of_the_root_cannot_be_judged_before_it_is_there(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        code, words = says(place, "true", file(Path("/no-such-folder-here/a"), "x"))
        assert (code, "make it first" in words) == (125, True)

    judged(tmp_path, act)
