"""Events of a check of site.yml, recorded on real hosts, and what they mean."""

import json
from pathlib import Path
from typing import Any

from slipway import request
from slipway.changes.change import Change
from slipway.ops import plan_events
from slipway.ops.plan_reading import Base, HostPlan, Item, Plan, Secrets, StackPlan, Stop, Then
from tests.unit.plan.stacks import SHOP

RECORDED = Path(__file__).parent / "recorded"
RULES = "  chain openings {\n    tcp dport { 22, 80, 443 } accept\n%s  }\n"


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]


def result(action: str, verdict: str = "ok", *, handler: bool = False, **result: Any) -> dict[str, Any]:
    words = {"task": "edge : Edge | Do it", "action": action, "role": "edge", "handler": handler}
    return {"event": "result", "host": "one", "verdict": verdict, "result": result, **words}


def one(*events: dict[str, Any]) -> HostPlan:
    (plan,) = plan_events.host_plans(events, {"shop": SHOP})
    return plan


def told(**found: Any) -> dict[str, Any]:
    return {"item": "shop", "release": 4, "found": {"serving": 3, "secrets": {}, "notes": [], **found}}


def test_a_fresh_host_lists_packages_files_users_openings_and_what_follows() -> None:
    (plan,) = plan_events.host_plans(recorded("fresh_host"), {"demo": SHOP})
    named = [(item.role, item.act, item.kind, item.name) for item in plan.items]
    assert ("users", "add", "user", "deploy") in named
    assert ("firewall", "add", "package", "nftables") in named
    assert ("firewall", "add", "opening", "tcp { 22, 80, 443 }") in named
    assert ("firewall", "add", "link", "/etc/systemd/system/nftables.service") in named
    assert ("ssh", "add", "file", "/etc/ssh/sshd_config.d/00-slipway.conf") in named
    assert len(named) == len(set(named))
    assert Then("docker", "Restart docker") in plan.then
    assert plan.not_judged == (
        "the checker nft is not installed",
        "the checker dockerd is not installed",
        "the checker nginx is not installed",
        "demo: this host has no engine yet",
    )
    assert plan.stops == ()


def test_packages_that_come_and_that_are_held_are_told() -> None:
    found = one(result("host_packages", changed=True, missing=["runc"], loose=["runc", "docker.io"]))
    assert [(item.act, item.kind, item.name) for item in found.items] == [
        ("add", "package", "runc"),
        ("add", "hold", "runc"),
        ("add", "hold", "docker.io"),
    ]


def test_a_stack_on_a_host_without_an_engine_is_read_from_the_wanted_one() -> None:
    event = result("stack_release", changed=True, item="shop", not_judged=["shop: this host has no engine yet"])
    event["result"]["verdict"] = request.NEW
    (stack,) = one(event).stacks
    assert (stack.judged, stack.changed, stack.serving) == (False, True, None)
    assert Change("service", ("api",), "", None, "web, shop/app:1.0, 2 replicas") in stack.changes
    assert stack.certificates == (("shop.example", "there is none yet"),)


def test_a_stack_that_an_engine_of_another_version_could_not_judge_is_not_called_new() -> None:
    event = result("stack_release", changed=True, item="shop")
    event["result"] |= {"verdict": request.NOT_JUDGED, "not_judged": ["shop: another version"]}
    plan = one(event)
    assert plan.stacks == (StackPlan("shop", judged=False),)
    assert plan.not_judged == ("shop: another version",)


def test_what_the_engine_found_becomes_the_stacks_plan() -> None:
    change = {"topic": "variable", "of": ["A"], "what": "", "old": "1", "new": "2"}
    found = told(
        changes=[change],
        secrets={"changed": ["KEY"]},
        tasks=["migrate"],
        certificates={"a.example": "why"},
        chosen=["api runs 3 times"],
    )
    (stack,) = one(result("stack_release", changed=True, **found)).stacks
    assert stack == StackPlan(
        "shop",
        serving=3,
        release=4,
        changes=(Change("variable", ("A",), "", "1", "2"),),
        secrets=Secrets(changed=("KEY",)),
        tasks=("migrate",),
        certificates=(("a.example", "why"),),
        deploys=True,
        chosen=("api runs 3 times",),
    )


def test_a_stack_that_serves_as_wanted_changes_nothing_and_one_with_losses_does() -> None:
    (same,) = one(result("stack_release", changed=False, **told(repairs=[]))).stacks
    (lost,) = one(result("stack_release", changed=True, **told(repairs=["start what release 3 lacks"]))).stacks
    assert (same.changed, lost.changed) == (False, True)


