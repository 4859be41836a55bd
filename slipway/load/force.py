"""Words that are understood and have no effect yet: named to the user, never silently left out.

A word is written as its path, with `*` for the names that people give and the numbers of lists: `routes.*.cache`. It stands
for all words below it. What only the check looks at has its effect there, and is none of these.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ..errors import Fault
from .faults import Path, fault_at, inside
from .nodes import Node
from .service import Draft, X
from .stack import StackDraft

Page = Literal["root", "service", "inventory"]

WAITING: Mapping[Page, tuple[str, ...]] = {
    "root": ("watch.metrics", "metrics", "alerts"),
    "service": (
        "routes.*.cache",
        "health.failures",
        "assets",
        "public",
        "scale.cpu_ratio",
        "scale.memory_ratio",
        "scale.queue_drain_seconds",
        "scale.down_after_seconds",
        "queue",
        "scrape",
        "task.schedule",
        "task.overlap",
        "store.extensions",
        "store.slow_query_ms",
        "store.buckets",
        "backup",
    ),
    "inventory": (
        "stacks.*.place",
        "stacks.*.expires_days",
        "docker.registries",
        "approvers",
        "addresses",
        "backup_target",
        "backup_scheduler",
    ),
}
TASK_TO_COME = "schedule"
STICKY_TO_COME = "cookie"
MESSAGE = "understood, not in force yet"


def in_force(page: Page, words: Sequence[str]) -> bool:
    """Say whether a word has an effect; `words` leads to it, without names and numbers."""
    known = {word.replace("*.", "") for word in WAITING[page]}
    return not any(".".join(words[: end + 1]) in known for end in range(len(words)))


def waiting(draft: StackDraft) -> Iterator[Fault]:
    """Yield the stack file's words that have no effect yet."""
    if own := draft.root.mapping.get(X):
        yield from _below(own, (X,), "root")
    for service in draft.services.values():
        if own := service.node.mapping.get(X):
            yield from _below(own, (*service.path, X), "service")
        yield from _values(service)


def _values(service: Draft) -> Iterator[Fault]:
    """Yield words that have an effect with other values."""
    found = service.service
    if found.task and found.task.when == TASK_TO_COME:
        yield _waits(service, "task", "when")
    for index, route in enumerate(found.routes):
        if route.sticky == STICKY_TO_COME:
            yield _waits(service, "routes", index, "sticky")
    if found.health and not found.routes and not found.task:
        yield _waits(service, "health")


def _waits(service: Draft, *words: str | int) -> Fault:
    node, path = service.at(X, *words)
    return fault_at(node, path, MESSAGE)


def waiting_words(root: Node) -> Iterator[Fault]:
    """Yield the inventory's words that have no effect yet."""
    yield from _below(root, (), "inventory")


def _below(node: Node, path: Path, page: Page) -> Iterator[Fault]:
    for word in WAITING[page]:
        yield from _found(node, path, word.split("."))


def _found(node: Node, path: Path, words: list[str]) -> Iterator[Fault]:
    """Yield the places of a word below a node."""
    if not words:
        yield fault_at(node, path, MESSAGE)
        return
    first, *rest = words
    for key, below in inside(node):
        if first in ("*", key):
            yield from _found(below, (*path, key), rest)
