"""YAML files as nodes that know their file and line.

Anchors, merges and duplicate keys are settled here. Knows no word of the vocabulary. Whatever the bytes are, the answer is a
tree or a fault, soon: size, depth and the weight of aliases are bounded.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import Fault
from .scalars import Scalar, is_date, resolve

LARGEST_FILE = 1 << 20
DEEPEST = 64
HEAVIEST = 50_000
CORE = "tag:yaml.org,2002:"
MERGE = "<<"
Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True, eq=False)
class Node:
    """A value with its place.

    `line` is where it is named (its key, or itself), `start` where its text begins. `raw` is a scalar as written, `plain` if it
    stands without quotes; `tag` is a tag of its own such as `!vault`, or `date`. `weight` counts the values it holds when
    aliases are followed.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    file: str
    line: int
    start: int
    raw: str = ""
    tag: str = ""
    literal: bool = False
    weight: int = 1
    plain: bool = False

    @property
    def mapping(self) -> "dict[str, Node]":
        """Return the entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Node]":
        """Return the items of a list; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def is_null(self) -> bool:
        """Say whether nothing was written."""
        return self.value is None

    @property
    def kind(self) -> str:
        """Say what it is, for a sentence."""
        names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a whole number", float: "a number"}
        return "a date" if self.tag == "date" else names.get(type(self.value), "nothing")

    def renamed(self, line: int) -> "Node":
        """Return the same value named on another line."""
        return Node(self.value, self.file, line, self.start, self.raw, self.tag, self.literal, self.weight, self.plain)


@dataclass(slots=True)
class Document:
    """What a file holds: its tree if it could be read, and what is wrong with it."""

    file: str
    root: Node | None = None
    faults: list[Fault] = field(default_factory=list)


