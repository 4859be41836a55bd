"""A stack file and an instance of the inventory as one typed Stack."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from ..environment import Instance, Pin
from ..errors import Fault
from ..model import Network, Stack
from . import keys
from .faults import Faults, Path, nearest, short
from .filling import Filling
from .folder import LARGEST_FOLDER, Shipped
from .interpolation import Scope
from .nodes import Node
from .service import Draft, X, deepest, read_service
from .source import Source

NAME = re.compile(r"[A-Za-z0-9._-]+")


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
    shipped = Shipped()
    drafts = {name: read_service(source, name, node, shipped) for name, node in _services(source, entries).items()}
    _judge_files(source, order.root, shipped.texts)
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
        files=shipped.texts,
        programs=tuple(sorted(shipped.programs)),
        production=order.production,
        **fields,
    )
    return StackDraft(stack, order.root, drafts, order.node, tuple(source.notes), frozenset(scope.used))


def _judge_root(source: Source, entries: Mapping[str, Node]) -> None:
    for key, node in entries.items():
        if key in keys.REFUSED_ROOT:
            source.faults.add(node, (key,), f"`{key}` is refused", keys.REFUSED_ROOT[key])
        elif key in keys.IGNORED_ROOT:
            source.word(node, (key,))
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
    for name, node, path in _named(source, entries, "networks"):
        options = source.entries(node, path)
        source.only(options, path, keys.NETWORK)
        _refuse(source, options, path, keys.REFUSED_NETWORK)
        if "driver" in options and source.word(options["driver"], (*path, "driver")) not in ("", "bridge", "default"):
            source.faults.add(options["driver"], (*path, "driver"), "only the driver `bridge` is supported", "remove it")
        found[name] = Network(internal=source.truth(options.get("internal"), (*path, "internal")))
    if any("default" in draft.service.networks for draft in drafts.values()):
        found.setdefault("default", Network())
    return found


def _volumes(source: Source, entries: Mapping[str, Node]) -> list[str]:
    found = []
    for name, node, path in _named(source, entries, "volumes"):
        options = source.entries(node, path)
        source.only(options, path, keys.VOLUME)
        _refuse(source, options, path, keys.REFUSED_VOLUME)
        if "driver" in options and source.word(options["driver"], (*path, "driver")) not in ("", "local"):
            source.faults.add(options["driver"], (*path, "driver"), "only the driver `local` is supported", "remove it")
        found.append(name)
    return found


def _secret_files(source: Source, entries: Mapping[str, Node]) -> dict[str, str]:
    found = {}
    for name, node, path in _named(source, entries, "secrets"):
        options = source.mapping(node, path)
        _refuse(source, options, path, keys.REFUSED_SECRET)
        source.only(options, path, keys.SECRET)
        secret = source.text(options.get("environment"), (*path, "environment"))
        if secret in source.filling.scope.secrets:
            source.filling.scope.used.add(secret)
            found[name] = secret
        elif secret:
            near = nearest(secret, source.filling.scope.secrets)
            hint = near or f"add it to `secrets` in {source.filling.scope.home}"
            source.faults.add(node, path, f"secret `{secret}` has no source", hint)
        elif not set(options) & set(keys.REFUSED_SECRET):
            source.faults.add(node, path, "`environment` is missing", f"write `{name}: {{environment: {name.upper()}}}`")
    return found


def _named(source: Source, entries: Mapping[str, Node], kind: str) -> Iterator[tuple[str, Node, Path]]:
    for name, node in (source.mapping(entries[kind], (kind,)) if kind in entries else {}).items():
        if NAME.fullmatch(name) is None:
            source.faults.add(node, (kind,), f"`{short(name)}` is no name", "letters, digits, `.`, `_` and `-`")
        else:
            yield name, node, (kind, name)


def _refuse(source: Source, options: Mapping[str, Node], path: Path, refused: Mapping[str, str]) -> None:
    for key in sorted(set(options) & set(refused)):
        source.faults.add(options[key], (*path, key), f"`{key}` is not supported", refused[key])


def _pins(order: Order, drafts: Mapping[str, Draft]) -> dict[str, str]:
    return {drafts[name].service.image: digest for name, digest in order.pin.images.items() if name in drafts}
