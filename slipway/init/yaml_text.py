"""Plain values as YAML text that Compose and Ansible read alike."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..load.scalars import resolve

PLAIN = re.compile(r"[A-Za-z0-9_./~-][A-Za-z0-9_./@%+:=~$ -]*")
LOOSE = re.compile(r"(?:[A-Za-z_][\w./-]*=|\$\{)[^\s#'\"`]*[^\s#'\"`:]")
NUMBERS = re.compile(r"(?=.*\d)[-+.\d_:eExXoO]+")
MERGE = "<<"
OLD_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"))  # of YAML 1.1, which Ansible reads


class Alias(str):
    """An alias of an anchor, written as such."""

    __slots__ = ()


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Return a scalar, in quotes where it could be taken for something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Alias):
        return f"*{value}"
    text = str(value)
    if text == MERGE:
        return text
    return text if _is_plain(text) else _quoted(text)


def loose(value: Any) -> str:
    """Return a value for a line of its own, where braces need no quotes."""
    return value if isinstance(value, str) and LOOSE.fullmatch(value) and isinstance(resolve(value), str) else flow(value)


def _quoted(text: str) -> str:
    letters = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08X}" for letter in letters)


def _is_plain(text: str) -> bool:
    return (
        PLAIN.fullmatch(text) is not None
        and text == text.strip()
        and not text.endswith(":")
        and ": " not in text
        and not text.startswith(("- ", "--- "))
        and text not in ("-", "---", "...")
        and NUMBERS.fullmatch(text) is None
        and text.lower() not in OLD_WORDS
        and isinstance(resolve(text), str)
    )


def block(value: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """Yield a mapping's lines; lists stand on one line each item, innermost values on one line."""
    pad = " " * indent
    for key, item in value.items():
        if isinstance(item, Mapping) and item and not _is_short(item):
            yield f"{pad}{scalar(key)}:"
            yield from block(item, indent + 2)
        elif isinstance(item, (list, tuple)) and item and not _is_short(item):
            yield f"{pad}{scalar(key)}:"
            yield from (f"{pad}  - {loose(entry)}" for entry in item)
        else:
            yield f"{pad}{scalar(key)}: {loose(item)}"


def _is_short(item: Any) -> bool:
    nested = item.values() if isinstance(item, Mapping) else item
    holds_more = any(isinstance(entry, (Mapping, list, tuple)) and entry for entry in nested)
    return len(flow(item)) <= 70 and not (holds_more and isinstance(item, Mapping))
