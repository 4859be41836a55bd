"""Where a change goes in a YAML text: the span that gives way and the text that comes instead.

A change is put where the value is written, through aliases and merges. A value that other places share is never changed for
one of them: that one gets a copy of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .changes import Append, Change, Drop, Head, Put
from .data import data_of
from .layout import MERGE, Found, Part, Path, Span, aliases, anchors, find
from .yaml_text import block, flow, loose, scalar

KEPT_DEPTH = 2  # `services.web` stays, were it empty


@dataclass(frozen=True, slots=True)
class Edit:
    """A span of a text and what comes in its place; `holder` is the collection it belongs to."""

    start: int
    end: int
    text: str
    holder: Span


@dataclass(frozen=True, slots=True)
class Place:
    """Where changes go in one text."""

    text: str
    root: Span

    def edits(self, change: Change) -> list[Edit]:
        """Return the edits of one change; none where its place is gone or its text is needed elsewhere."""
        if isinstance(change, Put):
            return self._put(change)
        if isinstance(change, Drop):
            return self._drop(change)
        if isinstance(change, Head):
            start = self.root.pairs[0][0].start if self.root.pairs and not self.root.flow else 0
            return [Edit(start, start, "".join(f"{line}\n" for line in change.lines), self.root)]
        if isinstance(change, Append):
            return self._append(change)
        found = find(self.root, change.path)
        return [self._replaced(found, change.value)] if found else []

    def _replaced(self, found: Found, value: Any) -> Edit:
        span = found.value.real
        start = span.start if found.value.kind == "alias" else self._value_start(found.key, span)
        if span.anchor and span.kind == "scalar":
            start += len(span.anchor) + 2  # the anchor stays
        text = flow(value) if found.holder.flow else loose(value)
        return Edit(start, span.end, self._spaced(start, text), found.holder)

    def _value_start(self, key: Span, value: Span) -> int:
        """Return where a new value goes: a block on later lines gives way to one on the key's line."""
        is_block = value.kind in ("mapping", "list") and not value.flow and not value.anchor and key is not value
        return self.text.find(":", key.end) + 1 if is_block else value.start

    def _spaced(self, start: int, text: str) -> str:
        return text if self.text[start - 1 : start] in ("", " ", "\n", "\t", "[", "{", "-") else f" {text}"

    def _put(self, change: Put) -> list[Edit]:
        span = self.root
        for depth, part in enumerate(change.path):
            entry = span.own(part)
            last = depth == len(change.path) - 1
            if entry is None and find(span, (part,)) is None:
                return [self._inserted(span, part, _nested(change.path[depth + 1 :], change.value), change)]
            if entry is None or (entry[1].kind == "alias" and not last):
                return self._own_copy(span, change, depth)
            if last or entry[1].is_null:
                value = _nested(change.path[depth + 1 :], change.value)
                if not self._is_free(span, [index for index, pair in enumerate(span.pairs) if pair[0] is entry[0]]):
                    return []
                start = self._value_start(*entry)
                return [Edit(start, entry[1].end, self._spaced(start, flow(value) if span.flow else loose(value)), span)]
            span = entry[1]
        return []

    def _own_copy(self, span: Span, change: Put, depth: int) -> list[Edit]:
        """Return the edit that gives one place its own copy of what it shares, with the change in it."""
        part, rest = change.path[depth], change.path[depth + 1 :]
        shared: Any = data_of(self.text)
        for step in change.path[: depth + 1]:
            shared = shared.get(step) if isinstance(shared, Mapping) else None
        value = _with(shared, rest, change.value)
        entry = span.own(part)
        if entry is not None and depth == 1 and not span.flow:  # a service that is nothing but an alias
            lines = [f"<<: *{entry[1].text}", *_entry_lines(str(rest[0]), value[rest[0]], change)]
            text = "".join(f"\n{' ' * (entry[0].column + 2)}{line}" for line in lines)
            return [Edit(entry[1].start, entry[1].end, text, span)]
        if entry is not None:
            return [Edit(entry[1].start, entry[1].end, flow(value), span)]
        return [self._inserted(span, part, value, change)]

    def _inserted(self, holder: Span, part: Part, value: Any, change: Put) -> Edit:
        if holder.kind != "mapping":
            return Edit(holder.end, holder.end, "", holder)
        if holder.flow:
            return self._into_flow(holder, f"{scalar(part)}: {flow(value)}")
        lines = [f"{' ' * holder.column}{line}" for line in _entry_lines(str(part), value, change)]
        first = next((key for key, _ in holder.pairs if key.text != MERGE), None) if change.first else None
        if first and not self.text[(start := self._line_start(first.start)) : first.start].strip():
            return Edit(start, start, "".join(f"{line}\n" for line in lines), holder)
        return self._after_line(holder.end, ["", *lines] if holder is self.root else lines, holder)

    def _into_flow(self, holder: Span, text: str) -> Edit:
        entries = [value for _, value in holder.pairs] or holder.items
        if not entries:
            return Edit(holder.end - 1, holder.end - 1, text, holder)
        end = max(entries[-1].end, holder.pairs[-1][0].end if holder.pairs else 0)
        return Edit(end, end, f", {text}", holder)

    def _after_line(self, offset: int, lines: Sequence[str], holder: Span) -> Edit:
        end = self.text.find("\n", offset)
        if end < 0:
            return Edit(len(self.text), len(self.text), "\n" + "\n".join(lines) + "\n", holder)
        return Edit(end + 1, end + 1, "".join(f"{line}\n" for line in lines), holder)

    def _append(self, change: Append) -> list[Edit]:
        found = find(self.root, change.path)
        if found is None:
            return self._put(Put(change.path, [change.value]))
        items = found.value.real
        if items.kind != "list":
            return []
        if items.flow:
            return [self._into_flow(items, flow(change.value))]
        start = self._line_start(items.items[-1].start)
        dash = self.text.find("-", start)
        return [self._after_line(items.end, [f"{' ' * (dash - start)}- {loose(change.value)}"], items)]

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _drop(self, change: Drop) -> list[Edit]:
        found = find(self.root, change.path) if change.path else Found(self.root, self.root, self.root, shared=False)
        if found is None:
            return []
        holder = found.value.real
        merged = [part for part in change.parts if holder.kind == "mapping" and holder.own(part) is None]
        edits = [edit for part in merged for edit in self._drop_merged((*change.path, part))]
        own = [index for index in range(len(holder.pairs or holder.items)) if _part(holder, index) in change.parts]
        if not own or not self._is_free(holder, own):
            return edits
        if len(own) < len(holder.pairs or holder.items):
            return edits + self._taken_out(holder, own)
        if len(change.path) > KEPT_DEPTH and (whole := self._drop(Drop(change.path[:-1], frozenset([change.path[-1]])))):
            return edits + whole
        return [*edits, self._emptied(holder)]

    def _emptied(self, holder: Span) -> Edit:
        """Leave an empty collection where others need its anchor or its name."""
        empty = "{}" if holder.kind == "mapping" else "[]"
        if holder.flow:
            start = self.text.find(empty[0], holder.start)
        elif holder.pairs:
            start = holder.pairs[0][0].start
        else:
            start = self.text.find("-", self._line_start(holder.items[0].start))
        return Edit(start, holder.end, empty, holder)

    def _drop_merged(self, path: Path) -> list[Edit]:
        """Take an entry out where a merge brings it from."""
        found = find(self.root, path)
        if found is None or found.holder.own(path[-1]) is None:
            return []
        index = next(index for index, (key, _) in enumerate(found.holder.pairs) if key is found.key)
        if not self._is_free(found.holder, [index]):
            return []
        if len(found.holder.pairs) == 1:
            return [self._emptied(found.holder)]
        return self._taken_out(found.holder, [index])

    def _is_free(self, holder: Span, own: Sequence[int]) -> bool:
        """Say whether nothing outside needs an anchor inside of what would go."""
        gone = [holder.pairs[i][1] if holder.pairs else holder.items[i] for i in own]
        names = {span.anchor: span for value in gone for span in anchors(value)}
        if not names:
            return True
        inside = {id(alias) for value in gone for alias in aliases(value)}
        return not any(alias.target in names.values() and id(alias) not in inside for alias in aliases(self.root))

    def _taken_out(self, holder: Span, own: Sequence[int]) -> list[Edit]:
        if holder.flow:
            return [self._flow_without(holder, own)]
        return [self._lines_out(holder, index) for index in own]

    def _flow_without(self, holder: Span, own: Sequence[int]) -> Edit:
        spans = [(key.start, max(key.end, value.end)) for key, value in holder.pairs] or [(i.start, i.end) for i in holder.items]
        left = [self.text[start:end] for index, (start, end) in enumerate(spans) if index not in own]
        return Edit(spans[0][0], spans[-1][1], ", ".join(left), holder)

    def _lines_out(self, holder: Span, index: int) -> Edit:
        key, value = holder.pairs[index] if holder.pairs else (holder.items[index], holder.items[index])
        start = self._line_start(key.start)
        before = self.text[start : key.start].strip()
        if before not in ("", "-") or (before and holder.pairs):
            following = holder.pairs[index + 1][0].start if index + 1 < len(holder.pairs) else value.end
            return Edit(key.start, following, "", holder)
        end = self.text.find("\n", max(key.end, value.end))
        end = self._past_comments(len(self.text) if end < 0 else end + 1, key, is_list=value.kind == "list")
        if value.kind == "mapping" and not value.flow and holder.column:
            start = self._heading(start, key.column)
            end = self._past_blanks(start, end, is_first=index == 0)
        return Edit(start, end, "", holder)

    def _heading(self, start: int, column: int) -> int:
        """Return where the comments begin that stand right above a block."""
        while start > 0:
            above = self._line_start(start - 1)
            line = self.text[above:start]
            if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) != column:
                break
            start = above
        return start

    def _past_blanks(self, start: int, end: int, *, is_first: bool) -> int:
        """Return where the empty lines end that would otherwise double those above."""
        above = self.text[self._line_start(start - 1) : start] if start else ""
        while (is_first or not above.strip()) and self.text[end : end + 1] == "\n":
            end += 1
        return end

    def _past_comments(self, end: int, key: Span, *, is_list: bool) -> int:
        """Return the end of the comments that belong to what was taken out."""
        while end < len(self.text):
            stop = self.text.find("\n", end)
            line = self.text[end : stop if stop >= 0 else len(self.text)]
            words = line.lstrip(" ")
            deeper = len(line) - len(words) > key.column
            if not words.startswith("#") or not (deeper or (is_list and words.startswith(("# -", "#-")))):
                break
            end = stop + 1 if stop >= 0 else len(self.text)
        return end


def _part(holder: Span, index: int) -> Part:
    return holder.pairs[index][0].text if holder.pairs else index


def _nested(path: Path, value: Any) -> Any:
    for part in reversed(path):
        value = {part: value}
    return value


def _with(shared: Any, path: Path, value: Any) -> Any:
    """Return a copy of a shared value with one value put in."""
    if not path:
        return value
    copy = dict(shared) if isinstance(shared, Mapping) else {}
    copy[path[0]] = _with(copy.get(path[0]), path[1:], value)
    return copy


def _entry_lines(part: str, value: Any, change: Put) -> list[str]:
    note = f"  # {change.note}" if change.note else ""
    if not (change.block and isinstance(value, Mapping)):
        return [f"{scalar(part)}: {loose(value)}{note}"]
    if not change.notes:
        return [f"{scalar(part)}:{note}", *block(value, 2)]
    comments = {str(key): f"  # {comment}" if comment else "" for key, comment in change.notes.items()}
    return [
        f"{scalar(part)}:{note}",
        *(f"  {scalar(key)}: {flow(item)}{comments.get(str(key), '')}" for key, item in value.items()),
    ]
