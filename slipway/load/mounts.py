"""Volumes, bind mounts and secrets of a service, short and long syntax alike."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model import Mount, SecretUse
from . import keys
from .faults import Path, short
from .folder import NotShipped, Shipped, read_below
from .interpolation import escaped, unescaped
from .nodes import Node
from .shapes import Shape, size, text, truth, whole
from .source import Source

WINDOWS = re.compile(r"[A-Za-z]:|\\")
DOCKER_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
PASSED: Mapping[str, Mapping[str, Shape]] = {
    "volume": {"nocopy": truth, "subpath": text},
    "tmpfs": {"size": size, "mode": whole},
}


@dataclass(frozen=True, slots=True)
class _Written:
    """A mount as written."""

    type: str
    source: str
    target: str
    read_only: bool
    options: Mapping[str, Any] = field(default_factory=dict)


def read_mounts(source: Source, node: Node | None, path: Path, shipped: Shipped) -> tuple[Mount, ...]:
    """Return a service's mounts; bound files are put into `shipped`."""
    found: dict[str, Mount] = {}
    for index, item in enumerate(_items(source, node, path)):
        place = (*path, index)
        written = _read_long(source, item, place) if isinstance(item.value, dict) else _read_short(source, item, place)
        if written is None or (mount := _settled(source, written, item, place, shipped)) is None:
            continue
        if mount.target in found:
            source.faults.add(item, place, f"`{short(mount.target)}` is mounted twice", "keep one of them")
        found[mount.target] = mount
    return tuple(found.values())


def read_secret_uses(source: Source, node: Node | None, path: Path) -> tuple[SecretUse, ...]:
    """Return which secrets a service sees as files, and where."""
    found: dict[str, SecretUse] = {}
    for index, item in enumerate(_items(source, node, path)):
        place = (*path, index)
        use = _read_secret_use(source, item, place)
        if use.target in found:
            source.faults.add(item, place, f"`{short(use.target)}` is written twice", "keep one of them")
        if use.source:
            found[use.target] = use
    return tuple(found.values())


def _read_secret_use(source: Source, node: Node, path: Path) -> SecretUse:
    if not isinstance(node.value, dict):
        name = unescaped(source.word(node, path))
        return SecretUse(name, f"/run/secrets/{name}")
    entries = node.mapping
    source.only(entries, path, frozenset(("source", "target", *keys.REFUSED_SECRET_USE)))
    for key in sorted(set(entries) & set(keys.REFUSED_SECRET_USE)):
        source.faults.add(entries[key], (*path, key), f"`{key}` is not yours to set", keys.REFUSED_SECRET_USE[key])
    name = _word(source, entries, path, "source")
    if not name:
        source.faults.add(node, path, "`source` is missing", "name the secret")
    return SecretUse(name, posixpath.join("/run/secrets", _word(source, entries, path, "target") or name))


def _items(source: Source, node: Node | None, path: Path) -> list[Node]:
    if node is not None and not isinstance(node.value, list):
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
    options = parts[2].split(",") if len(parts) == 3 else []
    for option in dict.fromkeys(options):
        _judge_option(source, node, path, option)
    kind = "bind" if parts[0][0] in "./~" or WINDOWS.match(parts[0]) else "volume"
    passed = {"nocopy": True} if "nocopy" in options and kind == "volume" else {}
    access = [option for option in options if option in ("ro", "rw")]
    return _Written(kind, parts[0], parts[1], access[-1:] == ["ro"], passed)


def _judge_option(source: Source, node: Node, path: Path, option: str) -> None:
    if option in keys.IGNORED_MOUNT:
        source.note(node, path, keys.IGNORED_MOUNT[option])
    elif option not in ("ro", "rw", "nocopy"):
        hint = keys.REFUSED_MOUNT.get("propagation" if option in keys.PROPAGATIONS else option, "remove it")
        source.faults.add(node, path, f"mount option `{short(option)}` is not supported", hint)


def _split(spec: str) -> list[str]:
    """Split at colons; Compose takes one letter before a colon for a Windows drive."""
    parts = spec.split(":")
    if len(parts) > 1 and len(parts[0]) == 1 and parts[0].isalpha():
        return [f"{parts[0]}:{parts[1]}", *parts[2:]]
    return parts


def _read_long(source: Source, node: Node, path: Path) -> _Written | None:
    entries = node.mapping
    source.only(entries, path, keys.MOUNT)
    kind = source.text(entries.get("type"), (*path, "type"))
    if kind not in ("volume", "bind", "tmpfs"):
        source.faults.add(node, path, f"mount type `{short(kind)}` is not supported", "`volume`, `bind` and `tmpfs` are")
        return None
    if "consistency" in entries and _word(source, entries, path, "consistency"):
        source.note(entries["consistency"], (*path, "consistency"), keys.IGNORED_MOUNT["consistent"])
    origin, target = (_word(source, entries, path, key) for key in ("source", "target"))
    if not target:
        source.faults.add(node, path, "`target` is missing", "add the path inside the container")
        return None
    options = {key: value for section in keys.MOUNT_OPTIONS for key, value in _read_options(source, entries, path, section, kind)}
    return _Written(kind, origin, target, source.truth(entries.get("read_only"), (*path, "read_only")), options)


def _word(source: Source, entries: Mapping[str, Node], path: Path, key: str) -> str:
    return unescaped(source.word(entries[key], (*path, key))) if key in entries else ""


def _read_options(source: Source, entries: Mapping[str, Node], path: Path, section: str, kind: str) -> Iterator[tuple[str, Any]]:
    place = (*path, section)
    options = source.mapping(entries[section], place) if section in entries else {}
    source.only(options, place, keys.MOUNT_OPTIONS[section])
    for key, node in options.items():
        if key in keys.IGNORED_MOUNT:
            source.note(node, (*place, key), keys.IGNORED_MOUNT[key])
        elif key in PASSED.get(section, {}) and section == kind:
            yield key, PASSED[section][key](source, node, (*place, key))
        elif key in keys.MOUNT_OPTIONS[section]:
            hint = keys.REFUSED_MOUNT.get(key, "remove it")
            source.faults.add(node, (*place, key), f"mount option `{short(key)}` is not supported", hint)


def _settled(source: Source, written: _Written, node: Node, path: Path, shipped: Shipped) -> Mount | None:
    target = posixpath.normpath(written.target)
    if written.type == "tmpfs":
        return Mount("tmpfs", escaped(target), read_only=written.read_only, options=written.options)
    if written.type == "volume":
        return _volume(source, written, node, path, target)
    if written.source in DOCKER_SOCKETS:
        return Mount("bind", escaped(target), DOCKER_SOCKETS[0], written.read_only)
    relative = posixpath.normpath(written.source)
    if relative.startswith(("/", "~", "..")) or relative == "." or WINDOWS.match(relative):
        hint = "put the files into a folder beside the stack file and bind that, or use a volume"
        source.faults.add(node, path, f"`{short(written.source)}` is not below the stack's folder", hint)
        return None
    try:
        shipped.add(read_below(source.folder, relative))
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
    return Mount("volume", escaped(target), written.source, written.read_only, written.options)
