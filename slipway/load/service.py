"""One entry under `services:` as a typed Service: Compose's words in long form, ours by the model's annotations."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import Service
from . import keys
from .commands import NotACommand, split
from .faults import Path, nearest, short
from .interpolation import escaped, secrets_in, unescaped
from .mounts import read_mounts, read_secret_uses
from .nodes import Node
from .ports import read_ports
from .quantities import seconds, size_bytes
from .source import Source

X = "x-slipway"
CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
ORDERS = ("start-first", "stop-first")
DURATIONS = ("interval", "timeout", "start_period", "start_interval")


@dataclass(frozen=True, slots=True)
class Draft:
    """A service with the nodes it was read from, so that rules can point at them."""

    service: Service
    node: Node
    path: Path

    @property
    def name(self) -> str:
        """Return the service's name."""
        return self.service.name

    @property
    def own(self) -> dict[str, Node]:
        """Return what is written under `x-slipway`, right or wrong."""
        found = self.node.mapping.get(X)
        return found.mapping if found else {}

    def says(self, key: str) -> bool:
        """Say whether a Compose key is written."""
        return key in self.node.mapping

    def at(self, *parts: str | int) -> tuple[Node, Path]:
        """Return the deepest node on the way down, and the whole path."""
        return deepest(self.node, parts), (*self.path, *parts)


def deepest(node: Node, parts: tuple[str | int, ...]) -> Node:
    """Return the node that a path leads to, or the last one before it ends."""
    for part in parts:
        below = node.mapping.get(part) if isinstance(part, str) else dict(enumerate(node.items)).get(part)
        if below is None:
            return node
        node = below
    return node


def read_service(source: Source, name: str, node: Node, files: dict[str, str]) -> Draft:
    """Return a service as far as it can be read; every fault is noted."""
    path: Path = ("services", name)
    entries = source.entries(node, path)
    _judge_keys(source, entries, path)
    own = entries.get(X)
    fields: dict[str, Any] = source.reader.fields(Service, own, (*path, X)) if own else {}
    fields |= _read_deploy(source, entries, path)
    service = Service(
        name=name,
        image=escaped(source.text(entries.get("image"), (*path, "image"))),
        compose=_read_passed(source, entries, path) | fields.pop("compose"),
        networks=_read_networks(source, entries, path),
        mounts=read_mounts(source, entries.get("volumes"), (*path, "volumes"), files),
        secrets=read_secret_uses(source, entries.get("secrets"), (*path, "secrets")),
        depends_on=_read_depends_on(source, entries.get("depends_on"), (*path, "depends_on")),
        profiles=tuple(source.names(entries.get("profiles"), (*path, "profiles"))),
        stop_grace_seconds=_read_grace(source, entries.get("stop_grace_period"), (*path, "stop_grace_period")),
        **fields,
    )
    return Draft(service, node, path)


def _judge_keys(source: Source, entries: Mapping[str, Node], path: Path) -> None:
    for key, node in entries.items():
        if key in keys.REFUSED:
            source.faults.add(node, (*path, key), f"`{key}` is refused", keys.REFUSED[key])
        elif key in keys.IGNORED:
            source.note(node, (*path, key), keys.IGNORED[key])
        elif key not in keys.SERVICE and not key.startswith("x-"):
            source.faults.unknown(node, path, key, {*keys.SERVICE, X})
        elif key != X and key.startswith("x-") and (near := nearest(key, [X])):
            source.faults.add(node, path, f"unknown key `{short(key)}`", near)


def _read_passed(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, Any]:
    left_out = {*keys.FIELDS, *keys.REFUSED, *keys.IGNORED}
    passed = {key: node for key, node in entries.items() if key in keys.SERVICE and key not in left_out and not node.is_null}
    return {key: _passed(source, key, node, (*path, key)) for key, node in passed.items()}


def _passed(source: Source, key: str, node: Node, path: Path) -> Any:
    if key in keys.COMMANDS:
        return _command(source, node, path)
    if key == "environment":
        return {name: _environment(source, name, item, (*path, name), node) for name, item in source.pairs(node, path).items()}
    if key in keys.MAPPINGS:
        pairs = source.pairs(node, path)
        return {
            name: item if isinstance(item, str) else source.filling.scalar(item, (*path, name)) for name, item in pairs.items()
        }
    if key in keys.LISTS:
        return source.names(node, path)
    if key == "extra_hosts" and isinstance(node.value, dict):
        return [f"{name}:{address}" for name, item in node.mapping.items() for address in source.names(item, (*path, name))]
    if key == "ports":
        return read_ports(source, node, path)
    if key == "healthcheck":
        _judge_healthcheck(source, node, path)
    return source.filling.tree(node, path)


def _environment(source: Source, name: str, item: Node | str, path: Path, whole: Node) -> str:
    if isinstance(item, str):
        return item
    if not item.is_null:
        return source.filling.scalar(item, path)
    value = source.filling.scope.value(name)
    if value is None:
        hint = f'write `{name}: ""`, or add `{name}` to `variables` or `secrets` in {source.filling.scope.home}'
        source.faults.add(
            item if item.line else whole, path, "takes its value from the caller's environment, which is not read", hint
        )
    return value or ""


