"""A YAML text as a tree of spans: where each key and value stands, so that single lines change and the rest stays.

Reads only texts that `load.nodes` could read. Knows no word of Compose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from ..load.nodes import Parser

Part = str | int
Path = tuple[Part, ...]
MERGE = "<<"


@dataclass(slots=True, eq=False)
class Span:
    """A value's place: from its anchor or first letter to behind its last; `column` is where its entries begin."""

    kind: Literal["scalar", "mapping", "list", "alias"]
    start: int
    end: int
    column: int
    flow: bool = False
    text: str = ""
    anchor: str = ""
    pairs: list[tuple["Span", "Span"]] = field(default_factory=list)
    items: list["Span"] = field(default_factory=list)
    target: "Span | None" = None

    @property
    def real(self) -> "Span":
        """Return what an alias stands for, or itself."""
        return self.target.real if self.target else self

    @property
    def is_null(self) -> bool:
        """Say whether nothing is written."""
        return self.kind == "scalar" and self.start == self.end

    def own(self, part: Part) -> tuple["Span", "Span"] | None:
        """Return the key and the value written here under a name, or an item twice."""
        if isinstance(part, int):
            return (self.items[part], self.items[part]) if part < len(self.items) else None
        return next(((key, value) for key, value in self.pairs if key.text == part), None)

    def sources(self) -> Iterator["Span"]:
        """Yield the mappings that `<<` brings in."""
        for key, value in self.pairs:
            if key.text == MERGE:
                found = value.real
                yield from (item.real for item in found.items) if found.kind == "list" else [found]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path ends: the collection that holds it, its key (or item) and value, and whether others share them."""

    holder: Span
    key: Span
    value: Span
    shared: bool


def read_layout(text: str) -> Span:
    """Return the tree of a text."""
    return _Builder(text).document()


def find(root: Span, path: Path) -> Found | None:
    """Return where a path leads, through aliases and merges, or nothing."""
    found: Found | None = None
    span, shared = root, False
    for part in path:
        shared = shared or span.kind == "alias"
        entry = _entry(span.real, part)
        if entry is None:
            return None
        holder, key, value = entry
        shared = shared or holder is not span.real
        found = Found(holder, key, value, shared)
        span = value
    return found


def _entry(span: Span, part: Part) -> tuple[Span, Span, Span] | None:
    own = span.own(part)
    if own is not None:
        return span, *own
    for source in span.sources():
        if (found := _entry(source, part)) is not None:
            return found
    return None


def heirs(root: Span, group: str) -> dict[str, list[str]]:
    """Return which entries of a group merge which others of it: name -> names it takes from, near and far."""
    entry = root.own(group)
    pairs = [(key.text, value.real) for key, value in entry[1].real.pairs] if entry else []
    names = {id(value): name for name, value in pairs}
    return {name: [names[id(source)] for source in _all_sources(value) if id(source) in names] for name, value in pairs}


def _all_sources(span: Span) -> Iterator[Span]:
    for source in span.sources():
        yield source
        yield from _all_sources(source)


def anchors(span: Span) -> Iterator[Span]:
    """Yield every anchored span at or below this one."""
    if span.anchor:
        yield span
    for key, value in span.pairs:
        yield from anchors(key)
        yield from anchors(value)
    for item in span.items:
        yield from anchors(item)


def aliases(span: Span) -> Iterator[Span]:
    """Yield every alias at or below this one."""
    if span.kind == "alias":
        yield span
    for key, value in span.pairs:
        yield from aliases(key)
        yield from aliases(value)
    for item in span.items:
        yield from aliases(item)


class _Builder:
    """Turns the parser's events into spans."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events: Iterator[Any] = yaml.parse(text, Loader=Parser)
        self.anchors: dict[str, Span] = {}

    def document(self) -> Span:
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                return self.span(event)
        return Span("scalar", 0, 0, 0)

    def span(self, event: Any) -> Span:
        start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
        if isinstance(event, yaml.AliasEvent):
            return Span("alias", start, end, column, text=event.anchor or "", target=self.anchors.get(event.anchor or ""))
        if isinstance(event, yaml.ScalarEvent):
            end = start + len(self.text[start:end].rstrip()) if event.style in ("|", ">") else end
            built = Span("scalar", start, end, column, text=event.value, anchor=event.anchor or "")
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self.list(event)
        else:
            built = self.mapping(event)
        if event.anchor:
            self.anchors[event.anchor] = built
        return built

    def list(self, event: Any) -> Span:
        items: list[Span] = []
        for following in self.events:
            if isinstance(following, yaml.SequenceEndEvent):
                mark: Any = following.end_mark
                end = mark.index if event.flow_style else max([event.start_mark.index, *(i.end for i in items)])
                column = items[0].column if items else event.start_mark.column
                flow = bool(event.flow_style)
                return Span("list", event.start_mark.index, end, column, flow, anchor=event.anchor or "", items=items)
            items.append(self.span(following))
        raise ValueError("the list has no end")

    def mapping(self, event: Any) -> Span:
        pairs: list[tuple[Span, Span]] = []
        for following in self.events:
            if isinstance(following, yaml.MappingEndEvent):
                mark: Any = following.end_mark
                last = max([event.start_mark.index, *(max(key.end + 1, value.end) for key, value in pairs)])
                end = mark.index if event.flow_style else last
                column = pairs[0][0].column if pairs else event.start_mark.column
                flow = bool(event.flow_style)
                return Span("mapping", event.start_mark.index, end, column, flow, anchor=event.anchor or "", pairs=pairs)
            key = self.span(following)
            pairs.append((key, self.span(next(self.events))))
        raise ValueError("the mapping has no end")
