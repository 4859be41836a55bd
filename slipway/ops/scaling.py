"""How many replicas of each service run, and other counts of them within the stack file's bounds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..plan import counts
from . import pinning, releasing
from .hosts import Host
from .logs import hosts_of
from .releasing import Doors, Manner, Outcome, Place
from .status import age
from .tables import aligned

HEADS = ("service", "kind", "runs", "may", "chosen")


@dataclass(frozen=True, slots=True)
class Listing:
    """The counts of a stack on a host."""

    host: Host
    rows: tuple[Mapping[str, Any], ...]


def listings(stack: str, hosts: Sequence[Host], doors: Doors) -> list[Listing]:
    """Return the counts on each host that runs a stack."""
    return [Listing(host, tuple(pinning.asked(host, ["scale", stack], doors))) for host in hosts_of(stack, hosts, doors.ask)]


def scale(where: Place, stack: str, words: Sequence[str], manner: Manner, doors: Doors) -> Outcome:
    """Have other counts on each host that runs a stack; makes no release."""
    wanted = counts.asked(words)
    here = replace(where, hosts=tuple(hosts_of(stack, where.hosts, doors.ask)))
    origin = releasing.origin(where)
    data = {"who": origin.who, "commit": origin.commit, "why": manner.why}
    pairs = [f"{name}={count}" for name, count in wanted.items()]
    return releasing.carry_out(here, stack, ["scale", stack, *pairs, *releasing.following(manner)], data, doors)


def as_json(found: Sequence[Listing], outcome: Outcome | None = None) -> Any:
    """Return the counts for machines, beside what became of a wish for others."""
    shown = [{"host": one.host.name, "counts": [dict(row) for row in one.rows]} for one in found]
    return {**releasing.as_json(outcome), "counts": shown} if outcome else shown


def as_text(found: Sequence[Listing], now: datetime, outcome: Outcome | None = None) -> str:
    """Return what became of a wish, and the counts as tables."""
    tables = ["\n".join(_table(one, now)) for one in found]
    return "\n\n".join([*([releasing.as_text(outcome)] if outcome else []), *tables])


def _table(one: Listing, now: datetime) -> Iterator[str]:
    yield one.host.name
    yield from aligned([HEADS, *(_cells(row, now) for row in one.rows)])


def _cells(row: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    runs = str(row["running"]) if row["running"] == row["wanted"] else f"{row['running']}, {row['wanted']} wanted"
    return row["service"], row["kind"], runs, _may(row), _chosen(row, now)


def _may(row: Mapping[str, Any]) -> str:
    return f"{row['min']} to {row['max']}" if row["max"] is not None else str(row["wanted"])


def _chosen(row: Mapping[str, Any], now: datetime) -> str:
    if row["max"] is None:
        return ""
    if row["chosen"] is None:
        return "the least, as the stack file says"
    count = "" if row["chosen"] == row["wanted"] else f"{row['chosen']} "
    when = f" {age((now - datetime.fromisoformat(row['at'])).total_seconds())}" if row["at"] else ""
    why = f": {row['why']}" if row["why"] else ""
    return f"{count}by {row['who'] or 'nobody who was written down'}{when}{why}"
