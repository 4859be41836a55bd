"""Turn what a check of site.yml told, event by event, into a plan. Pure; `plugins/callback/run_events.py` makes the events."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..changes.change import Change
from ..changes.stack import compare
from ..codec import from_json
from ..host_engine import EDITED
from ..model import Stack
from ..request import NEW, NOT_JUDGED
from .plan_reading import Act, Base, HostPlan, Item, Loss, Rules, Secrets, StackPlan, Stop, Then

Event = Mapping[str, Any]
FIREWALL = "/etc/slipway/firewall.nft"
CONCEALED = " (secret)"  # beside the path of a file whose content is not shown
OPENING = re.compile(r'(.+) accept(?: comment "(.*)")?')
OPENINGS = re.compile(r"chain openings \{\n(.*?)\n  \}", re.DOTALL)
OLD_VERDICTS = ("unchanged", "would deploy")  # of an engine that tells nothing more
WHOSE_ROLE = re.compile(r"^\S+ : ")
HOST_STATE = 3


def host_plans(events: Sequence[Event], stacks: Mapping[str, Stack]) -> list[HostPlan]:
    """Return what each host would see, in the order they were met; a new stack is read from the wanted one."""
    hosts = list(dict.fromkeys(event["host"] for event in events if "host" in event))
    return [_host(host, [event for event in events if event.get("host") == host], stacks) for host in hosts]


def _host(name: str, events: Sequence[Event], stacks: Mapping[str, Stack]) -> HostPlan:
    results = [event for event in events if event["event"] == "result"]
    judged = [plan for event in results if _is(event, "stack_release") for plan in _stack(event["result"], stacks)]
    probe: Event = next((event["result"]["probe"] for event in reversed(results) if event["result"].get("probe")), {})
    plan = HostPlan(
        name,
        items=tuple(_made_once(item for event in results for item in _items(event, probe))),
        then=tuple(dict.fromkeys(Then(event["role"], _plain(event["name"])) for event in events if event["event"] == "notified")),
        stacks=tuple(judged),
        not_judged=tuple(dict.fromkeys(text for event in results for text in event["result"].get("not_judged") or [])),
        stops=tuple(stop for event in results for stop in _stops(event)),
        rules=Rules(**{side: tuple(lines) for side, lines in probe.get("rules", {}).items()}),
    )
    return replace(plan, not_judged=(*plan.not_judged, *_older_engine(plan)))


def _made_once(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items; a folder that several tasks would find missing is made by the first of them."""
    made = set()
    for item in items:
        if item.name not in made:
            yield item
        if (item.act, item.kind) == ("add", "folder"):
            made.add(item.name)


def _is(event: Event, action: str) -> bool:
    return bool(str(event["action"]).rpartition(".")[2] == action)


def _plain(task: str) -> str:
    """Return a task's name without its role's."""
    return WHOSE_ROLE.sub("", task)


def _older_engine(plan: HostPlan) -> list[str]:
    """Say that the engine which judged the stacks is not the one that will run them."""
    replaced = any(item.kind == "engine" and item.act == "change" for item in plan.items)
    if not replaced or not plan.stacks:
        return []
    can = "judged the stacks" if any(stack.judged for stack in plan.stacks) else "cannot compare stacks"
    return [f"the engine that is there {can}; site.yml replaces it first, plan again after that"]


def _stops(event: Event) -> Iterator[Stop]:
    """Yield the failure an event tells; a store that needs permission is none, that is told by its stack."""
    result = event["result"]
    base = _base(result.get("found") or {})
    if event["verdict"] == "ok" or (event["verdict"] == "failed" and (base.changed or base.removed) and not base.networks):
        return
    code = HOST_STATE if event["verdict"] == "unreachable" else int(result.get("exit_code") or HOST_STATE)
    yield Stop(_plain(event["task"]), str(result.get("msg", "")).strip(), code)


def _items(event: Event, probe: Event) -> Iterator[Item]:
    result, role = event["result"], str(event["role"])
    if not result.get("changed") or event["handler"] or _is(event, "stack_release"):
        return
    brought = role in probe.get("roles", ())  # only what a role has brought into place can have been changed since
    if _is(event, "host_files"):
        yield from _files(role, result)
    elif _is(event, "host_packages"):
        drift = result.get("drift", {})
        yield from (Item(role, "add", "package", str(name), drift=drift.get(name, "")) for name in result["missing"])
        loose = [
            (str(name), "is held no more" if brought and name not in result["missing"] else "")
            for name in result.get("loose", ())
        ]
        yield from (Item(role, "add", "hold", name, drift=words) for name, words in loose)
    elif _is(event, "stack_engine"):
        yield _engine(role, result)
    elif _is(event, "host_accounts"):
        yield from _accounts(role, result)
    elif _is(event, "systemd_service"):
        yield _unit(role, result, probe if brought else {})
    elif _is(event, "debug"):
        yield Item(role, "do", "daemon", str(result.get("msg")), drift="runs with something else" if brought else "")
    else:
        yield Item(role, "do", "task", _plain(event["task"]).partition(" | ")[2] or _plain(event["task"]))


