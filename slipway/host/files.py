"""Write files so that a power cut leaves the old text or the new one, never half of it."""

import os
from pathlib import Path


def write(path: Path, text: str, mode: int = 0o600) -> bool:
    """Replace a file's text at once; say whether that changed anything."""
    if path.is_file() and path.stat().st_mode & 0o7777 == mode and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _fresh_beside(path)
    _write_whole(fresh, text.encode(), mode)
    fresh.replace(path)
    sync_folder(path.parent)
    return True


def point(link: Path, target: str) -> bool:
    """Make a symbolic link lead to a target at once; say whether that changed anything."""
    if link.is_symlink() and str(link.readlink()) == target:
        return False
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = _fresh_beside(link)
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
    sync_folder(link.parent)
    return True


def remove(path: Path) -> bool:
    """Remove a file for good; say whether it was there."""
    if not path.exists():
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


def folder(path: Path, mode: int = 0o755) -> Path:
    """Make a folder with exactly this mode."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path


def sync_folder(path: Path) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fresh_beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _write_whole(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
