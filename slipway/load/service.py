"""One entry under `services:` as a typed Service: Compose's words in long form, ours by the model's annotations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import Service
from . import keys
from .deploying import read_deploy, read_grace
from .faults import Path, nearest, short
from .folder import Shipped
from .interpolation import escaped
from .mounts import read_mounts, read_secret_uses
from .nodes import Node
from .passing import SHAPES
from .shapes import flag, once, own_keys, said, text, unique
from .source import Source

X = "x-slipway"
CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


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
        below = node.mapping.get(part) if isinstance(part, str) else next(iter(node.items[part : part + 1]), None)
        if below is None:
            return node
        node = below
    return node


def read_service(source: Source, name: str, node: Node, shipped: Shipped) -> Draft:
    """Return a service as far as it can be read; every fault is noted."""
    path: Path = ("services", name)
    entries = source.entries(node, path)
    _judge_keys(source, entries, path)
    own = entries.get(X)
    fields: dict[str, Any] = source.reader.fields(Service, own, (*path, X)) if own else {}
    fields |= read_deploy(source, entries, path)
    service = Service(
        name=name,
        image=_read_image(source, entries, (*path, "image")),
        compose=_read_passed(source, entries, path) | fields.pop("compose"),
        networks=_read_networks(source, entries, path),
        mounts=read_mounts(source, entries.get("volumes"), (*path, "volumes"), shipped),
        secrets=read_secret_uses(source, entries.get("secrets"), (*path, "secrets")),
        depends_on=_read_depends_on(source, entries.get("depends_on"), (*path, "depends_on")),
        profiles=tuple(once(text)(source, entries["profiles"], (*path, "profiles"))) if "profiles" in entries else (),
        stop_grace_seconds=read_grace(source, entries.get("stop_grace_period"), (*path, "stop_grace_period")),
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


def _read_image(source: Source, entries: Mapping[str, Node], path: Path) -> str:
    node = entries.get("image")
    if node is None:
        return ""
    if not isinstance(node.value, str):
        return source.word(node, path)
    if not node.raw:
        source.faults.add(node, path, "nothing where an image is wanted", "name the image that was pushed, with its tag")
    return escaped(source.text(node, path))


def _read_passed(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, Any]:
    passed = {key: SHAPES[key](source, node, (*path, key)) for key, node in entries.items() if key in SHAPES}
    if "environment" in entries:
        passed["environment"] = _read_environment(source, entries["environment"], (*path, "environment"))
    return said(passed)


def _read_environment(source: Source, node: Node, path: Path) -> dict[str, str]:
    if not isinstance(node.value, list):
        own_keys(source, node, path)
        pairs: dict[str, Node | str] = dict(node.mapping)
    else:
        pairs = source.pairs(node, path)
    return {name: _variable(source, name, item, (*path, name), node) for name, item in pairs.items()}


def _variable(source: Source, name: str, item: Node | str, path: Path, whole: Node) -> str:
    if name != name.rstrip():
        source.faults.add(whole, path, f"`{short(name)}` ends with a space", "write `NAME=value` without spaces")
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


def _read_networks(source: Source, entries: Mapping[str, Node], path: Path) -> dict[str, tuple[str, ...]]:
    place, node = (*path, "networks"), entries.get("networks")
    if "network_mode" in entries:
        if node is not None and not node.is_null:
            source.faults.add(node, place, "`networks` beside `network_mode`", "keep one of them")
        return {}
    if node is None or node.is_null:
        return {"default": ()}
    if isinstance(node.value, list):
        return dict.fromkeys(filter(None, unique(text)(source, node, place)), ()) or {"default": ()}
    found = {name: _read_aliases(source, item, (*place, name)) for name, item in source.mapping(node, place).items()}
    return found or {"default": ()}


def _read_aliases(source: Source, node: Node, path: Path) -> tuple[str, ...]:
    options = source.entries(node, path)
    source.only(options, path, frozenset({"aliases", *keys.REFUSED_NETWORK_USE}))
    for key in sorted(set(options) & set(keys.REFUSED_NETWORK_USE)):
        source.faults.add(options[key], (*path, key), f"`{short(key)}` is not supported", keys.REFUSED_NETWORK_USE[key])
    return tuple(once(text)(source, options["aliases"], (*path, "aliases"))) if "aliases" in options else ()


def _read_depends_on(source: Source, node: Node | None, path: Path) -> dict[str, str]:
    if node is None:
        return {}
    if isinstance(node.value, list):
        return dict.fromkeys(unique(text)(source, node, path), CONDITIONS[0])
    return {name: _read_condition(source, item, (*path, name)) for name, item in source.mapping(node, path).items()}


def _read_condition(source: Source, node: Node, path: Path) -> str:
    options = source.mapping(node, path)
    source.only(options, path, frozenset(("condition", "restart", "required")))
    condition = source.text(options.get("condition"), (*path, "condition"))
    if condition not in CONDITIONS:
        found = f"`{short(condition)}` is no condition" if condition else "`condition` is missing"
        source.faults.add(node, path, found, nearest(condition, CONDITIONS) or f"write `condition: {CONDITIONS[0]}`")
    if "required" in options and not flag(source, options["required"], (*path, "required")):
        place = (*path, "required")
        source.faults.add(options["required"], place, "`required: false` is not supported", "remove the entry")
    if "restart" in options and source.truth(options["restart"], (*path, "restart")):
        source.note(
            options["restart"], (*path, "restart"), "stores outlive releases, and a release replaces its services together"
        )
    return condition if condition in CONDITIONS else CONDITIONS[0]