def read_document(path: Path, file: str) -> Document:
    """Read a file; `file` is its name in faults."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        return Document(file, faults=[Fault(file, 1, "(file)", f"cannot be read: {error.strerror or error}", "check the path")])
    return parse(data, file)


def parse(data: bytes, file: str) -> Document:
    """Return the tree of YAML bytes."""
    if len(data) > LARGEST_FILE:
        return Document(file, faults=[Fault(file, 1, "(file)", "larger than 1 MiB", "a stack file holds words, not data")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Document(file, faults=[Fault(file, line, "(file)", "is not UTF-8 text", "save the file as UTF-8")])
    document = Document(file)
    try:
        document.root = _Builder(file, document.faults, yaml.parse(text, Loader=Parser)).document()
    except _Unreadable as error:
        document.faults.append(Fault(file, error.line, "(file)", error.message, error.hint))
    except yaml.YAMLError as error:
        document.faults.append(_syntax_fault(file, error, text))
    except (ValueError, RecursionError):
        document.faults.append(Fault(file, 1, "(file)", "is not YAML", "check the file with a YAML linter"))
    return document


class _Unreadable(Exception):
    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.message, self.hint = line, message, hint


def _indentation(text: str, line: int) -> str:
    written = "".join(text.splitlines()[line - 1 : line])
    return written[: len(written) - len(written.lstrip())]


def _syntax_fault(file: str, error: yaml.YAMLError, text: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    words = " ".join(str(word) for word in (getattr(error, "context", None), getattr(error, "problem", None)) if word)
    line = mark.line + 1 if mark else 1
    if "\t" in _indentation(text, line):
        return Fault(file, line, "(file)", "is not YAML: a tab before the first word", "indent with spaces")
    return Fault(file, line, "(file)", f"is not YAML: {words or getattr(error, 'reason', 'unreadable')}", "mend the syntax first")


@dataclass(slots=True)
class _Builder:
    file: str
    faults: list[Fault]
    events: Iterator[Any]
    anchors: dict[str, Node | None] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)

    def document(self) -> Node | None:
        """Return the only document's tree."""
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent) and event.version not in (None, (1, 1)):
                raise _Unreadable(_line(event), "Compose refuses this `%YAML` version", "remove the line")
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise _Unreadable(_line(event), "holds a second document", "one stack, one document: remove `---`")
            if not isinstance(
                event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
            ):
                root = self.node(event, 0)
        return root

    def node(self, event: Any, depth: int) -> Node:
        """Return the tree that begins with this event."""
        if depth > DEEPEST:
            raise _Unreadable(_line(event), f"nested deeper than {DEEPEST} levels", "flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.anchor:
            self.anchors[event.anchor] = None
        built = self.built(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = built
        if built.weight > HEAVIEST:
            raise _Unreadable(_line(event), f"aliases unfold to more than {HEAVIEST:,} values", "write less")
        return built

    def built(self, event: Any, depth: int) -> Node:
        """Return a fresh scalar, list or mapping."""
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        tag = _own_tag(event.tag)
        line = _line(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = list(self.until(yaml.SequenceEndEvent, depth))
            return Node(items, self.file, line, line, tag=tag, weight=1 + sum(item.weight for item in items))
        entries = self.entries(depth)
        return Node(entries, self.file, line, line, tag=tag, weight=1 + sum(entry.weight for entry in entries.values()))

    def until(self, end: type, depth: int) -> Iterator[Node]:
        """Yield nodes up to the end of a collection."""
        for event in self.events:
            if isinstance(event, end):
                return
            yield self.node(event, depth + 1)

    def alias(self, event: Any) -> Node:
        """Return the anchored node, named here."""
        if event.anchor not in self.anchors:
            raise _Unreadable(_line(event), f"alias `*{event.anchor}` has no anchor above it", f"write `&{event.anchor}` first")
        target = self.anchors[event.anchor]
        if target is None:
            raise _Unreadable(_line(event), f"alias `*{event.anchor}` holds itself", "name another anchor")
        return target.renamed(_line(event))

    def scalar(self, event: Any) -> Node:
        """Return a scalar by its style and tag."""
        line, text, plain = _line(event), event.value, event.style in (None, "")
        tag = _own_tag(event.tag)
        value: Scalar = resolve(text) if (plain and not event.tag) or _is_core_number(event.tag) else text
        if isinstance(value, float) and not math.isfinite(value):
            path, hint = ".".join(self.path), f'write "{text}" in quotes'
            self.faults.append(Fault(self.file, line, path, f"Compose refuses the number `{text}`", hint))
            value = text
        if plain and not event.tag and is_date(text):
            tag = "date"
        return Node(value, self.file, line, line, raw=text, tag=tag, literal=event.style == "|", plain=plain)

    def entries(self, depth: int) -> dict[str, Node]:
        """Return a mapping's entries, own ones before merged ones."""
        own: dict[str, Node] = {}
        merged: list[Node] = []
        pairs = self.until(yaml.MappingEndEvent, depth)
        for key in pairs:
            self.path.append(key.raw[:60])
            value = next(pairs)
            self.path.pop()
            if key.raw == MERGE and key.plain:
                merged += self.sources(key, value, again=bool(merged))
            else:
                self.enter(own, key, value)
        for source in merged:
            for name, node in source.mapping.items():
                own.setdefault(name, node)
        return own

    def enter(self, own: dict[str, Node], key: Node, value: Node) -> None:
        """Put one entry in, or note why not."""
        if not isinstance(key.value, str) or key.tag == "date":
            hint = f'write "{key.raw[:60]}" in quotes' if key.raw else "keys are words"
            self.faults.append(Fault(self.file, key.line, ".".join(self.path) or "(file)", f"{key.kind} as a key", hint))
        elif key.raw in own:
            first = own[key.raw].line
            path = ".".join([*self.path, " ".join(key.raw[:60].split())])
            self.faults.append(Fault(self.file, key.line, path, "written twice in one mapping", f"first on line {first}"))
        else:
            own[key.raw] = value.renamed(key.line)

    def sources(self, key: Node, value: Node, *, again: bool) -> Iterable[Node]:
        """Return the mappings that `<<` brings in."""
        if again:
            self.faults.append(Fault(self.file, key.line, MERGE, "written twice in one mapping", "write `<<: [*one, *other]`"))
        sources = value.items or [value]
        if all(isinstance(source.value, dict) for source in sources):
            return sources
        self.faults.append(Fault(self.file, key.line, "<<", f"merges {value.kind}", "`<<` takes a mapping or a list of mappings"))
        return []


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line


def _own_tag(tag: str | None) -> str:
    if tag == f"{CORE}binary":
        return "!!binary"
    return tag if tag and tag != "!" and not tag.startswith(CORE) else ""


def _is_core_number(tag: str | None) -> bool:
    return bool(tag) and tag in {f"{CORE}{name}" for name in ("int", "float", "bool", "null")}
