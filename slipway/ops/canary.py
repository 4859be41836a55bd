"""End a canary: it serves all visitors and is pinned, or none."""

from dataclasses import replace

from ..request import SCHEMA
from . import pinning, releasing
from .logs import hosts_of
from .releasing import Doors, Manner, Outcome, Place


def promote(where: Place, stack: str, manner: Manner, doors: Doors) -> Outcome:
    """Have the canary of a stack serve all visitors on each host, and pin it with what was chosen for it."""
    where = replace(where, hosts=tuple(hosts_of(stack, where.hosts, doors.ask)))
    outcome = _ended("promote", where, stack, manner, doors)
    if not outcome.serves:
        return outcome
    chosen = pinning.serving(where.hosts[0], stack, doors).get("pinned") or ()
    return pinning.keep(where, outcome, chosen, doors)


def abort(where: Place, stack: str, manner: Manner, doors: Doors) -> Outcome:
    """Take the canary of a stack back on each host; what serves was pinned before it."""
    where = replace(where, hosts=tuple(hosts_of(stack, where.hosts, doors.ask)))
    return _ended("abort", where, stack, manner, doors)


def _ended(verb: str, where: Place, stack: str, manner: Manner, doors: Doors) -> Outcome:
    origin = releasing.origin(where)
    data = {"schema": SCHEMA, "who": origin.who, "commit": origin.commit, "why": manner.why}
    return releasing.carry_out(where, stack, [verb, stack, *releasing.following(manner)], data, doors)
