"""End a canary: it serves all visitors and is pinned, or none."""

from collections.abc import Sequence
from dataclasses import replace

from ..request import SCHEMA
from . import pinning, releasing
from .hosts import Host
from .logs import hosts_of
from .releasing import Doors, Manner, Outcome, Place
from .status import ask_all


def promote(where: Place, stack: str, manner: Manner, doors: Doors) -> Outcome:
    """Have the canary of a stack serve all visitors on each host that has one, and pin it with what was chosen for it."""
    where = replace(where, hosts=tuple(trying(stack, where.hosts, doors)))
    outcome = _ended("promote", where, stack, manner, doors)
    if not outcome.serves:
        return outcome
    chosen = pinning.serving(where.hosts[0], stack, doors).get("pinned") or ()
    return pinning.keep(where, outcome, chosen, doors)


def abort(where: Place, stack: str, manner: Manner, doors: Doors) -> Outcome:
    """Take the canary of a stack back on each host that has one; what serves was pinned before it."""
    where = replace(where, hosts=tuple(trying(stack, where.hosts, doors)))
    return _ended("abort", where, stack, manner, doors)


def trying(stack: str, hosts: Sequence[Host], doors: Doors) -> list[Host]:
    """Return the hosts on which a canary of a stack runs; where none does, those that run the stack say so."""
    running = hosts_of(stack, hosts, doors.ask)
    reports = ask_all(running, doors.ask) if len(running) > 1 else []
    found = [report.host for report in reports if any(one["name"] == stack and one.get("canary") for one in report.stacks)]
    return found or running


def _ended(verb: str, where: Place, stack: str, manner: Manner, doors: Doors) -> Outcome:
    origin = releasing.origin(where)
    data = {"schema": SCHEMA, "who": origin.who, "commit": origin.commit, "why": manner.why}
    return releasing.carry_out(where, stack, [verb, stack, *releasing.following(manner)], data, doors)
