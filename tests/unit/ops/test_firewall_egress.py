"""What hosts said of their fence, recorded, and what it means beside what the engine keeps for each stack."""

import json
from pathlib import Path
from typing import Any

import pytest

from slipway.ops import firewall
from slipway.ops.egress_reading import NOT_LOADED, Closed, Fence, read_egress, read_kept
from slipway.ops.hosts import Host
from slipway.ops.ssh import Answer

RECORDED = Path(__file__).parent / "recorded"
HOST = Host("one", "192.0.2.1", user="ops")
KEPT: dict[str, dict[str, tuple[int, ...]]] = {"demo": {"10.213.0.0/24": ()}, "shop": {"10.213.1.0/24": (443, 587)}}
ACCEPT: dict[str, Any] = {"accept": None}
REJECT: dict[str, Any] = {"reject": {"type": "tcp reset"}}


def lines(name: str) -> list[str]:
    return (RECORDED / f"firewall_{name}.txt").read_text().partition("\n\n")[0].splitlines()


def table(*added: list[dict[str, Any]]) -> str:
    """Return the recorded table with further rules at the front."""
    found = json.loads(lines("openings")[1])
    first = next(index for index, item in enumerate(found["nftables"]) if "rule" in item)
    found["nftables"][first:first] = [{"rule": {"chain": "forward", "expr": expressions}} for expressions in added]
    return json.dumps(found)


def saddr(network: str) -> dict[str, Any]:
    address, _, length = network.partition("/")
    left = {"payload": {"protocol": "ip", "field": "saddr"}}
    return {"match": {"op": "==", "left": left, "right": {"prefix": {"addr": address, "len": int(length)}}}}


def dport(right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}}


def report(name: str, **meant: tuple[int, ...]) -> firewall.Report:
    return firewall.report(HOST, (), Answer(0, (RECORDED / f"firewall_{name}.txt").read_text(), ""), meant)


def test_what_the_engine_keeps_is_read_by_stack() -> None:
    assert read_kept(lines("openings")[2:]) == KEPT
    assert read_kept([]) == {}


def test_a_stack_may_open_what_its_release_says_and_the_loaded_rules_say_the_same() -> None:
    found = read_egress(table(), KEPT)
    assert found.faults == ()
    assert found.fences == (
        Fence("demo", (), ("10.213.0.0/24",), in_force=True),
        Fence("shop", (443, 587), ("10.213.1.0/24",), in_force=True),
    )
    assert [str(fence.closed) for fence in found.fences] == ["any tcp port but 25", "tcp 53, 443, 587 only"]


def test_networks_of_one_stack_that_differ_are_told_apart() -> None:
    kept = {"shop": {"10.213.1.0/24": (443, 587), "10.213.10.0/24": (), "10.213.9.0/24": ()}}
    of = {fence.ports: fence for fence in read_egress(table(), kept).fences}
    assert of[()].networks == ("10.213.9.0/24", "10.213.10.0/24")
    assert (of[()].in_force, of[(443, 587)].in_force) == (False, True)


def test_a_table_that_is_gone_is_a_difference_only_where_somebody_is_to_be_fenced() -> None:
    assert read_egress("{}", {}).faults == ()
    found = read_egress("{}", KEPT)
    assert found.faults == (NOT_LOADED,)
    assert [fence.in_force for fence in found.fences] == [False, False]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ([ACCEPT], "a rule that is not Slipway's stands in the fence"),
        ([saddr("10.213.1.0/24"), ACCEPT], "a rule that is not Slipway's stands in the fence"),
        ([{"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "eth0"}}, ACCEPT], "a rule that is not"),
        ([{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "established"]}}, ACCEPT], "a rule that is"),
        ([saddr("10.213.1.0/24"), dport("@ports"), REJECT], "a rule that is not Slipway's stands in the fence"),
        ([saddr("10.213.1.0/24"), dport(443), REJECT], "shop: 10.213.1.0/24 may open tcp 53, 443, 587 only; the loaded rules"),
        (
            [saddr("10.213.0.0/24"), dport(80), {"drop": None}],
            "demo: 10.213.0.0/24 may open any tcp port but 25; the loaded rule",
        ),
        ([saddr("10.9.0.0/24"), dport(25), REJECT], "10.9.0.0/24 may open any tcp port but 25 by the loaded rules and is of no"),
    ],
)
def test_each_rule_that_somebody_added_is_told(rule: list[dict[str, Any]], fault: str) -> None:
    (told,) = read_egress(table(rule), KEPT).faults
    assert told.startswith(fault)


def test_a_rule_that_is_missing_is_told_with_what_may_be_opened_now() -> None:
    kept: dict[str, dict[str, tuple[int, ...]]] = {**KEPT, "blog": {"10.213.2.0/24": ()}}
    assert read_egress(table(), kept).faults == (
        "blog: 10.213.2.0/24 may open any tcp port but 25; the loaded rules let it open any tcp port",
    )
    assert str(Closed()) == "any tcp port"


def test_the_verb_shows_each_stacks_fence_and_counts_its_differences() -> None:
    text = firewall.as_text([report("openings", shop=(443,))])
    assert "  may open     demo      any tcp port but 25  containers of 10.213.0.0/24" in text
    assert (
        "  may open     shop      tcp 53, 443, 587 only  containers of 10.213.1.0/24; from its next deploy on tcp 53, 443 only"
        in text
    )
    drifted = report("drifted")
    assert sum("fence" in difference or "10.9.0.0/24" in difference for difference in drifted.differences) == 2
    assert firewall.code([drifted]) == 6


def test_machines_get_the_fences_too() -> None:
    (data,) = firewall.as_json([report("openings", shop=(443,), demo=())])
    assert data["egress"] == [
        {
            "stack": "demo",
            "ports": [],
            "networks": ["10.213.0.0/24"],
            "may_open": "any tcp port but 25",
            "next_deploy": "",
            "in_force": True,
        },
        {
            "stack": "shop",
            "ports": [443, 587],
            "networks": ["10.213.1.0/24"],
            "may_open": "tcp 53, 443, 587 only",
            "next_deploy": "tcp 53, 443 only",
            "in_force": True,
        },
    ]
