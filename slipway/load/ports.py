"""Published ports, in Compose's long form. Whether a service may publish any is judged elsewhere."""

import re
from typing import Any

from .faults import Path, short
from .keys import PORT
from .nodes import Node
from .source import Source

SHORT = re.compile(
    r"(?:(?P<ip>\[[0-9a-fA-F:]+\]|[0-9.]+):)?(?:(?P<outer>\d+(?:-\d+)?)?:)?(?P<inner>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?"
)
MOST = 100


def read_ports(source: Source, node: Node, path: Path) -> list[dict[str, Any]]:
    """Return the published ports in long form, ranges written out."""
    found: list[dict[str, Any]] = []
    if not isinstance(node.value, list):
        source.faults.add(node, path, f"{node.kind} where a list is wanted")
    for index, item in enumerate(node.items):
        place = (*path, index)
        if isinstance(item.value, dict):
            source.only(item.mapping, place, PORT)
            found.append(source.filling.tree(item, place))
        else:
            found += _read_short(source, item, place)
    return found


def _read_short(source: Source, node: Node, path: Path) -> list[dict[str, Any]]:
    text = source.text(node, path)
    match = SHORT.fullmatch(text)
    inner = _range(match["inner"]) if match else []
    outer = _range(match["outer"]) if match and match["outer"] else [None] * len(inner)
    if match is None or len(inner) != len(outer) or not inner:
        if text:
            source.faults.add(node, path, f"`{short(text)}` is no port", 'write "127.0.0.1:5432:5432" in quotes')
        return []
    protocol, address = match["protocol"] or "tcp", (match["ip"] or "").strip("[]")
    return [_long(target, published, protocol, address) for target, published in zip(inner, outer, strict=True)]


def _range(text: str) -> list[int | None]:
    first, _, last = text.partition("-")
    low, high = int(first[:6]), int((last or first)[:6])
    return list(range(low, high + 1)) if 0 < low <= high < 65536 and high - low < MOST else []


def _long(target: int | None, published: int | None, protocol: str, address: str) -> dict[str, Any]:
    long: dict[str, Any] = {"target": target, "protocol": protocol, "mode": "ingress"}
    return long | ({"published": str(published)} if published else {}) | ({"host_ip": address} if address else {})
