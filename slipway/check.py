"""What a check of an environment tells: its stacks, what was left aside, and which words have no effect yet. Pure."""

import re
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
    waiting = by_word(environment.waiting)
    notes = [*_titled("left aside", list(map(str, environment.ignored))), *_titled(_counted(len(waiting)), waiting)]
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


def _titled(title: str, notes: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  {note}" for note in notes)] if notes else []


def _counted(count: int) -> str:
    what = "word that is read and has no effect" if count == 1 else "words that are read and have no effect"
    return f"not in force yet, {count} {what}"


def by_word(notes: Sequence[Fault]) -> list[str]:
    """Return a line per word of the vocabulary with every place it is written at."""
    places: dict[str, dict[str, list[str]]] = {}
    for note in notes:
        lines = places.setdefault(word_of(note.path), {}).setdefault(note.file, [])
        lines.append(str(note.line))
    return [f"{word}: {'; '.join(_place(*place) for place in files.items())}" for word, files in sorted(places.items())]


def word_of(path: str) -> str:
    """Return the word a path ends in, without the names its owner gave: `task.when` of `services.seed.x-slipway.task.when`."""
    own = path.partition("x-slipway.")[2]
    if own:
        return re.sub(r"\[\d+\]", "", own)
    parts = path.split(".")
    return f"stacks.{parts[-1]}" if parts[0] == "stacks" and len(parts) > 2 else path


def _place(file: str, lines: Sequence[str]) -> str:
    return f"{file}:{','.join(dict.fromkeys(lines))}"
