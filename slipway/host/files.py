"""Write files so that a power cut leaves the old text or the new one, never half of it."""

import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from ..errors import HostError


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


def write_inside(home: Path, path: Path, text: str, mode: int) -> None:
    """Replace a file's text at once, below a folder in which containers may have made links: none is followed."""
    *folders, name = path.relative_to(home).parts
    descriptor = _real_folder(home, folders)
    try:
        if _same(descriptor, name, text.encode(), mode):
            return
        fresh = f".{name}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh, dir_fd=descriptor)
        made = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode, dir_fd=descriptor)
        _fill(made, text.encode(), mode)
        os.rename(fresh, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _real_folder(home: Path, names: Sequence[str]) -> int:
    """Open a folder below another one, making what is missing; a link on the way is refused."""
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    for name in names:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=descriptor)
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
        except OSError as error:
            raise HostError(f"{name} below {home} is no folder: {error.strerror}", "remove it, then run this again") from error
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _same(folder: int, name: str, data: bytes, mode: int) -> bool:
    try:
        found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(found, "rb") as file:
        state = os.fstat(found)
        return stat.S_ISREG(state.st_mode) and stat.S_IMODE(state.st_mode) == mode and file.read(len(data) + 1) == data


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
    _fill(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), data, mode)


def _fill(descriptor: int, data: bytes, mode: int) -> None:
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
