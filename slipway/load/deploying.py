"""What `deploy:` and its neighbours say about running a service: how many, in which order, with how much, ended how."""

from collections.abc import Mapping
from typing import Any

from . import keys
from .faults import Path, nearest, short
from .nodes import Node
from .passing import RESOURCES
from .quantities import NANOSECONDS, nanoseconds, size_bytes
from .shapes import duration
from .source import Source

ORDERS = ("start-first", "stop-first")
GRACE_SECONDS = 10


def read_deploy(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, Any]:
    """Return the fields that `deploy` fills; `compose` holds what passes through."""
    place = (*path, "deploy")
    deploy = source.mapping(entries["deploy"], place) if "deploy" in entries else {}
    source.only(deploy, place, keys.DEPLOY)
    for key, node in deploy.items():
        if key in keys.IGNORED_DEPLOY:
            source.note(node, (*place, key), keys.IGNORED_DEPLOY[key])
    found: dict[str, Any] = {"compose": {}}
    if (mode := deploy.get("mode")) and (word := source.word(mode, (*place, "mode"))) not in ("", "replicated"):
        source.faults.add(mode, (*place, "mode"), f"`{short(word)}` is not supported", "write `replicas`")
    if "replicas" in deploy and (replicas := source.number(deploy["replicas"], (*place, "replicas"))) is not None:
        found["replicas"] = replicas
    found |= _read_order(source, deploy.get("update_config"), (*place, "update_config"))
    if (resources := deploy.get("resources")) is not None:
        found["compose"] = {"deploy": {"resources": RESOURCES(source, resources, (*place, "resources"))}}
    return found | _read_memory(source, entries, path)


def _read_order(source: Source, node: Node | None, path: Path) -> dict[str, Any]:
    entries = source.mapping(node, path) if node else {}
    source.only(entries, path, keys.UPDATE)
    for key in sorted(set(entries) & keys.UPDATE - {"order"}):
        source.note(entries[key], (*path, key), "it belongs to Swarm; `x-slipway.watch` and `canary` guard a deploy")
    if "order" not in entries:
        return {}
    order = source.word(entries["order"], (*path, "order"))
    if order not in ORDERS:
        source.faults.add(entries["order"], (*path, "order"), f"`{short(order)}` is no order", nearest(order, ORDERS))
        return {}
    return {"order": order}


def _read_memory(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, Any]:
    place: tuple[str, ...] = ("deploy", "resources", "limits", "memory")
    node = entries.get("deploy")
    for key in place[1:]:
        node = node.mapping.get(key) if node else None
    if node is None:
        node, place = entries.get("mem_limit"), ("mem_limit",)
    text = source.text(node, (*path, *place))
    size = size_bytes(text)
    if node is None:
        return {}
    if size is None:
        return {"memory_mb": 1}  # its shape was refused already
    if size < 1 << 20:
        source.faults.add(node, (*path, *place), f"`{short(text)}` is too little memory to start", "write `512m` or `1g`")
        return {"memory_mb": 1}
    return {"memory_mb": size >> 20}


def read_grace(source: Source, node: Node | None, path: Path) -> int:
    """Return the whole seconds a container has to end."""
    if node is None:
        return GRACE_SECONDS
    period = nanoseconds(duration(source, node, path)) or 0
    seconds, rest = divmod(period, NANOSECONDS["s"])
    if rest or period < 0:
        source.faults.add(node, path, f"`{short(node.raw)}` is no whole number of seconds", "write `10s`")
    return seconds
