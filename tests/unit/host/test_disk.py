from pathlib import Path

import pytest

from slipway.errors import HostError
from slipway.host import disk


def test_an_image_needs_twice_the_size_of_its_predecessor() -> None:
    sizes = {"a/b": 300 * disk.MIB}
    assert disk.needed_mb([], sizes) == disk.RESERVE_MB
    assert disk.needed_mb(["a/b:2"], sizes) == disk.RESERVE_MB + 600
    assert disk.needed_mb(["a/b@sha256:1", "new:1"], sizes) == disk.RESERVE_MB + 600 + disk.UNKNOWN_IMAGE_MB


def test_a_full_disk_is_named_with_what_is_free_and_needed(tmp_path: Path) -> None:
    room = {tmp_path: 5000, tmp_path / "small": 40}
    disk.check([tmp_path], 800, room.__getitem__)
    with pytest.raises(HostError, match=r"/small has 40 MiB free, needed 800 MiB") as caught:
        disk.check(list(room), 800, room.__getitem__)
    assert caught.value.exit_code == 3


def test_places_are_the_folders_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "docker" / "tmp").mkdir(parents=True)
    found = disk.places(tmp_path / "docker", tmp_path)
    assert tmp_path / "docker" / "tmp" in found
    assert disk.free_mb(found[0]) > 0


def test_a_folder_is_full_once_its_reserve_is_used_up(tmp_path: Path) -> None:
    room = {tmp_path: disk.RESERVE_MB, tmp_path / "small": disk.RESERVE_MB - 1}
    assert disk.full([tmp_path], room.__getitem__) == ""
    assert disk.full(list(room), room.__getitem__) == f"{tmp_path / 'small'} has 255 MiB free"
