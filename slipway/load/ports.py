"""Published ports, in Compose's long form. Whether a service may publish any is judged elsewhere."""

import ipaddress
from typing import Any

from .faults import Path, short
from .nodes import Node
from .shapes import record, said, text, whole
from .source import Source

PROTOCOLS = ("tcp", "udp", "sctp")
LONGEST_RANGE = 1024
MOST = 4096
HIGHEST = 65535
EXAMPLE = 'write "127.0.0.1:5432:5432" in quotes'

Port = dict[str, Any]


class _NotAPort(Exception):
    """A port's short form cannot be read."""


def read_ports(source: Source, node: Node, path: Path) -> list[Port]:
    """Return the published ports in long form, ranges written out, each once."""
    if not isinstance(node.value, list):
        source.faults.add(node, path, f"{node.kind} where a list is wanted")
    found: dict[tuple[object, ...], Port] = {}
    for index, item in enumerate(node.items):
        for port in _read(source, item, (*path, index)):
            found[port.get("host_ip", "0.0.0.0"), port.get("published"), port["target"], port["protocol"]] = port  # noqa: S104 - compared, not bound
        if len(found) > MOST:
            source.faults.add(node, path, f"more than {MOST:,} ports", "publish fewer")
            break
    return list(found.values())


def _read(source: Source, node: Node, path: Path) -> list[Port]:
    if isinstance(node.value, dict):
        return _read_long(source, node, path)
    line = source.text(node, path)
    try:
        return _spread(line) if line else []
    except (_NotAPort, ValueError):
        source.faults.add(node, path, f"`{short(line)}` is no port", EXAMPLE)
        return []


def _read_long(source: Source, node: Node, path: Path) -> list[Port]:
    shape = record(
        name=text, mode=_filled, host_ip=_filled, target=whole, published=_published, protocol=_filled, app_protocol=text
    )
    found = {"protocol": "tcp", "mode": "ingress", **shape(source, node, path)}
    if not 0 < found.get("target", 0) <= HIGHEST:
        source.faults.add(node, path, "`target` is missing" if "target" not in found else "`target` is no port", EXAMPLE)
        return []
    if "host_ip" in found and not _is_address(found["host_ip"]):
        source.faults.add(node, (*path, "host_ip"), f"`{short(found['host_ip'])}` is no address", "write 127.0.0.1")
    return [said(found)]


def _filled(source: Source, node: Node, path: Path) -> str:
    found = text(source, node, path)
    if isinstance(node.value, str) and not found:
        source.faults.add(node, path, "nothing where a word is wanted", "remove the key")
    return found


def _published(source: Source, node: Node, path: Path) -> str:
    return str(node.value) if type(node.value) is int else text(source, node, path)


def _spread(line: str) -> list[Port]:
    """Return the ports of a short form; a range for one target stays a range, of which Docker takes any."""
    rest, _, inner = line.rpartition(":")
    address, _, outer = rest.rpartition(":")
    inner, _, protocol = inner.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in PROTOCOLS or (":" in line and not rest.strip(":")) or ((":" in address) != address.startswith("[")):
        raise _NotAPort
    address = address.removeprefix("[").removesuffix("]")
    if address and not _is_address(address):
        raise _NotAPort
    targets, published = _range(inner), [str(port) for port in _range(outer)] if outer else [""]
    if len(targets) == 1 and len(published) > 1:
        published = [outer]
    elif not outer:
        published *= len(targets)
    if len(targets) != len(published):
        raise _NotAPort
    return sorted(
        (_long(target, outside, protocol, address) for target, outside in zip(targets, published, strict=True)),
        key=lambda port: str(port["target"]),
    )


def _range(words: str) -> list[int]:
    first, dash, last = words.partition("-")
    if not first.isdecimal() or not first.isascii() or (dash and not (last.isdecimal() and last.isascii())):
        raise _NotAPort
    low, high = int(first[:6]), int((last or first)[:6])
    if not 0 < low <= high <= HIGHEST or high - low >= LONGEST_RANGE:
        raise _NotAPort
    return list(range(low, high + 1))


def _is_address(address: str) -> bool:
    try:
        return bool(ipaddress.ip_address(address))
    except ValueError:
        return False


def _long(target: int, published: str, protocol: str, address: str) -> Port:
    long: Port = {"target": target, "protocol": protocol, "mode": "ingress"}
    return long | ({"published": published} if published else {}) | ({"host_ip": address} if address else {})
