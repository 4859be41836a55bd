"""What a check of an environment tells: its stacks, what was left aside, and which words have no effect yet. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from .environment import Environment
from .errors import Fault
from .model import Kind, Stack

KINDS: tuple[Kind, ...] = ("web", "worker", "scheduler", "task", "store")


def as_text(environment: Environment) -> str:
    """Return what a person reads: a line per stack, then the notes."""
    lines = [_line(stack) for _, stack in sorted(environment.stacks.items())]
    notes = [*_titled("left aside", environment.ignored), *_titled("not in force yet", environment.waiting)]
    return "\n".join([*(lines or ["no stacks yet"]), *notes])


def as_json(environment: Environment) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "environment": environment.name,
        "production": environment.production,
        "stacks": {name: _counts(stack) for name, stack in sorted(environment.stacks.items())},
        "ignored": [asdict(note) for note in environment.ignored],
        "waiting": [asdict(note) for note in environment.waiting],
    }


def _line(stack: Stack) -> str:
    kinds = [f"{len(found)} {kind if len(found) == 1 else _plural(kind)}" for kind in KINDS if (found := stack.of_kind(kind))]
    names = ", ".join(domain.name for domain in stack.domains.values())
    return f"{stack.name}: accepted ({', '.join(kinds)}){f' for {names}' if names else ''}"


def _plural(kind: Kind) -> str:
    return {"web": "web services"}.get(kind, f"{kind}s")


def _counts(stack: Stack) -> dict[str, Any]:
    return {
        "services": {kind: [service.name for service in stack.of_kind(kind)] for kind in KINDS},
        "domains": sorted(d.name for d in stack.domains.values()),
    }


def _titled(title: str, notes: Sequence[Fault]) -> list[str]:
    return [f"{title}:", *(f"  {note}" for note in notes)] if notes else []
