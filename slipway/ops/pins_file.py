"""The file that holds an environment's pins: changed in as few lines as possible, comments kept where that can be done.

What is written is read again before it replaces the file; a layout that cannot be changed line by line is written anew.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..environment import Pin
from ..errors import SlipwayError

FILE = "releases.yml"
WORD = "releases"
HEAD = "---\n# What serves, written by `fab deploy`, `fab rollback` and `fab pin`: commit it.\n"
PARTS = ("variables", "images")

Words = dict[str, dict[str, str]]


class PinsUnreadable(SlipwayError):
    """The file of pins is not what this can change."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Span:
    """A key with its value in a text: where the value's text begins and ends, and how far the key is indented."""

    value: yaml.Node
    indent: int

    @property
    def start(self) -> int:
        """Return where the value begins."""
        return int(self.value.start_mark.index)

    @property
    def end(self) -> int:
        """Return where the value ends."""
        return int(self.value.end_mark.index)


def place(inventory: Path) -> Path:
    """Return the file that holds, or will hold, the pins of an environment: the one that has the word already."""
    home = inventory / "group_vars" / "all"
    files = [path for path in sorted(home.glob("*")) if path.suffix in (".yml", ".yaml") and path.name != "vault.yml"]
    holders = [path for path in files if f"\n{WORD}:" in f"\n{path.read_text(encoding='utf-8')}"]
    return next(iter(holders), home / FILE)


def write(inventory: Path, stack: str, pin: Pin) -> Path | None:
    """Put a stack's pin into the file; return it, or None where it says so already."""
    path = place(inventory)
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = changed(before, stack, pin)
    if after == before:
        return None
    path.write_text(after, encoding="utf-8")
    return path


def changed(text: str, stack: str, pin: Pin) -> str:
    """Return a file's text with a stack's pin, its other lines as they are."""
    wanted, written = _words(pin), _read(text)
    if (written.get(WORD) or {}).get(stack) == wanted:
        return text
    meant = {**written, WORD: {**(written.get(WORD) or {}), stack: wanted}}
    for attempt in (_line_by_line, _stack_anew, _last_resort):
        made = attempt(text, stack, wanted)
        if made is not None and _reads_as(made, meant):
            return made
    raise PinsUnreadable("the pin cannot be put into the file", f"write {WORD}: {json.dumps({stack: wanted})} into it yourself")


def _words(pin: Pin) -> Words:
    return {name: dict(value) for name, value in (("variables", pin.variables), ("images", pin.images)) if value}


def _read(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PinsUnreadable(f"{FILE} is not YAML: {error}", "mend it, then run `fab pin`") from error
    return found if isinstance(found, dict) else {}


def _reads_as(text: str, meant: Mapping[str, Any]) -> bool:
    try:
        return bool(_read(text) == meant)
    except PinsUnreadable:
        return False


def _line_by_line(text: str, stack: str, wanted: Words) -> str | None:
    """Change single values of a pin that stands there in lines of their own."""
    blocks = [_find(text, WORD), _find(text, WORD, stack), *(_find(text, WORD, stack, name) for name in wanted)]
    if not all(span and isinstance(span.value, yaml.MappingNode) and not span.value.flow_style for span in blocks):
        return None
    for name in PARTS:
        for key in {**_values(text, stack, name), **wanted.get(name, {})}:
            text = _with_value(text, (WORD, stack, name), key, wanted.get(name, {}).get(key))
    return text


def _values(text: str, stack: str, name: str) -> dict[str, Any]:
    found = ((_read(text).get(WORD) or {}).get(stack) or {}).get(name)
    return found if isinstance(found, dict) else {}


def _with_value(text: str, parents: tuple[str, ...], key: str, value: str | None) -> str:
    """Return the text with one value of a block mapping set, or its line taken out."""
    span = _find(text, *parents, key)
    if span is None:
        return text if value is None else _added(text, parents, f"{_scalar(key)}: {_scalar(value)}")
    if value is not None:
        same = isinstance(span.value, yaml.ScalarNode) and span.value.value == value
        return text if same else text[: span.start] + _scalar(value) + text[span.end :]
    begin = text.rfind("\n", 0, span.start) + 1
    return text[:begin] + text[_line_end(text, span.end) :]


def _added(text: str, parents: tuple[str, ...], line: str) -> str:
    siblings = list(_entries(text, *parents))
    if not siblings:
        return text
    last = siblings[-1]
    at = _line_end(text, last.end)
    return text[:at] + " " * last.indent + line + "\n" + text[at:]


def _stack_anew(text: str, stack: str, wanted: Words) -> str | None:
    """Write one stack's pin anew, those of the others stay as they are."""
    top = _find(text, WORD)
    if top is None:
        return (text if text.strip() else HEAD).rstrip("\n") + f"\n{WORD}:\n{_block(stack, wanted, 2)}"
    if not isinstance(top.value, yaml.MappingNode) or top.value.flow_style:
        return None
    span = _find(text, WORD, stack)
    if span is None:
        siblings = list(_entries(text, WORD))
        at = _line_end(text, max(sibling.end for sibling in siblings))
        return text[:at] + _block(stack, wanted, siblings[0].indent) + text[at:]
    begin = text.rfind("\n", 0, _key_start(text, stack)) + 1
    return text[:begin] + _block(stack, wanted, span.indent) + text[_block_end(text, span) :]


def _last_resort(text: str, stack: str, wanted: Words) -> str | None:
    """Write all pins anew, where they stand in a file of their own."""
    written = _read(text)
    if set(written) - {WORD}:
        return None
    pins = {**(written.get(WORD) or {}), stack: wanted}
    return f"{HEAD}{WORD}:\n{''.join(_block(name, pins[name], 2) for name in sorted(pins))}"


def _block(stack: str, words: Mapping[str, Mapping[str, str]], indent: int) -> str:
    pad = " " * indent
    lines = [f"{pad}{stack}:" if words else f"{pad}{stack}: {{}}"]
    for name, values in words.items():
        lines += [f"{pad}  {name}:", *(f"{pad}    {_scalar(key)}: {_scalar(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """Return a key as it is, and everything that could be read as something else in quotes."""
    plain = text.replace("_", "").replace("-", "").isalpha() and text.lower() not in (
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
    )
    return text if plain and text.isascii() else json.dumps(text, ensure_ascii=False)


def _line_end(text: str, at: int) -> int:
    """Return where the line of a place ends; a block's end is the beginning of a line already."""
    if at and text[at - 1 : at] == "\n":
        return at
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _block_end(text: str, span: Span) -> int:
    """Return where a stack's lines end: comments behind it that stand further left belong to what follows."""
    end = _line_end(text, span.end)
    lines = text[span.start : end].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or (lines[-1].lstrip().startswith("#") and _indent_of(lines[-1]) <= span.indent)):
        end -= len(lines.pop())
    return end


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def _key_start(text: str, stack: str) -> int:
    return next(key.start_mark.index for key, _ in _pairs(_node(text, WORD)) if key.value == stack)


def _find(text: str, *keys: str) -> Span | None:
    return next((span for name, span in _named(text, *keys[:-1]) if name == keys[-1]), None)


def _entries(text: str, *keys: str) -> Iterator[Span]:
    return (span for _, span in _named(text, *keys))


def _named(text: str, *keys: str) -> Iterator[tuple[str, Span]]:
    for key, value in _pairs(_node(text, *keys)):
        yield str(key.value), Span(value, key.start_mark.column)


def _node(text: str, *keys: str) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for wanted in keys:
        node = next((value for key, value in _pairs(node) if key.value == wanted), None)
    return node


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []
