"""Compare the rules in the kernel with the written ones, rule by rule.

The commands are data, the probe runs them; what the written rules come to is asked of the kernel, in a network of its own.
Runs on hosts as part of the program of `host_probe`: standard library only.
"""

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

FILES: Mapping[str, str] = {
    "inet slipway": "/etc/slipway/firewall.nft",
    "inet slipway_egress": "/var/lib/slipway/egress.nft",
    "ip slipway_switch": "/var/lib/slipway/switch.nft",
}
FIREWALL, SWITCH = "inet slipway", "ip slipway_switch"
ADDRESS = "10.255.77.1"  # of the switch, on `lo`
LIST = "; ".join(f"nft -s list table {table}" for table in FILES)
LOADED = ("sh", "-c", f"{LIST}; true")  # a table that is missing says nothing
WRITTEN = ("unshare", "--net", "sh", "-c", 'for file in "$@"; do nft -f "$file"; done; ' + f"{LIST}; true", "sh", *FILES.values())
TABLE = re.compile(r"^table (\S+ \S+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
ELEMENTS = re.compile(r"elements = \{([^}]*)\}")


def has(address: str) -> bool:
    """Return whether the host has an address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door, suppress(OSError):
        door.bind((address, 0))
        return True
    return False


def judged(loaded: str, written: str, is_there: Callable[[str], bool] = has) -> dict[str, Any]:
    """Return whether the firewall's rules and those of the engine are in force, and which are not."""
    rules, traffic = difference(loaded, written), set(tables(written)) - {FIREWALL}
    if SWITCH in traffic and not is_there(ADDRESS):
        rules["lost"].append(f"{SWITCH} address {ADDRESS}")
    firewall = in_force(loaded, written, FIREWALL)
    held = all(in_force(loaded, written, table) for table in traffic) and f"{SWITCH} address {ADDRESS}" not in rules["lost"]
    return {"rules_in_force": firewall, "traffic_in_force": held, "rules": rules}


def tables(listed: str) -> dict[str, str]:
    """Return each table's text by its name, from `nft list table`."""
    return dict(TABLE.findall(listed))


def in_force(loaded: str, written: str, table: str) -> bool:
    """Return whether the kernel holds a table as it is written."""
    found = tables(loaded).get(table)
    return found is not None and found == tables(written).get(table)


def difference(loaded: str, written: str) -> dict[str, list[str]]:
    """Return the rules of written tables that are lost, and those nobody wrote, each with its table and chain."""
    there, wanted = tables(loaded), tables(written)
    found = [(table, *_compared(there.get(table), text)) for table, text in wanted.items()]
    return {
        "lost": [f"{table} {line}" for table, lost, _ in found for line in lost],
        "stray": [f"{table} {line}" for table, _, stray in found for line in stray],
    }


def _compared(there: str | None, wanted: str) -> tuple[list[str], list[str]]:
    if there is None:
        return ["(the whole table)"], []
    ours, found = Counter(lines(wanted)), Counter(lines(there))
    lost, stray = list((ours - found).elements()), list((found - ours).elements())
    return lost, stray or (["(another order)"] if there != wanted and not lost else [])


def lines(table: str) -> Iterator[str]:
    """Yield the rules of a table and the elements of its sets, each with the name of where it stands."""
    place = ""
    for line in map(str.strip, ELEMENTS.sub(_apart, table).splitlines()):
        words = line.split()
        if words[-1:] == ["{"] and words[0] in ("chain", "map", "set"):
            place = words[1]
        elif line not in ("", "}"):
            yield f"{place}: {line}"


def _apart(elements: re.Match[str]) -> str:
    return "\n".join(part.strip() for part in elements[1].split(","))