def test_a_store_that_restarts_is_no_failure_but_a_network_that_cannot_change_is() -> None:
    store = one(result("stack_release", "failed", msg="refused", exit_code=5, **told(changes=[], base={"changed": ["db"]})))
    assert store.stops == ()
    assert store.stacks[0].base == Base(changed=("db",))
    assert store.stacks[0].needs_permission
    network = one(result("stack_release", "failed", msg="refused", exit_code=5, **told(changes=[], base={"networks": ["data"]})))
    assert network.stops == (Stop("Edge | Do it", "refused", 5),)


def test_files_are_added_changed_and_removed() -> None:
    sides = [
        ("absent\n", "file 0644 root:root\na\n"),
        ("file 0644 root:root\na\n", "file 0600 root:root\na\n"),
        ("file x\n", "absent\n"),
    ]
    paths = ["/a", "/b", "/c"]
    diff = [{"before": before, "after": after, "after_header": path} for (before, after), path in zip(sides, paths, strict=True)]
    plan = one(result("host_files", changed=True, paths=[*paths, "/d"], diff=diff))
    assert [(item.act, item.kind, item.name) for item in plan.items] == [
        ("add", "file", "/a"),
        ("change", "file", "/b"),
        ("remove", "file", "/c"),
        ("change", "file", "/d"),
    ]


def test_openings_are_told_by_their_reasons_beside_the_file() -> None:
    after = RULES % '    ip saddr 192.0.2.0/24 tcp dport 9443 accept comment "the office"\n'
    diff = [{"before": f"file 0644 root:root\n{RULES % ''}", "after": f"file 0644 root:root\n{after}"}]
    diff[0]["after_header"] = plan_events.FIREWALL
    items = one(result("host_files", changed=True, paths=[plan_events.FIREWALL], diff=diff)).items
    assert (items[0].act, items[0].kind, items[0].name) == ("add", "opening", "ip saddr 192.0.2.0/24 tcp 9443 (the office)")
    assert (items[1].act, items[1].name) == ("change", plan_events.FIREWALL)


def test_units_and_other_tasks_are_named_handlers_are_what_follows() -> None:
    plan = one(
        result(
            "ansible.builtin.systemd_service",
            changed=True,
            item="nginx.service",
            name="nginx.service",
            state="started",
            enabled=True,
        ),
        result("ansible.builtin.command", changed=True),
        result("ansible.builtin.systemd_service", changed=True, handler=True, name="nginx.service", state="started"),
        {"event": "notified", "host": "one", "name": "edge : Reload nginx", "role": "edge"},
        {"event": "notified", "host": "one", "name": "edge : Reload nginx", "role": "edge"},
    )
    assert plan.items == (Item("edge", "do", "unit", "nginx.service: on at boot, started"), Item("edge", "do", "task", "Do it"))
    assert plan.then == (Then("edge", "Reload nginx"),)


def test_a_judgement_by_an_engine_that_is_replaced_is_said_to_be_one() -> None:
    engine = result("stack_engine", changed=True, version="b", diff=[{"before": "a\n", "after": "b\n"}])
    plan = one(engine, result("stack_release", changed=False, **told(repairs=[])))
    assert plan.items == (Item("edge", "change", "engine", "a -> b"),)
    assert plan.not_judged == ("the engine that is there judged the stacks; site.yml replaces it first, plan again after that",)


def test_an_engine_from_before_plans_is_not_taken_for_one_that_finds_no_change() -> None:
    engine = result("stack_engine", changed=True, version="b", diff=[{"before": "a\n", "after": "b\n"}])
    old = result("stack_release", changed=True, item="shop")
    old["result"]["verdict"] = "would deploy"
    plan = one(engine, old)
    assert plan.stacks == (StackPlan("shop", judged=False),)
    assert plan.not_judged == (
        "the engine that is there cannot compare stacks; site.yml replaces it first, plan again after that",
    )


def test_a_host_that_stays_shut_and_a_task_that_fails_stop_the_plan_there() -> None:
    shut = one(result("host_entry", "unreachable", msg="192.0.2.1:22: no answer in time\n  next: look"))
    assert shut.stops == (Stop("Edge | Do it", "192.0.2.1:22: no answer in time\n  next: look", 3),)
    failed = one(result("host_files", "failed", msg="nginx -t says no"))
    assert failed.stops == (Stop("Edge | Do it", "nginx -t says no", 3),)
    assert Plan("lab", (failed, one(result("x", changed=True)))).code == 3


def test_stacks_that_nobody_wants_any_more_are_named() -> None:
    plans = plan_events.with_strays([HostPlan("one"), HostPlan("two")], {"one": ["shop", "old"]}, ["shop"])
    assert [plan.stray for plan in plans] == [("old",), ()]