def _command(source: Source, node: Node, path: Path) -> list[str]:
    if isinstance(node.value, list):
        return source.names(node, path)
    text = source.word(node, path)
    if secrets_in(text):
        return [text]  # refused by the rule on secrets in commands
    try:
        return [escaped(word) for word in split(unescaped(text))]
    except NotACommand as error:
        source.faults.add(node, path, str(error), 'write `[sh, -c, "…"]` for a shell line, or quote it')
        return []


def _judge_healthcheck(source: Source, node: Node, path: Path) -> None:
    entries = source.entries(node, path)
    source.only(entries, path, keys.HEALTHCHECK)
    if "test" in entries and not isinstance(entries["test"].value, (str, list)):
        source.faults.add(entries["test"], (*path, "test"), f"{entries['test'].kind} where a command is wanted", "write [CMD, …]")
    for key in DURATIONS:
        if key in entries and seconds(text := source.text(entries[key], (*path, key))) is None and text:
            source.faults.add(entries[key], (*path, key), f"`{short(text)}` is no duration", "write `30s` or `1m30s`")


def _read_deploy(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, Any]:
    place = (*path, "deploy")
    deploy = source.entries(entries.get("deploy"), place)
    source.only(deploy, place, keys.DEPLOY)
    for key, node in deploy.items():
        if key in keys.IGNORED_DEPLOY:
            source.note(node, (*place, key), keys.IGNORED_DEPLOY[key])
    found: dict[str, Any] = {"compose": {}}
    if (mode := deploy.get("mode")) and source.text(mode, (*place, "mode")) not in ("", "replicated"):
        source.faults.add(mode, (*place, "mode"), f"`{short(mode.raw)}` is not supported", "write `replicas`")
    if "replicas" in deploy and (replicas := source.number(deploy["replicas"], (*place, "replicas"))) is not None:
        found["replicas"] = replicas
    found |= _read_order(source, deploy.get("update_config"), (*place, "update_config"))
    if (resources := deploy.get("resources")) is not None:
        found["compose"] = {"deploy": {"resources": source.filling.tree(resources, (*place, "resources"))}}
    return found | _read_memory(source, entries, path)


def _read_order(source: Source, node: Node | None, path: Path) -> dict[str, Any]:
    entries = source.entries(node, path)
    for key in sorted(set(entries) - {"order"}):
        source.note(entries[key], (*path, key), "it belongs to Swarm; `x-slipway.watch` and `canary` guard a deploy")
    order = source.text(entries.get("order"), (*path, "order"))
    if order and order not in ORDERS:
        source.faults.add(entries["order"], (*path, "order"), f"`{short(order)}` is no order", nearest(order, ORDERS))
        return {}
    return {"order": order} if order else {}


def _read_memory(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, Any]:
    place = ("deploy", "resources", "limits", "memory")
    node = entries.get("deploy")
    for key in place[1:]:
        node = node.mapping.get(key) if node else None
    if node is None:
        node, place = entries.get("mem_limit"), ("mem_limit",)  # type: ignore[assignment]
    text = source.text(node, (*path, *place))
    if node is None or not text:
        return {}
    size = size_bytes(text)
    if size is None or size < 1 << 20:
        source.faults.add(node, (*path, *place), f"`{short(text)}` is no size of memory", "write `512m` or `1g`")
        return {"memory_mb": 1}
    return {"memory_mb": size >> 20}


def _read_networks(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, tuple[str, ...]]:
    if "network_mode" in entries:
        return {}
    place = (*path, "networks")
    node = entries.get("networks")
    if node is not None and isinstance(node.value, list):
        return dict.fromkeys(filter(None, source.names(node, place)), ()) or {"default": ()}
    found = {}
    for name, item in source.entries(node, place).items():
        options = source.entries(item, (*place, name))
        for key in sorted(set(options) - {"aliases"}):
            source.faults.add(
                options[key], (*place, name, key), f"`{short(key)}` is not supported", "Slipway allots addresses; remove it"
            )
        found[name] = tuple(source.names(options.get("aliases"), (*place, name, "aliases")))
    return found or {"default": ()}


def _read_depends_on(source: Source, node: Node | None, path: Path) -> dict[str, str]:
    if node is not None and isinstance(node.value, list):
        return dict.fromkeys(source.names(node, path), CONDITIONS[0])
    found = {}
    for name, item in source.entries(node, path).items():
        options = source.entries(item, (*path, name))
        source.only(options, (*path, name), frozenset(("condition", "restart", "required")))
        condition = source.text(options.get("condition"), (*path, name, "condition")) or CONDITIONS[0]
        if condition not in CONDITIONS:
            source.faults.add(item, (*path, name), f"`{short(condition)}` is no condition", nearest(condition, CONDITIONS))
        if "required" in options and not source.truth(options["required"], (*path, name, "required")):
            source.faults.add(
                options["required"], (*path, name, "required"), "`required: false` is not supported", "remove the entry"
            )
        found[name] = condition
    return found


def _read_grace(source: Source, node: Node | None, path: Path) -> int:
    text = source.text(node, path)
    if node is None or not text:
        return 10
    period = seconds(text)
    if period is None:
        source.faults.add(node, path, f"`{short(text)}` is no duration", "write `30s` or `1m30s`")
    return math.ceil(period or 0)
