"""The releases of a stack on its hosts, and what differs between two of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..changes.change import Change
from ..codec import from_json
from . import pinning
from .hosts import Host
from .logs import hosts_of
from .pinning import Row
from .plan_text import change_lines
from .releasing import Doors
from .status import age
from .tables import aligned

HEADS = ("number", "state", "when", "who", "seconds", "verdict", "commit", "schema", "why")


@dataclass(frozen=True, slots=True)
class Listing:
    """A host's releases of a stack, the newest first."""

    host: Host
    rows: tuple[Row, ...]


def listings(stack: str, hosts: Sequence[Host], doors: Doors) -> list[Listing]:
    """Return the releases of each host that runs a stack."""
    return [Listing(host, tuple(pinning.rows(host, stack, doors))) for host in hosts_of(stack, hosts, doors.ask)]


def as_json(found: Sequence[Listing]) -> list[dict[str, Any]]:
    """Return the listings for machines."""
    return [{"host": one.host.name, "releases": list(one.rows)} for one in found]


def as_text(found: Sequence[Listing], now: datetime) -> str:
    """Return the listings as tables."""
    return "\n\n".join("\n".join(_table(one, now)) for one in found)


def _table(one: Listing, now: datetime) -> Iterator[str]:
    yield one.host.name
    yield from aligned([HEADS, *(_cells(row, now) for row in one.rows)])


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    seconds = f"{row['seconds']:.0f}" if row["seconds"] else ""
    back = f" (back to {row['returns_to']})" if row["returns_to"] and "rollback to" not in row["why"] else ""
    reason = f": {row['error'].splitlines()[0]}" if row["error"] else ""
    return (
        str(row["number"]),
        row["state"],
        _when(row["at"], now),
        row["who"],
        seconds,
        row["verdict"],
        row["commit"],
        _schema(row.get("revisions") or {}),
        row["why"] + back + reason,
    )


def _schema(revisions: Mapping[str, str]) -> str:
    """Return the schema's revision; with several migrations each says whose it is."""
    if len(revisions) == 1:
        return next(iter(revisions.values()))
    return ", ".join(f"{task} {revision}" for task, revision in sorted(revisions.items()))


def _when(text: str, now: datetime) -> str:
    return age((now - datetime.fromisoformat(text)).total_seconds()) if text else ""


def differences(stack: str, pair: tuple[int, int], host: Host, doors: Doors) -> list[Change]:
    """Return what differs between two releases on a host."""
    before, after = pair
    found = pinning.asked(host, ["diff", stack, str(before), str(after)], doors)
    return [from_json(Change, change) for change in found]


def diff_text(stack: str, pair: tuple[int, int], found: Sequence[Change]) -> str:
    """Return the differences for people."""
    before, after = pair
    if not found:
        return f"releases {before} and {after} of {stack} are the same"
    return "\n".join([f"{stack}: from release {before} to {after}", *change_lines(found)])
