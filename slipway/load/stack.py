"""A stack file and an instance of the inventory as one typed Stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from ..environment import Instance, Pin
from ..errors import Fault
from ..model import Network, Stack
from . import keys
from .faults import Faults, Path, nearest, short
from .filling import Filling
from .folder import LARGEST_FOLDER
from .interpolation import Scope
from .nodes import Node
from .service import Draft, X, deepest, read_service
from .source import Source

OWN_NETWORK = frozenset(("internal", "driver"))


@dataclass(frozen=True, slots=True)
class StackDraft:
    """A stack with the nodes it was read from, so that rules can point at them."""

    stack: Stack
    root: Node
    services: Mapping[str, Draft]
    instance: Node
    notes: tuple[Fault, ...]
    used: frozenset[str]

    def at(self, *parts: str | int) -> tuple[Node, Path]:
        """Return the deepest node on the way down from the root, and the whole path."""
        return deepest(self.root, parts), parts


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be read: the instance's name and words, the file's tree, and what surrounds them."""

    name: str
    instance: Instance
    pin: Pin
    production: bool
    root: Node
    folder: File
    node: Node


def read_stack(order: Order, faults: Faults) -> StackDraft:
    """Return a stack as far as it can be read; every fault is noted."""
    variables = {**order.instance.variables, **order.pin.variables}
    scope = Scope(variables, frozenset(order.instance.secrets), f"{order.node.file}, stack `{order.name}`")
    source = Source(faults, Filling(faults, scope), order.folder)
    entries = source.entries(order.root, ())
    _judge_root(source, entries)
    files: dict[str, str] = {}
    drafts = {name: read_service(source, name, node, files) for name, node in _services(source, entries).items()}
    _judge_files(source, order.root, files)
    own = entries.get(X)
    fields: dict[str, Any] = source.reader.fields(Stack, own, (X,)) if own else {}
    stack = Stack(
        name=order.name,
        services={name: draft.service for name, draft in drafts.items()},
        networks=_networks(source, entries, drafts),
        volumes=tuple(_volumes(source, entries)),
        secret_files=_secret_files(source, entries),
        secret_names=tuple(sorted(order.instance.secrets)),
        variables={name: variables[name] for name in sorted(scope.used & set(variables))},
        pins=_pins(order, drafts),
        files=files,
        production=order.production,
        **fields,
    )
    return StackDraft(stack, order.root, drafts, order.node, tuple(source.notes), frozenset(scope.used))


def _judge_root(source: Source, entries: Mapping[str, Node]) -> None:
    for key, node in entries.items():
        if key in keys.REFUSED_ROOT:
            source.faults.add(node, (key,), f"`{key}` is refused", keys.REFUSED_ROOT[key])
        elif key in keys.IGNORED_ROOT:
            source.note(node, (key,), keys.IGNORED_ROOT[key])
        elif key not in keys.ROOT and not key.startswith("x-"):
            source.faults.unknown(node, (), key, {*keys.ROOT, X})
        elif key.startswith("x-") and key != X and (near := nearest(key, [X])):
            source.faults.add(node, (), f"unknown key `{short(key)}`", near)


def _services(source: Source, entries: Mapping[str, Node]) -> dict[str, Node]:
    services = source.entries(entries.get("services"), ("services",))
    if not services:
        source.faults.add(entries.get("services") or _first(entries), ("services",), "no service", "a stack has at least one")
    return services


def _first(entries: Mapping[str, Node]) -> Node:
    return next(iter(entries.values()), Node(None, "", 1, 1))


def _judge_files(source: Source, root: Node, files: Mapping[str, str]) -> None:
    if sum(map(len, files.values())) > LARGEST_FOLDER:
        source.faults.add(root, (), "bind mounts hold more than 1 MiB", "put data into images or volumes")


def _networks(source: Source, entries: Mapping[str, Node], drafts: Mapping[str, Draft]) -> dict[str, Network]:
    found = {}
    for name, node in source.entries(entries.get("networks"), ("networks",)).items():
        path: Path = ("networks", name)
        options = source.entries(node, path)
        _judge_options(source, options, path, keys.NETWORK, OWN_NETWORK)
        if source.text(options.get("driver"), (*path, "driver")) not in ("", "bridge"):
            source.faults.add(options["driver"], (*path, "driver"), "only the driver `bridge` is supported", "remove it")
        found[name] = Network(internal=source.truth(options.get("internal"), (*path, "internal")))
    if any("default" in draft.service.networks for draft in drafts.values()):
        found.setdefault("default", Network())
    return found


def _volumes(source: Source, entries: Mapping[str, Node]) -> list[str]:
    volumes = source.entries(entries.get("volumes"), ("volumes",))
    for name, node in volumes.items():
        path: Path = ("volumes", name)
        _judge_options(source, source.entries(node, path), path, keys.VOLUME, frozenset())
    return list(volumes)


def _secret_files(source: Source, entries: Mapping[str, Node]) -> dict[str, str]:
    found = {}
    for name, node in source.entries(entries.get("secrets"), ("secrets",)).items():
        path: Path = ("secrets", name)
        options = source.entries(node, path)
        _judge_options(source, options, path, keys.SECRET, frozenset(("environment",)))
        secret = source.text(options.get("environment"), (*path, "environment"))
        if not secret:
            source.faults.add(node, path, "`environment` is missing", f"write `{name}: {{environment: {name.upper()}}}`")
        elif secret not in source.filling.scope.secrets:
            near = nearest(secret, source.filling.scope.secrets)
            source.faults.add(
                node, path, f"secret `{secret}` has no source", near or f"add it to `secrets` in {source.filling.scope.home}"
            )
        else:
            source.filling.scope.used.add(secret)
            found[name] = secret
    return found


def _judge_options(source: Source, options: dict[str, Node], path: Path, known: frozenset[str], own: frozenset[str]) -> None:
    source.only(options, path, known)
    for key in sorted(set(options) & (known - own)):
        source.faults.add(options[key], (*path, key), f"`{key}` is not supported", "remove it: names and addresses are Slipway's")


def _pins(order: Order, drafts: Mapping[str, Draft]) -> dict[str, str]:
    return {drafts[name].service.image: digest for name, digest in order.pin.images.items() if name in drafts}
