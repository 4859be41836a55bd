"""What words mean and which values are in force: reads an environment's files, touches no host."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import SlipwayError, StackError
from ..load import Loaded, survey_environment
from ..reference.forest import Forest, StackTrees, forest
from ..reference.query import UnknownWord, readings
from ..reference.telling import overview_text, topic_text
from ..reference.topics import Row, Topic, topic
from .hosts import InventoryUnreadable, choose_environment
from .suggest import did_you_mean


class UnknownStack(SlipwayError):
    """An environment has no stack of this name."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks: a word or nothing, in which environment, of which stack; `everything` also shows defaults."""

    root: Path
    word: str = ""
    env: str = ""
    stack: str = ""
    everything: bool = False


def as_text(asked: Question) -> str:
    """Return the answer for people."""
    found = _answer(asked)
    if isinstance(found, Forest):
        return overview_text(found, everything=asked.everything)
    topics, note = found
    return "\n\n".join(topic_text(one, note, everything=asked.everything) for one in topics)


def as_json(asked: Question) -> Any:
    """Return the answer for machines."""
    found = _answer(asked)
    if isinstance(found, Forest):
        return _overview_json(found)
    topics, note = found
    return [_topic_json(one, note) for one in topics]


def _answer(asked: Question) -> Forest | tuple[list[Topic], str]:
    """Return every value in force, or what a word means; a stack's name before a word narrows the answer to it."""
    if not asked.word:
        return _overview(asked)
    try:
        return _topics(asked)
    except UnknownWord:
        stack, _, word = asked.word.partition(".")
        if asked.stack or stack not in _read(asked).drafts:
            raise
        return _answer(replace(asked, word=word, stack=stack))


def _read(asked: Question) -> Loaded:
    return survey_environment(choose_environment(asked.root, asked.env), asked.root / "compose")


def _overview(asked: Question) -> Forest:
    loaded = _read(asked)
    if loaded.faults:
        raise StackError(loaded.faults)
    return _chosen(forest(loaded), asked.stack)


def _topics(asked: Question) -> tuple[list[Topic], str]:
    """Return what a word means, and why values are missing where they are."""
    try:
        loaded = _read(asked)
    except InventoryUnreadable:
        if asked.env or asked.stack:
            raise
        note = "no environment yet: copy inventory/single to start one"
        return [topic(reading, None) for reading in readings(asked.word, ())], note
    found = _chosen(forest(loaded), asked.stack)
    services = {name for one in found.stacks.values() for name in one.services}
    count = len(loaded.faults)
    note = f"unknown: {found.name} holds {count} fault{'s' if count > 1 else ''}, see `fab check`" if count else ""
    return [topic(reading, None if note else found) for reading in readings(asked.word, services)], note


def _chosen(found: Forest, stack: str) -> Forest:
    if not stack:
        return found
    if stack not in found.stacks:
        cause = f"{found.name} has no stack {stack!r}{did_you_mean(stack, found.stacks)}"
        raise UnknownStack(cause, f"use --stack with one of: {', '.join(found.stacks)}")
    return Forest(found.name, found.folder, found.inventory, {stack: found.stacks[stack]})


def _topic_json(one: Topic, note: str) -> dict[str, Any]:
    return {
        "word": one.name,
        "meaning": one.doc,
        "value": one.value,
        "default": one.default,
        "choices": dict(one.choices),
        "in_force": one.in_force,
        "reference": one.page,
        "words": [word.key for word in one.words],
        "values": [_row(row) for row in one.rows or ()],
        **({"note": note} if note else {}),
    }


def _overview_json(found: Forest) -> dict[str, Any]:
    stacks = {stack.name: _stack_json(stack) for stack in found.stacks.values()}
    return {"environment": found.name, "stacks": stacks, "inventory": [_row(Row(one)) for one in found.words()]}


def _stack_json(stack: StackTrees) -> dict[str, Any]:
    services = {
        name: [_row(Row(one, stack.name, name)) for one in (*service.instructions(), *service.words())]
        for name, service in stack.services.items()
    }
    return {"file": stack.file, "words": [_row(Row(one, stack.name)) for one in stack.words()], "services": services}


def _row(row: Row) -> dict[str, Any]:
    return {
        "word": row.name,
        "stack": row.stack,
        "service": row.service,
        "value": row.placed.data,
        "text": row.placed.text,
        "source": asdict(row.placed.origin),
    }
