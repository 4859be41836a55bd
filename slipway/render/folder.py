"""Which of the folder's files a service mounts, and where they lie on the host: never changed once written."""

import hashlib
import posixpath
from collections.abc import Iterator

from ..model import Mount, Service, Stack
from . import names


def mounted_files(stack: Stack, mount: Mount) -> dict[str, str]:
    """Return the files below a bind mount by their path in the folder; none for a path of the host."""
    source = relative(mount.source)
    return {
        path: text
        for path, text in sorted(stack.files.items())
        if path == source or path.startswith(f"{source}/") or source == "."
    }


def relative(source: str) -> str:
    """Return a bind's source as the model's `files` spells it."""
    return posixpath.normpath(source)


def release_source(stack: Stack, number: int, mount: Mount) -> str:
    """Return where a service of a release finds a bind mount."""
    return _below(f"{names.release_folder(stack.name, number)}/files", mount)


def base_source(stack: Stack, mount: Mount) -> str:
    """Return where a store finds a bind mount: named by its content, so that the base's diff sees a change."""
    text = "\0".join(part for item in mounted_files(stack, mount).items() for part in (*item, *_mode(stack, item[0])))
    return _below(f"{names.base_folder(stack.name)}/files/{hashlib.sha256(text.encode()).hexdigest()[:12]}", mount)


def _mode(stack: Stack, path: str) -> tuple[str, ...]:
    return ("program",) if path in stack.programs else ()


def _below(folder: str, mount: Mount) -> str:
    if mount.source.startswith("/"):
        return mount.source
    return posixpath.normpath(f"{folder}/{relative(mount.source)}")


def release_files(stack: Stack, number: int) -> dict[str, str]:
    """Return the files a release mounts: path on the host -> text."""
    return {path: stack.files[name] for path, name in _release_paths(stack, number)}


def release_programs(stack: Stack, number: int) -> list[str]:
    """Return those of a release's files that may be run."""
    return sorted({path for path, name in _release_paths(stack, number) if name in stack.programs})


def base_files(stack: Stack) -> dict[str, str]:
    """Return the files that stores mount: path on the host -> text."""
    return {path: stack.files[name] for path, name in _base_paths(stack)}


def base_programs(stack: Stack) -> list[str]:
    """Return those of the stores' files that may be run."""
    return sorted({path for path, name in _base_paths(stack) if name in stack.programs})


def _release_paths(stack: Stack, number: int) -> Iterator[tuple[str, str]]:
    folder = f"{names.release_folder(stack.name, number)}/files"
    for service in stack.of_kind("web", "worker", "scheduler", "task"):
        for mount in _binds(service):
            yield from ((f"{folder}/{name}", name) for name in mounted_files(stack, mount))


def _base_paths(stack: Stack) -> Iterator[tuple[str, str]]:
    for service in stack.of_kind("store"):
        for mount in _binds(service):
            root = base_source(stack, mount).removesuffix(f"/{relative(mount.source)}").removesuffix("/.")
            yield from ((f"{root}/{name}", name) for name in mounted_files(stack, mount))


def _binds(service: Service) -> list[Mount]:
    return [mount for mount in service.mounts if mount.type == "bind" and not mount.source.startswith("/")]
