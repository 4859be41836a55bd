"""Compare the stack that serves with the one that is wanted."""

from collections.abc import Iterable, Iterator

from ..model import Stack
from .change import TOPICS, Change
from .parts import Part, Parts, parts

HIDDEN = "(a value, not shown)"


def compare(before: Stack | None, after: Stack) -> list[Change]:
    """Return every difference once, services that share one together; without a stack before, all of it is new."""
    old, new = parts(before) if before else {}, parts(after)
    found = [*_gone(old, new), *_come(old, new), *_kept(old, new)]
    return sorted(_together(found), key=lambda change: (TOPICS.index(change.topic), change.of, change.what))


def _gone(old: Parts, new: Parts) -> Iterator[Change]:
    return (Change(part.kind, (part.name,), old=part.summary) for key, part in old.items() if key not in new)


def _come(old: Parts, new: Parts) -> Iterator[Change]:
    """Yield what is new; the remaining settings of a stack have no name of their own and come key by key, and only then."""
    for key, part in new.items():
        if key not in old and part.kind != "setting":
            yield Change(part.kind, (part.name,), new=part.summary)


def _kept(old: Parts, new: Parts) -> Iterator[Change]:
    for key in old.keys() & new.keys():
        yield from _keys(old[key], new[key])


def _keys(old: Part, new: Part) -> Iterator[Change]:
    for topic, key in {**old.keys, **new.keys}:
        before, after = old.keys.get((topic, key)), new.keys.get((topic, key))
        if before != after:
            yield Change(topic, (new.name,), key, *_hidden(topic, before, after))


def _hidden(topic: str, before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Return both sides; beside a secret's name a plain value may be that secret as it stood in a file before."""
    if topic != "environment" or _names_secret(before) == _names_secret(after):
        return before, after
    return _unless_name(before), _unless_name(after)


def _names_secret(text: str | None) -> bool:
    return text is not None and "${" in text.replace("$$", "")


def _unless_name(text: str | None) -> str | None:
    return text if text is None or _names_secret(text) else HIDDEN


def _together(found: Iterable[Change]) -> list[Change]:
    groups: dict[tuple[str, str, str | None, str | None], list[str]] = {}
    alone: list[Change] = []
    for change in found:
        if change.what:
            groups.setdefault((change.topic, change.what, change.old, change.new), []).extend(change.of)
        else:
            alone.append(change)
    return [*alone, *(Change(topic, tuple(sorted(of)), what, old, new) for (topic, what, old, new), of in groups.items())]
