from pathlib import Path

import pytest

from slipway.errors import HostError
from slipway.host import files


def test_a_write_says_whether_it_changed_anything(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert files.write(path, "one", 0o640)
    assert not files.write(path, "one", 0o640)
    assert files.write(path, "two", 0o640)
    assert path.read_text() == "two"


def test_a_write_sets_the_mode_from_the_first_byte_on(tmp_path: Path) -> None:
    files.write(tmp_path / "secret", "x", 0o400)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o400
    assert files.write(tmp_path / "secret", "x", 0o444), "another mode is a change"


def test_a_write_leaves_nothing_else_behind(tmp_path: Path) -> None:
    files.write(tmp_path / "a", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_link_is_moved_at_once(tmp_path: Path) -> None:
    assert files.point(tmp_path / "live", "stopgap")
    assert not files.point(tmp_path / "live", "stopgap")
    assert files.point(tmp_path / "live", "/etc/letsencrypt/live/a")
    assert str((tmp_path / "live").readlink()) == "/etc/letsencrypt/live/a"


def test_removing_what_is_not_there_is_fine(tmp_path: Path) -> None:
    assert not files.remove(tmp_path / "a")


def test_a_write_inside_makes_folders_and_sets_the_mode(tmp_path: Path) -> None:
    files.write_inside(tmp_path, tmp_path / "files/a/b", "one", 0o644)
    files.write_inside(tmp_path, tmp_path / "files/a/b", "two", 0o755)
    assert (tmp_path / "files/a/b").read_text() == "two"
    assert (tmp_path / "files/a/b").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in (tmp_path / "files/a").iterdir()] == ["b"]


def test_a_write_inside_leaves_the_same_text_as_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a/b"
    files.write_inside(tmp_path, path, "one", 0o644)
    before = path.stat().st_ino
    files.write_inside(tmp_path, path, "one", 0o644)
    assert path.stat().st_ino == before, "a container that mounts the file sees this one"


def test_a_write_inside_follows_no_link_that_a_container_made(tmp_path: Path) -> None:
    home, outside = tmp_path / "shop", tmp_path / "etc"
    (home / "files").mkdir(parents=True)
    outside.mkdir()
    (home / "files/conf").symlink_to(outside)
    with pytest.raises(HostError, match="conf below"):
        files.write_inside(home, home / "files/conf/cron", "* * * * * root sh", 0o644)
    assert list(outside.iterdir()) == []


def test_a_write_inside_replaces_a_link_and_leaves_what_it_led_to(tmp_path: Path) -> None:
    home, outside = tmp_path / "shop", tmp_path / "passwd"
    home.mkdir()
    outside.write_text("root")
    (home / "a").symlink_to(outside)
    files.write_inside(home, home / "a", "mine", 0o644)
    assert (home / "a").read_text() == "mine"
    assert not (home / "a").is_symlink()
    assert outside.read_text() == "root"