def _unit(role: str, result: Event, probe: Event) -> Item:
    name = str(result.get("name") or result.get("item"))
    state = ", ".join(["on at boot"] * bool(result.get("enabled")) + [str(result.get("state") or "")]).strip(", ")
    found = probe.get("units", {}).get(name, {})
    drift = f"{found.get('ActiveState') or 'not there'}, {found.get('UnitFileState') or 'unknown'} at boot" if probe else ""
    return Item(role, "do", "unit", f"{name}: {state}", drift=drift)


def _accounts(role: str, result: Event) -> Iterator[Item]:
    """Yield an item per account: made, given another last day, or shut with all that runs as it."""
    words = [command.split() for command in result["commands"]]
    made = {argv[-1] for argv in words if argv[0] == "useradd"}
    for name in dict.fromkeys(argv[-1] for argv in words):
        yield Item(role, "add" if name in made else "change", "user", name, drift=result.get("drift", {}).get(name, ""))


def _engine(role: str, result: Event) -> Item:
    before, version = str((result.get("diff") or [{}])[0].get("before", "")).strip(), str(result["version"])
    drift = "its files were changed" if before.endswith(EDITED) else ""
    return Item(role, "change" if before else "add", "engine", f"{before} -> {version}" if before else version, drift=drift)


def _files(role: str, result: Event) -> Iterator[Item]:
    shown = {str(sides.get("after_header", "")).removesuffix(CONCEALED): sides for sides in result.get("diff") or []}
    for path in result["paths"]:
        before, after = (str(shown.get(path, {}).get(side, "")) for side in ("before", "after"))
        if path == FIREWALL:
            yield from _openings(role, before, after)
        kind = _kind(before if after.startswith("absent") else after)
        yield Item(role, _act(before, after), kind, path, before, after, result.get("drift", {}).get(path, ""))


def _act(before: str, after: str) -> Act:
    if before.startswith("absent"):
        return "add"
    return "remove" if after.startswith("absent") else "change"


def _kind(side: str) -> str:
    return side.split(maxsplit=1)[0] if side.split() else "file"


def _openings(role: str, before: str, after: str) -> Iterator[Item]:
    old, new = openings(before), openings(after)
    yield from (Item(role, "remove", "opening", one) for one in old if one not in new)
    yield from (Item(role, "add", "opening", one) for one in new if one not in old)


def openings(rules: str) -> list[str]:
    """Return what our firewall's rules let in, each with its reason."""
    block = OPENINGS.search(rules)
    found = [OPENING.fullmatch(line.strip()) for line in block[1].splitlines()] if block else []
    return [line[1].replace("dport ", "") + (f" ({line[2]})" if line[2] else "") for line in found if line]


def _stack(result: Event, stacks: Mapping[str, Stack]) -> Iterator[StackPlan]:
    name, found = str(result["item"]), result.get("found")
    if result.get("verdict") == NOT_JUDGED or (found is None and result.get("verdict") in OLD_VERDICTS):
        yield StackPlan(name, judged=False)
    elif result.get("verdict") == NEW and name in stacks:
        certificates = tuple((domain.name, "there is none yet") for domain in stacks[name].domains.values())
        yield StackPlan(name, judged=False, changes=tuple(compare(None, stacks[name])), certificates=certificates, deploys=True)
    elif found is not None:
        yield _told(name, result, found)


def _told(name: str, result: Event, found: Event) -> StackPlan:
    return StackPlan(
        name,
        serving=found.get("serving"),
        release=result.get("release"),
        changes=tuple(from_json(Change, change) for change in found.get("changes", ())),
        secrets=from_json(Secrets, found["secrets"]),
        base=_base(found),
        tasks=tuple(found.get("tasks", ())),
        certificates=tuple(found.get("certificates", {}).items()),
        repairs=tuple(found.get("repairs", ())),
        notes=tuple(found.get("notes", ())),
        lost=tuple(from_json(Loss, loss) for loss in found.get("lost", ())),
        chosen=tuple(found.get("chosen", ())),
        deploys="changes" in found,
        left=str(found.get("left", "")),
    )


def _base(found: Event) -> Base:
    return Base(**{name: tuple(found.get("base", {}).get(name, ())) for name in Base.__slots__})


def with_strays(plans: Iterable[HostPlan], running: Mapping[str, Sequence[str]], wanted: Iterable[str]) -> list[HostPlan]:
    """Return the plans with the stacks that run on a host and that the inventory does not name any more."""
    names = set(wanted)
    return [replace(plan, stray=tuple(sorted(set(running.get(plan.name, ())) - names))) for plan in plans]
