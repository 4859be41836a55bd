"""Words that are understood and have no effect yet: named to the user, never silently left out."""

from collections.abc import Iterator, Mapping

from ..errors import Fault
from .faults import Path, fault_at
from .nodes import Node
from .service import X
from .stack import StackDraft

SERVICE_WORDS: Mapping[str, tuple[str, ...]] = {
    "health": ("interval_seconds", "failures"),
    "task": ("schedule", "overlap", "destructive", "contracts", "backup_first"),
    "assets": (),
    "public": (),
    "scale": ("cpu_ratio", "memory_ratio", "queue_drain_seconds", "down_after_seconds"),
    "queue": (),
    "scrape": (),
    "store": ("extensions", "slow_query_ms", "buckets"),
    "backup": (),
}
ROOT_WORDS = ("watch", "canary", "metrics", "alerts", "egress_ports", "mask_query")
ROUTE_WORDS = ("cache",)
TASKS_TO_COME = ("schedule", "demand", "returned")
INSTANCE_WORDS = ("place", "expires_days")
INVENTORY_WORDS = (
    "deploy_order",
    "approvers",
    "notify",
    "receivers",
    "backup_target",
    "backup_scheduler",
    "addresses",
    "updates",
)
MESSAGE = "understood, not in force yet"


def waiting(draft: StackDraft) -> Iterator[Fault]:
    """Yield the stack file's words that have no effect yet."""
    own = draft.root.mapping.get(X)
    for word in ROOT_WORDS:
        if own and word in own.mapping:
            yield fault_at(own.mapping[word], (X, word), MESSAGE)
    for service in draft.services.values():
        for word, parts in SERVICE_WORDS.items():
            if word in service.own:
                yield from _parts(service.own[word], (*service.path, X, word), parts)
        task = service.service.task
        if task and task.when in TASKS_TO_COME:
            yield fault_at(service.at(X, "task", "when")[0], (*service.path, X, "task", "when"), MESSAGE)
        for index, route in enumerate(service.own["routes"].items if "routes" in service.own else ()):
            yield from _parts(route, (*service.path, X, "routes", index), ROUTE_WORDS)
    yield from _parts(draft.instance, ("stacks", draft.stack.name), INSTANCE_WORDS)


def waiting_words(root: Node) -> Iterator[Fault]:
    """Yield the inventory's words that have no effect yet."""
    for word in INVENTORY_WORDS:
        if word in root.mapping:
            yield fault_at(root.mapping[word], (word,), MESSAGE)


def _parts(node: Node, path: Path, parts: tuple[str, ...]) -> Iterator[Fault]:
    if not parts:
        yield fault_at(node, path, MESSAGE)
    for part in parts:
        if part in node.mapping:
            yield fault_at(node.mapping[part], (*path, part), MESSAGE)
