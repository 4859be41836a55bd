"""Changes made to a YAML text: lines that no change names stay as they are, to the letter."""

from collections.abc import Iterable, Sequence

from .changes import Append, Change, Drop, Head, Put, Write
from .layout import Part, Path, read_layout
from .places import Edit, Place

MOST_ROUNDS = 2000


def apply(text: str, changes: Iterable[Change]) -> str:
    """Return the text after all changes.

    Shared values are written first and things taken out last. A change whose place is gone, or whose text others need, is
    left out.
    """
    ordered = list(changes)
    text = _in_rounds(text, [change for change in ordered if isinstance(change, Write)])
    text = _in_rounds(text, [change for change in ordered if isinstance(change, Head)])
    text = _in_rounds(text, [change for change in ordered if isinstance(change, (Put, Append))])
    return _in_rounds(text, _joined_drops(ordered))


def _joined_drops(changes: Iterable[Change]) -> list[Change]:
    joined: dict[Path, frozenset[Part]] = {}
    for change in changes:
        if isinstance(change, Drop):
            joined[change.path] = joined.get(change.path, frozenset()) | change.parts
    return [Drop(path, parts) for path, parts in joined.items()]


def _in_rounds(text: str, changes: Sequence[Change]) -> str:
    waiting = list(changes)
    for _ in range(MOST_ROUNDS):
        if not waiting:
            break
        text, waiting = _round(text, waiting)
    return text


def _round(text: str, changes: Sequence[Change]) -> tuple[str, list[Change]]:
    """Make all changes that do not touch each other; return the text and the changes that must wait."""
    place = Place(text, read_layout(text))
    accepted: list[Edit] = []
    waiting: list[Change] = []
    busy: set[int] = set()
    for change in changes:
        edits = place.edits(change)
        if any(id(edit.holder) in busy for edit in edits) or _touch(accepted, edits):
            waiting.append(change)
            continue
        accepted += edits
        busy |= {id(edit.holder) for edit in edits if edit.holder.flow or not isinstance(change, Write)}
    for edit in sorted(accepted, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text, waiting


def _touch(accepted: Sequence[Edit], edits: Sequence[Edit]) -> bool:
    return any(edit.start <= other.end and other.start <= edit.end for edit in edits for other in accepted)
