"""A Compose text as plain data, anchors and merges settled; and the loose forms that Compose allows, in one form each.

Reads whatever a team wrote: what has no sense becomes nothing.
"""

from collections.abc import Mapping
from typing import Any

from ..load.commands import NotACommand, split
from ..load.nodes import Node, parse
from ..load.scalars import go_text

Data = dict[str, Any]


def data_of(text: str) -> Data:
    """Return what a readable text means."""
    root = parse(text.encode(), "").root
    found = plain(root) if root else None
    return found if isinstance(found, dict) else {}


def plain(node: Node) -> Any:
    """Return a node's value."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.mapping.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.items]
    return node.raw if node.tag == "date" else node.value


def mapping(value: Any) -> Data:
    """Return a mapping, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return a scalar's text, or nothing."""
    return "" if isinstance(value, (dict, list)) else go_text(value)


def texts(value: Any) -> list[str]:
    """Return the texts of a list, or one text as a list."""
    found = value if isinstance(value, list) else [value]
    return [entry for item in found if (entry := text(item))]


def pairs(value: Any) -> dict[str, str | None]:
    """Return a mapping or a list of `key=value`; None where only the key is written."""
    if isinstance(value, Mapping):
        return {str(key): None if item is None else text(item) for key, item in value.items()}
    found: dict[str, str | None] = {}
    for entry in texts(value):
        key, equals, rest = entry.partition("=")
        found[key] = rest if equals else None
    return found


def names(value: Any) -> list[str]:
    """Return the keys of a mapping, or the texts of a list: networks, dependencies."""
    return [str(key) for key in value] if isinstance(value, dict) else texts(value)


def words(value: Any) -> list[str]:
    """Return the words of a command in either form."""
    if isinstance(value, list):
        return texts(value)
    line = text(value)
    try:
        return split(line)
    except NotACommand:
        return line.split()
