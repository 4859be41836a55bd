"""Volumes, bind mounts and secrets of a service, short and long syntax alike."""

import posixpath
from dataclasses import dataclass

from ..model import Mount, SecretUse
from .faults import Path, short
from .folder import NotShipped, read_below
from .interpolation import escaped
from .keys import MOUNT
from .nodes import Node
from .source import Source

DOCKER_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
HARMLESS_OPTIONS = frozenset(("rw", "z", "Z", "cached", "delegated", "consistent"))
LONG_OPTIONS: dict[str, set[str]] = {"bind": {"create_host_path", "selinux"}, "volume": set(), "tmpfs": set()}


@dataclass(frozen=True, slots=True)
class _Written:
    """A mount as written."""

    type: str
    source: str
    target: str
    read_only: bool


def read_mounts(source: Source, node: Node | None, path: Path, files: dict[str, str]) -> tuple[Mount, ...]:
    """Return a service's mounts; texts of bound files are put into `files`."""
    found = []
    for index, item in enumerate(_items(source, node, path)):
        place = (*path, index)
        written = _read_long(source, item, place) if isinstance(item.value, dict) else _read_short(source, item, place)
        if written is not None and (mount := _settled(source, written, item, place, files)) is not None:
            found.append(mount)
    return tuple(found)


def read_secret_uses(source: Source, node: Node | None, path: Path) -> tuple[SecretUse, ...]:
    """Return which secrets a service sees as files, and where."""
    found = []
    for index, item in enumerate(_items(source, node, path)):
        place = (*path, index)
        entries = item.mapping
        name = source.text(entries.get("source") if entries else item, place)
        target = source.text(entries.get("target"), place) or name
        for key in sorted(set(entries) - {"source", "target"}):
            source.faults.add(
                entries[key], (*place, key), f"`{key}` is not yours to set", "remove it: the service's user may read it"
            )
        if name:
            found.append(SecretUse(name, posixpath.join("/run/secrets", target)))
    return tuple(found)


def _items(source: Source, node: Node | None, path: Path) -> list[Node]:
    if node is not None and not isinstance(node.value, list) and not node.is_null:
        source.faults.add(node, path, f"{node.kind} where a list is wanted")
    return node.items if node else []


def _read_short(source: Source, node: Node, path: Path) -> _Written | None:
    spec = source.text(node, path)
    if not spec:
        return None
    parts = _split(spec)
    if not all(parts) or len(parts) > 3:
        source.faults.add(node, path, f"`{short(spec)}` is no mount", "write `source:target` or `source:target:ro`")
        return None
    if len(parts) == 1:
        return _Written("volume", "", parts[0], read_only=False)
    options = set(parts[2].split(",")) if len(parts) == 3 else set()
    for option in sorted(options - HARMLESS_OPTIONS - {"ro"}):
        source.faults.add(node, path, f"mount option `{short(option)}` is not supported", "remove it")
    kind = "bind" if parts[0][0] in "./~" else "volume"
    return _Written(kind, parts[0], parts[1], "ro" in options)


def _split(spec: str) -> list[str]:
    """Split at colons; Compose takes one letter before a colon for a Windows drive."""
    parts = spec.split(":")
    if len(parts) > 1 and len(parts[0]) == 1 and parts[0].isalpha():
        return [f"{parts[0]}:{parts[1]}", *parts[2:]]
    return parts


def _read_long(source: Source, node: Node, path: Path) -> _Written | None:
    entries = node.mapping
    source.only(entries, path, MOUNT)
    kind = source.text(entries.get("type"), (*path, "type"))
    if kind not in LONG_OPTIONS:
        source.faults.add(node, path, f"mount type `{short(kind)}` is not supported", "`volume`, `bind` and `tmpfs` are")
        return None
    for option, harmless in LONG_OPTIONS.items():
        for key, value in source.entries(entries.get(option), (*path, option)).items():
            if key not in harmless:
                hint = "write `tmpfs: [/path:size=64m]` at the service" if option == "tmpfs" else "remove it"
                source.faults.add(value, (*path, option, key), f"mount option `{short(key)}` is not supported", hint)
    origin, target = (source.text(entries.get(key), (*path, key)) for key in ("source", "target"))
    if not target:
        source.faults.add(node, path, "`target` is missing", "add the path inside the container")
        return None
    return _Written(kind, origin, target, source.truth(entries.get("read_only"), (*path, "read_only")))


def _settled(source: Source, written: _Written, node: Node, path: Path, files: dict[str, str]) -> Mount | None:
    target = posixpath.normpath(written.target)
    if written.type == "tmpfs":
        return Mount("tmpfs", escaped(target))
    if written.type == "volume":
        return _volume(source, written, node, path, target)
    if written.source in DOCKER_SOCKETS:
        return Mount("bind", escaped(target), DOCKER_SOCKETS[0], written.read_only)
    relative = posixpath.normpath(written.source)
    if relative.startswith(("/", "~", "..")) or relative == ".":
        hint = "put the files into a folder beside the stack file and bind that, or use a volume"
        source.faults.add(node, path, f"`{short(written.source)}` is not below the stack's folder", hint)
        return None
    try:
        files.update(read_below(source.folder, relative))
    except NotShipped as error:
        source.faults.add(node, path, error.message, error.hint)
    return Mount("bind", escaped(target), escaped(relative), written.read_only)


def _volume(source: Source, written: _Written, node: Node, path: Path, target: str) -> Mount | None:
    if not target.startswith("/") and ":" in target:
        source.faults.add(node, path, f"Compose takes `{target[:2]}` for a Windows drive", "give the volume a longer name")
        return None
    if not written.source:
        hint = f"name it: `data:{target}`, and declare `volumes: {{data: {{}}}}`; or use `tmpfs`"
        source.faults.add(node, path, "anonymous volume: its data would be lost with the container", hint)
        return None
    return Mount("volume", escaped(target), written.source, written.read_only)
