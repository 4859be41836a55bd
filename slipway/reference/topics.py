"""Explanations: a word with its meaning, what may be written, and its values in an environment."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .choices import Texts, choices_of
from .compose_keys import INSTRUCTIONS
from .entries import Entry, entries
from .forest import Forest, ServiceTree, StackTrees
from .places import Part, Placed, placed
from .query import ComposeReading, Found, Reading, ServiceReading
from .wording import default_words, value_words

PAGE = "docs/reference/stack-file.md"
PAGES = {"root": "stack-file", "service": "stack-file", "inventory": "inventory"}
PREFIXES = {"root": "x-slipway.", "service": "services.<service>.x-slipway.", "inventory": ""}
FATES = {
    "instruction": "; Slipway acts on it",
    "passed through": ", given to Docker Compose unchanged",
    "left aside": ", read and without effect",
    "refused": " that Slipway refuses",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A value in force, and whose it is."""

    placed: Placed
    stack: str = ""
    service: str = ""

    @property
    def name(self) -> str:
        """Return the word as people ask for it."""
        return ".".join([*([self.service] if self.service else []), *map(str, self.placed.path)])

    @property
    def is_default(self) -> bool:
        """Say whether nobody wrote it."""
        return self.placed.origin.kind == "default"


@dataclass(frozen=True, slots=True)
class Topic:
    """A word explained; `rows` are its values where they were looked for, `words` the words below it."""

    name: str
    doc: str
    value: str = ""
    default: str = ""
    page: str = ""
    choices: Texts = field(default_factory=dict)
    in_force: bool = True
    words: tuple[Entry, ...] = ()
    rows: tuple[Row, ...] | None = None


def topic(reading: Found, found: Forest | None) -> Topic:
    """Return the explanation of a reading, with values where an environment is given."""
    if isinstance(reading, ServiceReading):
        return _of_service(reading, found)
    return _of_compose(reading, found) if isinstance(reading, ComposeReading) else _of_word(reading, found)


def _of_word(reading: Reading, found: Forest | None) -> Topic:
    entry = reading.entry
    service = reading.service or "<service>"
    return Topic(
        f"{PREFIXES[entry.page].replace('<service>', service)}{'.'.join(map(str, reading.path))}",
        entry.doc,
        value_words(entry),
        default_words(entry),
        f"docs/reference/{PAGES[entry.page]}.md#{entry.anchor}",
        choices_of(entry.page, entry.path),
        entry.in_force,
        entry.children,
        tuple(_rows(reading, found)) if found else None,
    )


def _rows(reading: Reading, found: Forest) -> Iterator[Row]:
    page = reading.entry.page
    top = next(entry for entry in entries(page) if entry.key == reading.path[0])
    below = reading.path[1:]
    if page == "inventory":
        yield from (Row(one) for one in placed(found.inventory, top, below))
    for stack in found.stacks.values():
        if page == "root":
            yield from (Row(one, stack.name) for one in placed(stack.root, top, below))
        elif page == "service":
            for name, service in _services(stack, reading.service):
                yield from (Row(one, stack.name, name) for one in placed(service.tree, top, below))


def _services(stack: StackTrees, wanted: str) -> Iterator[tuple[str, ServiceTree]]:
    yield from ((name, service) for name, service in stack.services.items() if wanted in ("", name))


def _of_compose(reading: ComposeReading, found: Forest | None) -> Topic:
    key = reading.key
    name = ".".join((key.name, *reading.wanted))
    rows = tuple(_compose_rows(reading, found)) if found and not key.at_root and key.fate != "refused" else None
    prefix = f"services.{reading.service or '<service>'}." if not key.at_root else ""
    page = f"{PAGE}#{key.anchor}"
    known = INSTRUCTIONS.get(name) if not key.at_root else None
    if known:
        return Topic(f"{prefix}{name}", known.doc, known.value, known.default, f"{PAGE}#{known.anchor}", rows=rows)
    return Topic(f"{prefix}{name}", key.doc, f"a word of Compose{FATES[key.fate]}", "", page, rows=rows)


def _compose_rows(reading: ComposeReading, found: Forest) -> Iterator[Row]:
    path: tuple[Part, ...] = (reading.key.name, *reading.wanted)
    for stack in found.stacks.values():
        for name, service in _services(stack, reading.service):
            known = [one for one in service.instructions() if one.path[: len(path)] == path]
            place = service.place(path)
            if known or place.kind != "default":
                yield from (Row(one, stack.name, name) for one in known or [Placed(path, "written", None, place)])


def _of_service(reading: ServiceReading, found: Forest | None) -> Topic:
    rows: list[Row] = []
    kinds: list[str] = []
    for stack in found.stacks.values() if found else ():
        for name, service in _services(stack, reading.service):
            kinds.append(f"{service.draft.service.kind} of stack {stack.name}")
            rows += [Row(one, stack.name, name) for one in (*service.instructions(), *service.words())]
    doc = f"A service{f': {names}' if (names := ', '.join(kinds)) else ''}."
    return Topic(f"services.{reading.service}", doc, page=PAGE, rows=tuple(rows) if found else None)
