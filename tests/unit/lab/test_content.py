"""The hash that decides whether an image is built again."""

from pathlib import Path

from slipway.lab.content import content_hash, files_of


def context(folder: Path) -> Path:
    (folder / "sub").mkdir()
    (folder / "Dockerfile").write_text("FROM debian:trixie\n")
    (folder / "sub/run").write_text("#!/bin/sh\n")
    return folder


def test_equal_content_gives_an_equal_hash_whatever_the_times(tmp_path: Path) -> None:
    folder = context(tmp_path)
    before = content_hash(files_of(folder), {"K": "V"})
    (folder / "Dockerfile").touch()
    assert content_hash(files_of(folder), {"K": "V"}) == before


def test_a_changed_file_name_mode_or_setting_changes_the_hash(tmp_path: Path) -> None:
    folder = context(tmp_path)
    hashes = [content_hash(files_of(folder), {}), content_hash(files_of(folder), {"K": "V"})]
    (folder / "sub/run").chmod(0o755)
    hashes.append(content_hash(files_of(folder), {}))
    (folder / "sub/run").rename(folder / "sub/walk")
    hashes.append(content_hash(files_of(folder), {}))
    (folder / "sub/walk").write_text("#!/bin/sh\nexit 1\n")
    hashes.append(content_hash(files_of(folder), {}))
    assert len(set(hashes)) == len(hashes)


def test_caches_of_python_are_no_content(tmp_path: Path) -> None:
    folder = context(tmp_path)
    before = content_hash(files_of(folder), {})
    (folder / "sub/__pycache__").mkdir()
    (folder / "sub/__pycache__/x.pyc").write_text("x")
    assert content_hash(files_of(folder), {}) == before
