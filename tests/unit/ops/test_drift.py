"""Drift, read out of what a check of site.yml told."""

import json
from typing import Any

import pytest

from slipway.ops import drift, drift_text
from slipway.ops.drift import Finding
from slipway.ops.plan_reading import HostPlan, Item, Loss, Plan, Rules, StackPlan, Stop
from tests.unit.ops.test_plan_events import one, result, told

SNIPPET = "/etc/nginx/slipway/snippets/site.conf"
HEAD = "file 0644 root:root\n"
EDITED = Item("edge", "change", "file", SNIPPET, f"{HEAD}one\nmine\n", f"{HEAD}one\n", "its content changed")
NEWER = Item("edge", "change", "file", "/etc/nginx/nginx.conf", f"{HEAD}old\n", f"{HEAD}new\n")
PROBE = {
    "units": {"nginx.service": {"ActiveState": "inactive", "UnitFileState": "masked"}},
    "rules": {"lost": ["inet slipway input: jump openings"], "stray": []},
    "roles": ["edge"],
}


def of(*hosts: HostPlan) -> drift.Drift:
    return drift.of(Plan("production", hosts, "ansible-playbook -i inventory/production site.yml"))


def probed(*events: dict[str, Any], **probe: Any) -> HostPlan:
    return one(result("host_entry", probe=PROBE | probe), *events)


def found(plan: HostPlan) -> list[tuple[str, str, str]]:
    return [(finding.kind, finding.name, finding.what) for finding in of(plan).hosts[0].findings]


def test_a_file_changed_by_hand_is_drift_with_its_lines_and_a_newer_tree_is_not() -> None:
    (host,) = of(HostPlan("web1", (EDITED, NEWER))).hosts
    assert host.findings == (Finding("edge", "file", SNIPPET, "its content changed", ("+mine",)),)
    assert host.newer == ("file /etc/nginx/nginx.conf",)
    assert of(HostPlan("web1", (EDITED, NEWER))).code == 6
    assert of(HostPlan("web1", (NEWER,))).code == 0


def test_lines_that_are_not_of_the_hand_alone_are_not_shown() -> None:
    both = Item(
        "edge", "change", "file", SNIPPET, EDITED.before, f"{HEAD}new\n", "its content changed; the tree wants another one by now"
    )
    assert of(HostPlan("web1", (both,))).hosts[0].findings[0].lines == ()


def test_units_are_told_with_the_state_they_were_brought_to_by_hand() -> None:
    event = result("ansible.builtin.systemd_service", changed=True, name="nginx.service", enabled=True, state="started")
    assert ("unit", "nginx.service", "inactive, masked at boot") in found(probed(event))


def test_a_unit_of_a_role_that_never_ran_here_is_no_drift() -> None:
    event = result("ansible.builtin.systemd_service", changed=True, name="nginx.service", enabled=True, state="started")
    assert found(probed(event, roles=["users"], rules={})) == []


def test_daemons_that_run_with_something_else_and_rules_are_told() -> None:
    plan = probed(result("ansible.builtin.debug", changed=True, msg="nginx has not read its settings since they changed"))
    assert found(plan) == [
        ("daemon", "nginx has not read its settings since they changed", "runs with something else"),
        ("rule", "inet slipway input: jump openings", "is not in the kernel"),
    ]
    stray = probed(rules={"lost": [], "stray": ["inet slipway input: accept"]})
    assert found(stray) == [("rule", "inet slipway input: accept", "was added in the kernel")]


@pytest.mark.parametrize(
    ("event", "told_as"),
    [
        (
            result("host_files", changed=True, paths=[SNIPPET], diff=[], drift={SNIPPET: "mode 0666, not 0644"}),
            ("file", SNIPPET, "mode 0666, not 0644"),
        ),
        (
            result("host_packages", changed=True, missing=["nginx", "new"], drift={"nginx": "was removed at noon"}),
            ("package", "nginx", "was removed at noon"),
        ),
        (
            result("host_accounts", changed=True, commands=["useradd ann", "useradd ben"], drift={"ann": "is gone"}),
            ("user", "ann", "is gone"),
        ),
        (
            result("stack_engine", changed=True, version="ab", diff=[{"before": "ab+edited\n", "after": "ab\n"}]),
            ("engine", "ab", "its files were changed"),
        ),
    ],
    ids=["file", "package", "user", "engine"],
)
def test_the_hosts_own_words_are_taken_over(event: dict[str, Any], told_as: tuple[str, str, str]) -> None:
    assert found(probed(event, rules={})) == [told_as]


def test_what_a_stack_lost_is_drift_and_its_next_release_is_not() -> None:
    lost = {"kind": "container", "name": "shop-r3-api-1", "what": "is gone", "lines": []}
    event = result("stack_release", changed=True, **told(changes=[], lost=[lost]))
    (host,) = of(one(event)).hosts
    assert host.findings == (Finding("stack shop", "container", "shop-r3-api-1", "is gone"),)
    assert host.newer == ("stack shop",)


def test_a_repair_without_a_loss_comes_from_the_tree() -> None:
    (host,) = of(HostPlan("web1", stacks=(StackPlan("shop", repairs=("keep the site as this host's edge wants it",)),))).hosts
    assert (host.findings, host.newer) == ((), ("stack shop",))
    (host,) = of(HostPlan("web1", stacks=(StackPlan("shop", lost=(Loss("site", "x", "is gone"),), repairs=("site",)),))).hosts
    assert (len(host.findings), host.newer) == (1, ())


def test_a_host_that_is_silent_goes_before_what_was_found() -> None:
    stopped = HostPlan("web2", stops=(Stop("Enter the host", "nothing listens on this port", 3),))
    assert of(HostPlan("web1", (EDITED,)), stopped).code == 3
    assert "nothing listens on this port" in drift_text.as_text(of(stopped))


def test_no_drift_is_one_line_and_a_newer_tree_is_pointed_to() -> None:
    assert drift_text.as_text(of(HostPlan("web1"), HostPlan("web2"))) == (
        "production: no drift, web1, web2 are as brought into place"
    )
    text = drift_text.as_text(of(HostPlan("web1", (NEWER,))))
    assert "the tree is newer, which is no drift" in text
    assert text.endswith("production: no drift")


def test_a_reading_names_where_what_and_the_next_step() -> None:
    rules = Rules(lost=("inet slipway input: jump openings",))
    assert drift_text.as_text(of(HostPlan("web1", (EDITED,), rules=rules))) == (
        "web1\n"
        "  edge\n"
        f"    ! file       {SNIPPET}: its content changed\n"
        "        +mine\n"
        "  kernel\n"
        "    ! rule       inet slipway input: jump openings: is not in the kernel\n"
        "\n"
        "next: ansible-playbook -i inventory/production site.yml"
    )


def test_long_texts_are_cut_for_people_and_whole_for_machines() -> None:
    lines = "".join(f"{number}\n" for number in range(30))
    item = Item("edge", "change", "file", SNIPPET, HEAD + lines, HEAD, "its content changed")
    told_ = of(HostPlan("web1", (item,)))
    assert "… 22 more lines" in drift_text.as_text(told_)
    data = json.loads(json.dumps(drift_text.as_json(told_)))
    assert (data["drift"], data["code"], len(data["hosts"][0]["findings"][0]["lines"])) == (True, 6, 30)
