"""A hash over what an image is made of; equal content means no rebuild."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

IGNORED = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", "node_modules", ".DS_Store"}


def files_of(folder: Path) -> dict[str, Path]:
    """Return the files of a build context by their path inside it."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path for path in found if not IGNORED & set(path.relative_to(folder).parts)}


def content_hash(files: Mapping[str, Path], settings: Mapping[str, object]) -> str:
    """Return one hash over names, contents, executable bits and settings."""
    whole = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name in sorted(files):
        executable = bool(files[name].stat().st_mode & 0o100)
        whole.update(json.dumps([name, executable, hashlib.sha256(files[name].read_bytes()).hexdigest()]).encode())
    return whole.hexdigest()[:24]
