from pathlib import Path

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
