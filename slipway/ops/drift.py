"""Tell what somebody changed on the hosts from what the tree would change: the check behind `fab plan`, read the other way.

Pure: a plan in, drift out. What a hand changed is known from the hosts' own records of what was last brought into place.
"""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..host_brought import CONTENT, NEWER
from ..host_engine import EDITED
from . import plan as plans
from .plan_reading import HostPlan, Item, Plan, StackPlan, Stop
from .status import Ask

FOUND = 6
LINES = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was brought into place; in `lines` what stands on the host only begins with `+`."""

    where: str
    kind: str
    name: str
    what: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostDrift:
    """What differs on a host by hand; `newer` names what only the tree has changed since."""

    name: str
    findings: tuple[Finding, ...] = ()
    newer: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs by hand in an environment, and the command that brings it back."""

    environment: str
    hosts: tuple[HostDrift, ...]
    command: str
    code: int

    @property
    def found(self) -> bool:
        """Say whether anything differs by hand."""
        return any(host.findings for host in self.hosts)


def drift(question: plans.Question, ask: Ask, say: Callable[[str], None]) -> Drift:
    """Return what differs by hand on the hosts."""
    return of(plans.plan(question, ask, say))


def of(plan: Plan) -> Drift:
    """Return the drift that a plan holds; a host that could not be judged goes before what was found."""
    hosts = tuple(_host(host) for host in plan.hosts)
    wrong = plan.code if plan.code not in (0, FOUND) else 0
    return Drift(plan.environment, hosts, plan.command, wrong or (FOUND if any(host.findings for host in hosts) else 0))


def _host(plan: HostPlan) -> HostDrift:
    stacks = [finding for stack in plan.stacks for finding in _losses(stack)]
    return HostDrift(
        plan.name,
        findings=(*_roles(plan), *stacks),
        newer=tuple(_newer(plan)),
        not_judged=plan.not_judged,
        stray=plan.stray,
        stops=plan.stops,
    )


def _roles(plan: HostPlan) -> Iterator[Finding]:
    for item in plan.items:
        if item.drift:
            yield Finding(item.role, item.kind, _name(item), item.drift, _lines(item))
    for side, what in ((plan.rules.lost, "is not in the kernel"), (plan.rules.stray, "was added in the kernel")):
        yield from (Finding("kernel", "rule", rule, what) for rule in side)


def _name(item: Item) -> str:
    """Return what an item is called: a unit without the state it would be brought to, an engine without its next version."""
    ends = {"unit": ": ", "engine": EDITED}
    return item.name.partition(ends[item.kind])[0] if item.kind in ends else item.name


def _lines(item: Item) -> tuple[str, ...]:
    if CONTENT not in item.drift or item.drift.endswith(NEWER):  # then the lines are not of the hand alone
        return ()
    found = difflib.unified_diff(item.after.splitlines()[1:], item.before.splitlines()[1:], n=0, lineterm="")
    return tuple(line for line in found if not line.startswith(("---", "+++", "@@")))[:LINES]


def _losses(stack: StackPlan) -> Iterator[Finding]:
    for loss in stack.lost:
        yield Finding(f"stack {stack.name}", loss.kind, loss.name, loss.what, loss.lines)


def _newer(plan: HostPlan) -> Iterator[str]:
    yield from (f"{item.kind} {item.name}" for item in plan.items if not item.drift)
    for stack in plan.stacks:
        if stack.deploys or (stack.repairs and not stack.lost):
            yield f"stack {stack.name}"
