"""An environment as trees of values with their places: one for the inventory, and for every stack its root and its services."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..environment import Pin
from ..load import Loaded, shown
from ..load.service import Draft, X
from ..load.stack import StackDraft
from .entries import entries
from .places import Names, Origin, Part, Placed, Tree, origin, placed
from .wording import written


@dataclass(frozen=True, slots=True)
class ServiceTree:
    """A service of a stack: what `x-slipway` says of it, and Compose's instructions."""

    draft: Draft
    tree: Tree

    def instructions(self) -> Iterator[Placed]:
        """Yield Compose's words that Slipway acts on, with their values."""
        service = self.draft.service
        found: Mapping[tuple[Part, ...], object] = {
            ("image",): service.image,
            ("deploy", "replicas"): None if service.scale else service.replicas,
            ("deploy", "update_config", "order"): service.order,
            ("deploy", "resources", "limits", "memory"): f"{service.memory_mb}m",
            ("stop_grace_period",): f"{service.stop_grace_seconds}s",
            ("networks",): list(service.networks),
            ("depends_on",): dict(service.depends_on),
            ("profiles",): list(service.profiles),
            ("volumes",): [mount.target for mount in service.mounts],
            ("secrets",): [use.source for use in service.secrets],
        }
        for path, value in found.items():
            yield Placed(path, written(value or None), value, self.place(path))

    def words(self) -> Iterator[Placed]:
        """Yield the values of what `x-slipway` says."""
        for entry in entries("service"):
            yield from placed(self.tree, entry)

    def place(self, path: tuple[Part, ...]) -> Origin:
        """Return where a key of Compose is written, or that it is not."""
        node = self.draft.node
        for part in path:
            below = node.mapping.get(part) if isinstance(part, str) else None
            if below is None:
                return origin(self.tree, None)
            node = below
        return origin(self.tree, node)


@dataclass(frozen=True, slots=True)
class StackTrees:
    """A stack: what `x-slipway` says at the root, and its services."""

    draft: StackDraft
    file: str
    root: Tree
    services: Mapping[str, ServiceTree] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the stack's name."""
        return self.draft.stack.name

    def words(self) -> Iterator[Placed]:
        """Yield the values of what `x-slipway` says at the root."""
        for entry in entries("root"):
            yield from placed(self.root, entry)


@dataclass(frozen=True, slots=True)
class Forest:
    """Everything of an environment that has a value."""

    name: str
    folder: str
    inventory: Tree
    stacks: Mapping[str, StackTrees]

    def words(self) -> Iterator[Placed]:
        """Yield the values of the inventory's words."""
        for entry in entries("inventory"):
            yield from placed(self.inventory, entry)


def forest(loaded: Loaded) -> Forest:
    """Return an environment's values with their places."""
    stacks = {name: _stack(loaded, draft) for name, draft in sorted(loaded.drafts.items())}
    return Forest(
        loaded.environment.name,
        shown(loaded.inventory.folder),
        Tree("inventory", loaded.environment, loaded.inventory.root),
        stacks,
    )


def _stack(loaded: Loaded, draft: StackDraft) -> StackTrees:
    name = draft.stack.name
    pin = loaded.environment.pins.get(name, Pin())
    names = Names(name, loaded.environment.instances[name], pin.variables, loaded.inventory)
    root = Tree("stack file", draft.stack, draft.root.mapping.get(X), names)
    services = {
        key: ServiceTree(below, Tree("stack file", below.service, below.node.mapping.get(X), names))
        for key, below in draft.services.items()
    }
    return StackTrees(draft, draft.root.file, root, services)
