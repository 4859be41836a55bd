"""Which engine a host has, and whether its files are what its name says."""

import io
import tarfile
from pathlib import Path

import pytest

from slipway.engine_archive import pack
from slipway.host_engine import version

ROOT = Path(__file__).parents[2]
ARCHIVE = pack(ROOT)


@pytest.fixture
def current(tmp_path: Path) -> Path:
    """Return the link of an engine that was installed."""
    with tarfile.open(fileobj=io.BytesIO(ARCHIVE.content)) as tar:
        tar.extractall(tmp_path / ARCHIVE.version, filter="data")
    (tmp_path / "current").symlink_to(ARCHIVE.version)
    return tmp_path / "current"


def test_an_engine_as_it_was_packed_goes_by_its_name(current: Path) -> None:
    (current / "slipway/__pycache__").mkdir()
    (current / "slipway/__pycache__/codec.pyc").write_bytes(b"\0")
    assert version(current) == ARCHIVE.version


@pytest.mark.parametrize("change", ["edited", "gone", "more"])
def test_an_engine_with_other_files_is_marked(current: Path, change: str) -> None:
    file = current / "slipway/codec.py"
    if change == "edited":
        file.write_text(file.read_text() + "\n# mine\n")
    elif change == "gone":
        file.unlink()
    else:
        (current / "slipway/sitecustomize.py").write_text("")
    assert version(current) == f"{ARCHIVE.version}+edited"


def test_a_host_without_an_engine_has_none(tmp_path: Path) -> None:
    assert version(tmp_path / "current") == ""
    (tmp_path / "current").mkdir()
    assert version(tmp_path / "current") == ""
