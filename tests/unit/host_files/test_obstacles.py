"""What stands in the way is named, in check mode as in the real run, and nothing is changed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.host_entries import Entry, Refused, look
from tests.unit.host_files.places import (
    MS_BIND,
    MS_RDONLY,
    MS_REMOUNT,
    Place,
    file,
    folder,
    in_own_mounts,
    link,
    mount,
    place_in,
)


def refused(place: Place, cause: str, *entries: Entry) -> None:
    before = place.tree()
    for check in (True, False):
        with pytest.raises(Refused, match=cause):
            place.bring(*entries, check=check)
        assert place.tree() == before


def test_a_folder_in_the_way_of_a_file(place: Place) -> None:
    (place.folder / "b").mkdir()
    refused(place, "b: a folder is in the way", file(place.folder / "a", "x"), file(place.folder / "b", "x"))


def test_a_folder_in_the_way_of_a_link(place: Place) -> None:
    (place.folder / "l").mkdir()
    refused(place, "l: a folder is in the way", link(place.folder / "l", "/dev/null"))


def test_a_folder_that_should_be_absent_is_not_removed(place: Place) -> None:
    (place.folder / "d").mkdir()
    refused(place, "d: a folder is in the way", Entry(str(place.folder / "d")))


def test_a_file_in_the_way_of_a_folder(place: Place) -> None:
    (place.folder / "d").write_text("x")
    refused(place, "d: a file is in the way of the folder", folder(place.folder / "d"))


def test_a_file_where_a_parent_must_be(place: Place) -> None:
    (place.folder / "d").write_text("x")
    refused(place, "d is a file, not a folder", file(place.folder / "d/sub/a", "x"))


def test_a_pipe_in_the_way(place: Place) -> None:
    os.mkfifo(place.folder / "p")
    refused(place, "p: a socket, pipe or device is in the way", file(place.folder / "p", "x"))


def test_a_link_at_the_file_is_replaced_and_its_target_left_alone(place: Place, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("theirs\n")
    (place.folder / "a").symlink_to(tmp_path / "target")
    place.bring(file(place.folder / "a", "ours\n"))
    assert look(str(place.folder / "a")).kind == "file"
    assert (tmp_path / "target").read_text() == "theirs\n"


def test_a_link_of_ours_in_a_parent_is_followed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (place.folder / "d").symlink_to(tmp_path / "real")
    place.bring(file(place.folder / "d/a", "x"))
    assert ((tmp_path / "real/a").read_text(), (place.folder / "d").is_symlink()) == ("x", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make somebody else's link")
def test_a_link_of_somebody_else_in_a_parent_is_not_followed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (place.folder / "d").symlink_to(tmp_path / "real")
    os.chown(place.folder / "d", 65534, 65534, follow_symlinks=False)
    refused(place, "d is a link that nobody could turn elsewhere", file(place.folder / "d/a", "x"))


@pytest.mark.parametrize("target", ["nowhere", "d", "/etc/hostname"])
def test_a_link_in_a_parent_that_leads_to_no_folder(place: Place, target: str) -> None:
    (place.folder / "d").symlink_to(target)
    refused(place, "d is a link that leads to no folder|Too many levels", file(place.folder / "d/a", "x"))


def on_mounts(act: Callable[[Place], None], tmp_path: Path, **words: object) -> None:
    def alone() -> None:
        mount("tmpfs", str(tmp_path), "tmpfs", data="size=1m")
        act(place_in(tmp_path))

    in_own_mounts(alone)


def test_a_full_disk_is_met_before_the_first_rename_and_leaves_no_litter(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        place.bring(file(place.folder / "a", "old\n"))
        before = place.tree()
        wanted = [file(place.folder / "a", "new\n"), file(place.folder / "d/b", "x"), file(place.folder / "c", "x" * 2_000_000)]
        with pytest.raises(Refused, match=r"No space left on device; no file was changed"):
            place.bring(*wanted)
        assert place.tree() == before
        assert place.bring(*wanted[:2])["changed"] is True

    on_mounts(act, tmp_path)


def test_a_disk_filled_to_the_last_byte_by_others(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        place.bring(file(place.folder / "a", "old\n"))
        before = place.tree()
        with (tmp_path / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
            while True:
                filler.write(b"x" * 4096)
        with pytest.raises(Refused, match="No space left on device"):
            place.bring(file(place.folder / "a", "new\n"))
        assert place.tree() == before
        (tmp_path / "filler").unlink()
        assert place.bring(file(place.folder / "a", "new\n"))["changed"] is True
        assert sorted(place.tree()) == ["a"]

    on_mounts(act, tmp_path)


def test_a_read_only_file_system(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        place.bring(file(place.folder / "a", "old\n"))
        mount(str(place.folder), str(place.folder), "", MS_BIND)
        mount("none", str(place.folder), "", MS_BIND | MS_REMOUNT | MS_RDONLY)
        refused(place, "cannot be written to", file(place.folder / "a", "new\n"))
        assert place.bring(file(place.folder / "a", "old\n"))["changed"] is False

    on_mounts(act, tmp_path)


def test_a_mount_at_the_place_of_a_file(tmp_path: Path) -> None:
    def act(place: Place) -> None:
        place.bring(file(place.folder / "a", "old\n"))
        mount("/dev/null", str(place.folder / "a"), "", MS_BIND)
        (place.folder / "b").write_text("")
        mount(str(place.folder / "b"), str(place.folder / "a"), "", MS_BIND)
        refused(place, "something is mounted there", file(place.folder / "a", "new\n"))

    on_mounts(act, tmp_path)


def test_a_name_too_long_for_the_file_system(place: Place) -> None:
    refused(place, "File name too long", file(place.folder / ("n" * 300), "x"))


def test_a_name_as_long_as_the_file_system_takes(place: Place) -> None:
    assert place.bring(file(place.folder / ("n" * 255), "x"))["changed"] is True
