"""A plan as one reading for a person: what site.yml would change, host by host, and the command that does it."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ..changes.change import Change
from .plan_reading import HostPlan, Item, Plan, StackPlan, Stop

SIGNS = {"add": "+", "remove": "-", "change": "~", "do": "~"}
LONGEST = 100
DIFF_LINES = 40


def as_text(plan: Plan, *, diff: bool) -> str:
    """Return the reading; one line where there is nothing to do."""
    if not plan.code and not any(host.stray or host.not_judged or _told(host) for host in plan.hosts):
        return (
            f"{plan.environment}: nothing to do, {_list([host.name for host in plan.hosts])} {_are(plan)} as the inventory wants"
        )
    blocks = ["\n".join(_host(host, diff=diff)) for host in plan.hosts]
    return "\n\n".join([*blocks, *_ending(plan)])


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan for machines."""
    return {**asdict(plan), "changes": any(host.changed for host in plan.hosts), "code": plan.code, "next": plan.command}


def _told(host: HostPlan) -> bool:
    return any(stack.left or stack.chosen for stack in host.stacks)


def _are(plan: Plan) -> str:
    return "is" if len(plan.hosts) == 1 else "are"


def _ending(plan: Plan) -> list[str]:
    permissions = sorted({stack.name for host in plan.hosts for stack in host.stacks if stack.needs_permission})
    if plan.code not in (0, 6):
        return ["next: mend what stands under `stopped`, then plan again"]
    if permissions:
        lines = [f"next, stores and all: {plan.command} -e base={permissions[0]}"]
        lines += [f"      and once more with -e base={name}" for name in permissions[1:]]
        return ["\n".join(lines)]
    return [f"next: {plan.command}"] if plan.code else [f"{plan.environment}: nothing to do"]


def _host(host: HostPlan, *, diff: bool) -> Iterator[str]:
    yield host.name
    for role in dict.fromkeys(item.role for item in host.items):
        yield f"  {role}"
        yield from (line for item in host.items if item.role == role for line in _item(item, diff=diff))
        yield from (f"      then: {then.name}" for then in host.then if then.role == role)
    for stack in host.stacks:
        yield from _stack(stack)
    for name in host.stray:
        yield f"  stack {name}: runs here but is not in the inventory; site.yml leaves it as it is"
    yield from _titled("not judged", host.not_judged)
    for stop in host.stops:
        yield from _stop(stop)
    if not host.changed and not host.stops:
        yield "  nothing to do"


def _stop(stop: Stop) -> Iterator[str]:
    yield f"  stopped at: {stop.where}; nothing behind it was judged"
    yield from (f"    {line}" for line in stop.cause.splitlines())


def _titled(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"  {title}"
        yield from (f"      {text}" for text in texts)


def _item(item: Item, *, diff: bool) -> Iterator[str]:
    lines = _difference(item)
    counted = f"  (+{sum(line[0] == '+' for line in lines)} -{sum(line[0] == '-' for line in lines)})"
    yield f"    {SIGNS[item.act]} {item.kind:<9}{item.name}{counted if item.act == 'change' and lines else ''}"
    if diff:
        yield from (f"        {line}" for line in lines[:DIFF_LINES])
        if len(lines) > DIFF_LINES:
            yield f"        … {len(lines) - DIFF_LINES} more lines"


def _difference(item: Item) -> list[str]:
    """Return the lines that differ; the first line of each side says kind, mode and owner."""
    found = difflib.unified_diff(item.before.splitlines(), item.after.splitlines(), n=0, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++", "@@"))]


def _stack(stack: StackPlan) -> Iterator[str]:
    if stack.judged and not stack.changed and not stack.left and not stack.chosen:
        return
    yield f"  stack {stack.name}: {_what(stack)}"
    yield from _stores(stack)
    yield from (_change(change) for change in stack.changes if not _is_shouted(change, stack))
    yield from _secrets(stack)
    notes = [note for note in stack.notes if note != stack.left]
    runs = [", ".join(stack.tasks)] if stack.tasks else []
    rows = {"repair": stack.repairs, "runs": runs, "kept": stack.chosen, "note": notes}
    yield from (f"    {'':2}{'certificate':<13}{domain}: asked for, {why}" for domain, why in stack.certificates)
    yield from (f"    {'':2}{title:<13}{text}" for title, texts in rows.items() for text in texts)


def _what(stack: StackPlan) -> str:
    if not stack.judged:
        return "new on this host" if stack.changed else "not compared, see `not judged`"
    if stack.left:
        return stack.left.replace("\n", "\n    ")
    if not stack.changed:
        return f"release {stack.serving} stays"
    if not stack.deploys:
        return f"release {stack.serving} is brought back where it is not as it should be"
    return f"release {stack.release} would follow {stack.serving}" if stack.serving else f"new, release {stack.release}"


def _stores(stack: StackPlan) -> Iterator[str]:
    """Yield what happens to data, in capitals: a store that holds data restarts or goes."""
    for name in stack.base.changed:
        yield f"    !! STORE {name} RESTARTS, its definition changes; only with -e base={stack.name}"
        changes = [change for change in stack.changes if _is_shouted(change, stack) and name in change.of]
        yield from (f"  {_change(change)}" for change in changes)
    for name in stack.base.removed:
        yield f"    !! STORE {name} STOPS AND IS REMOVED, its volumes stay; only with -e base={stack.name}"
    for name in stack.base.networks:
        yield f"    !! NETWORK {name} CANNOT CHANGE WHILE IT IS IN USE: give it another name in the stack file"


def _is_shouted(change: Change, stack: StackPlan) -> bool:
    """Say whether a change is told with the store that restarts for it."""
    return bool(change.what) and set(change.of) <= set(stack.base.changed)


def change_lines(changes: Iterable[Change]) -> list[str]:
    """Return a line for each difference of two stacks."""
    return [_change(change).removeprefix("  ") for change in changes]


def _change(change: Change) -> str:
    sign = "+" if change.old is None else "-" if change.new is None else "~"
    subject = f"{_list(change.of)}{f' {change.what}' if _says_more(change) else ''}"
    return f"    {sign} {change.topic:<13}{subject}{_sides(change)}"


def _says_more(change: Change) -> bool:
    return bool(change.what) and change.what != change.topic


def _sides(change: Change) -> str:
    if change.old is None or change.new is None:
        text = _short(change.new if change.old is None else change.old)
        return f": {text}" if text else ""
    return f": {_short(change.old) or '(empty)'} -> {_short(change.new) or '(empty)'}"


def _short(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _secrets(stack: StackPlan) -> Iterator[str]:
    named = {name for change in stack.changes if change.topic == "secret" for name in change.of}
    rows = {"+": ("has a value now", stack.secrets.added), "-": ("is given up", stack.secrets.removed)}
    for sign, (what, names) in rows.items():
        yield from (f"    {sign} {'secret':<13}{name} {what}" for name in names if name not in named)
    yield from (f"    ~ {'secret':<13}{name} changes (values are never shown)" for name in stack.secrets.changed)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
