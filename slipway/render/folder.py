"""Which of the folder's files a service mounts, and where they lie on the host: never changed once written."""

import hashlib
import posixpath

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
    text = "\0".join(part for item in mounted_files(stack, mount).items() for part in item)
    return _below(f"{names.base_folder(stack.name)}/files/{hashlib.sha256(text.encode()).hexdigest()[:12]}", mount)


def _below(folder: str, mount: Mount) -> str:
    if mount.source.startswith("/"):
        return mount.source
    return posixpath.normpath(f"{folder}/{relative(mount.source)}")


def release_files(stack: Stack, number: int) -> dict[str, str]:
    """Return the files a release mounts: path on the host -> text."""
    return _files(stack, [(service, f"{names.release_folder(stack.name, number)}/files") for service in _apps(stack)])


def base_files(stack: Stack) -> dict[str, str]:
    """Return the files that stores mount: path on the host -> text."""
    found: dict[str, str] = {}
    for service in stack.of_kind("store"):
        for mount in _binds(service):
            root = base_source(stack, mount).removesuffix(f"/{relative(mount.source)}").removesuffix("/.")
            found |= {f"{root}/{path}": text for path, text in mounted_files(stack, mount).items()}
    return found


def _files(stack: Stack, folders: list[tuple[Service, str]]) -> dict[str, str]:
    return {
        f"{folder}/{path}": text
        for service, folder in folders
        for mount in _binds(service)
        for path, text in mounted_files(stack, mount).items()
    }


def _apps(stack: Stack) -> list[Service]:
    return stack.of_kind("web", "worker", "scheduler", "task")


def _binds(service: Service) -> list[Mount]:
    return [mount for mount in service.mounts if mount.type == "bind" and not mount.source.startswith("/")]
