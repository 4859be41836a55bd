"""Explanations and values as people read them in a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill

from .forest import Forest
from .places import Origin, Variable
from .topics import Row, Topic
from .wording import AS_ITS_WORDS, default_words, value_words

WIDTH = 120
WIDEST_NAME = 52
WIDEST_VALUE = 46


def topic_text(topic: Topic, note: str, *, everything: bool) -> str:
    """Return the explanation of a word."""
    return "\n".join([topic.name, *(f"  {line}".rstrip() for line in _topic(topic, note, everything=everything))])


def _topic(topic: Topic, note: str, *, everything: bool) -> Iterator[str]:
    yield from fill(topic.doc, WIDTH - 2).splitlines()
    if not topic.in_force:
        yield "Understood, not in force yet."
    for choice, text in topic.choices.items():
        yield f"  {choice}: {text}"
    for label, text in (("value", topic.value), ("default", topic.default), ("more", topic.page)):
        if text and text != AS_ITS_WORDS:
            yield f"{label:<9}{text}"
    if note or topic.rows is not None:
        yield "in force"
        yield from (f"  {line}" for line in ([note] if note else _values(topic.rows or (), everything=everything)))
    if topic.words:
        yield "words below"
        yield from (f"  {line}" for line in _words(topic))


def _values(rows: Sequence[Row], *, everything: bool) -> Iterator[str]:
    written = [row for row in rows if everything or len(rows) == 1 or not row.is_default]
    yield from columns((_owner(row), row.placed.text, source(row.placed.origin)) for row in written)
    if not rows:
        yield "nothing: it is written nowhere"
    if left := len(rows) - len(written):
        yield f"{'and ' if written else ''}{left} at {'its' if left == 1 else 'their'} default (--all shows them)"


def _owner(row: Row) -> str:
    return f"{row.stack}: {row.name}" if row.stack else row.name


def _words(topic: Topic) -> Iterator[str]:
    yield from columns((word.key, f"{value_words(word)}{_default(default_words(word))}", word.doc) for word in topic.words)


def _default(words: str) -> str:
    if words == AS_ITS_WORDS:
        return ""
    return f"; {words if words == 'required' else f'default {words}'}"


def overview_text(found: Forest, *, everything: bool) -> str:
    """Return every value in force, stack by stack."""
    home = f"{found.folder}/group_vars/all/"
    lines = [f"{found.name}: values in force; `:7` is a line of the stack file, `stacks.yml:7` one of {home}"]
    for stack in found.stacks.values():
        lines += ["", f"{stack.name}  {stack.file}"]
        lines += _section([Row(one, stack.name) for one in stack.words()], stack.file, home, everything=everything)
        for name, service in stack.services.items():
            lines += [f"  {name} ({service.draft.service.kind})"]
            rows = [Row(one, stack.name) for one in (*service.instructions(), *service.words())]
            lines += (f"  {line}" for line in _section(rows, stack.file, home, everything=everything))
    lines += ["", "inventory", *_section([Row(one) for one in found.words()], "", home, everything=everything)]
    return "\n".join(lines)


def _section(rows: Sequence[Row], file: str, home: str, *, everything: bool) -> Iterator[str]:
    shown = [row for row in rows if everything or not row.is_default]
    table = [(row.name, row.placed.text, _brief(source(row.placed.origin), file, home)) for row in shown]
    yield from (f"  {line}" for line in columns(table))
    if left := len(rows) - len(shown):
        yield f"  {'and ' if shown else ''}{left} word{'s' if left > 1 else ''} at {'their' if left > 1 else 'its'} default"


def _brief(text: str, file: str, home: str) -> str:
    return text.replace(f"{file}:", ":").replace(home, "") if file else text.replace(home, "")


def source(origin: Origin) -> str:
    """Say where a value comes from."""
    if origin.kind == "default":
        return "default"
    names = ", ".join(map(_variable, origin.variables))
    return f"{origin.file}:{origin.line}{f' with {names}' if names else ''}"


def _variable(name: Variable) -> str:
    if name.kind == "not given":
        return f"{name.name} (not given)"
    kind = "" if name.kind == "variable" else f"{name.kind} "
    return f"{kind}{name.name} {name.file}:{name.line}"


def columns(table: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Return rows under each other; what is too wide moves the rest of its row only."""
    rows = list(table)
    first = min(WIDEST_NAME, max((len(row[0]) for row in rows), default=0))
    second = min(WIDEST_VALUE, max((len(row[1]) for row in rows), default=0))
    for name, value, rest in rows:
        yield f"{name:<{first}}  {value:<{second}}  {rest}".rstrip()
