"""Judge before a pull whether the disk can hold it: a full disk stops stores too."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from ..errors import HostError
from ..policy.images import repository

MIB = 1 << 20
RESERVE_MB = 256  # left for stores and logs whatever a release needs
UNKNOWN_IMAGE_MB = 512  # an image nobody here has seen yet
CONTAINERD = Path("/var/lib/containerd")


def needed_mb(missing: Iterable[str], known_sizes: Mapping[str, int]) -> int:
    """Return the room that images need: twice their repository's largest, as layers are unpacked beside their archive."""
    sizes = [known_sizes.get(repository(name), UNKNOWN_IMAGE_MB * MIB // 2) for name in missing]
    return RESERVE_MB + 2 * sum(sizes) // MIB


def places(docker_folder: Path, state: Path) -> list[Path]:
    """Return the folders a pull or a release writes to; each may be a file system of its own."""
    wanted = (docker_folder, docker_folder / "tmp", CONTAINERD, state)
    return [path for path in wanted if path.is_dir()]


def free_mb(path: Path) -> int:
    """Return the room that is free for root's processes short of the file system's own reserve."""
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize // MIB


def full(folders: Collection[Path], free: Callable[[Path], int] = free_mb) -> str:
    """Return the folders whose reserve is used up, for a sentence; empty where there is none."""
    return ", ".join(f"{path} has {free(path)} MiB free" for path in folders if free(path) < RESERVE_MB)


def check(folders: Collection[Path], needed: int, free: Callable[[Path], int] = free_mb) -> None:
    """Refuse where a folder has less room than needed."""
    short = [f"{path} has {free(path)} MiB free, needed {needed} MiB" for path in folders if free(path) < needed]
    if short:
        raise HostError(
            "the disk is too full for this release: " + "; ".join(short),
            "free some room (`docker system df`), then run this again",
        )
