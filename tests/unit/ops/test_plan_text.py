"""The reading of a plan: every line of it."""

from dataclasses import replace

from slipway.changes.change import Change
from slipway.ops.plan_reading import Base, HostPlan, Item, Plan, Secrets, StackPlan, Stop, Then
from slipway.ops.plan_text import as_json, as_text

COMMAND = "ansible-playbook -i inventory/lab site.yml"
OPENING = Item("firewall", "add", "opening", "tcp 9443 (the office)")
RULES = Item("firewall", "change", "file", "/etc/rules", "file 0644 root:root\na\nb\n", "file 0644 root:root\na\nc\nd\n")
SHOP = StackPlan(
    "shop",
    serving=3,
    release=4,
    changes=(
        Change("image", ("api", "web"), "image", "shop/app:1.0", "shop/app:1.1"),
        Change("limit", ("shop.example/",), "rate", "10 per second, burst 20", "15 per second, burst 20"),
        Change("variable", ("NEW",), "", None, "1"),
        Change("variable", ("OLD",), "", "", "2"),
        Change("route", ("shop.example/gone",), "", "to api:8000", None),
    ),
    secrets=Secrets(changed=("KEY",)),
    tasks=("buckets", "migrate"),
    certificates=(("www.shop.example", "there is none yet"),),
    notes=("the digest and the user of shop/app:1.1 are settled at the run",),
    deploys=True,
)


def text(*hosts: HostPlan, diff: bool = False) -> list[str]:
    return as_text(Plan("lab", hosts, COMMAND), diff=diff).splitlines()


def test_nothing_to_do_is_one_line() -> None:
    unchanged = StackPlan("shop", serving=3, release=3)
    assert text(HostPlan("one", stacks=(unchanged,))) == ["lab: nothing to do, one is as the inventory wants"]
    assert text(HostPlan("one"), HostPlan("two")) == ["lab: nothing to do, one, two are as the inventory wants"]


def test_a_host_and_a_stack_are_one_reading_that_ends_with_the_next_command() -> None:
    host = HostPlan(
        "one", (OPENING, RULES), (Then("firewall", "Load the firewall"),), (SHOP,), ("the checker nft is not installed",)
    )
    assert text(host) == [
        "one",
        "  firewall",
        "    + opening  tcp 9443 (the office)",
        "    ~ file     /etc/rules  (+2 -1)",
        "      then: Load the firewall",
        "  stack shop: release 4 would follow 3",
        "    ~ image        api, web: shop/app:1.0 -> shop/app:1.1",
        "    ~ limit        shop.example/ rate: 10 per second, burst 20 -> 15 per second, burst 20",
        "    + variable     NEW: 1",
        "    ~ variable     OLD: (empty) -> 2",
        "    - route        shop.example/gone: to api:8000",
        "    ~ secret       KEY changes (values are never shown)",
        "      certificate  www.shop.example: asked for, there is none yet",
        "      runs         buckets, migrate",
        "      note         the digest and the user of shop/app:1.1 are settled at the run",
        "  not judged",
        "      the checker nft is not installed",
        "",
        f"next: {COMMAND}",
    ]


def test_lines_of_files_are_shown_on_demand_and_not_without_end() -> None:
    assert text(HostPlan("one", (RULES,)), diff=True)[3:6] == ["        -b", "        +c", "        +d"]
    long = replace(RULES, before="absent\n", after="file\n" + "x\n" * 60)
    assert "        … 22 more lines" in text(HostPlan("one", (long,)), diff=True)


def test_a_store_that_restarts_is_shouted_with_its_reasons_and_the_word_it_needs() -> None:
    reason = Change("image", ("db",), "image", "postgres:17", "postgres:17.6")
    stack = replace(SHOP, changes=(reason, SHOP.changes[2]), base=Base(changed=("db",), removed=("redis",)))
    lines = text(HostPlan("one", stacks=(stack,)))
    assert lines[2:6] == [
        "    !! STORE db RESTARTS, its definition changes; only with -e base=shop",
        "      ~ image        db: postgres:17 -> postgres:17.6",
        "    !! STORE redis STOPS AND IS REMOVED, its volumes stay; only with -e base=shop",
        "    + variable     NEW: 1",
    ]
    assert lines[-1] == f"next, stores and all: {COMMAND} -e base=shop"


def test_what_could_not_be_compared_is_said_and_a_new_stack_is_called_new() -> None:
    assert text(HostPlan("one", (RULES,), stacks=(StackPlan("shop", judged=False),)))[3] == (
        "  stack shop: not compared, see `not judged`"
    )
    assert text(HostPlan("one", stacks=(StackPlan("shop", judged=False, deploys=True),)))[1] == "  stack shop: new on this host"


def test_what_a_release_lost_is_brought_back() -> None:
    lost = StackPlan("shop", serving=3, release=3, repairs=("start what release 3 lacks",))
    lines = text(HostPlan("one", stacks=(lost,)))
    assert lines[1:3] == [
        "  stack shop: release 3 is brought back where it is not as it should be",
        "      repair       start what release 3 lacks",
    ]


def test_a_stack_that_left_the_inventory_is_named_though_nothing_happens_to_it() -> None:
    lines = text(HostPlan("one", stray=("old",)))
    assert "  stack old: runs here but is not in the inventory; site.yml leaves it as it is" in lines
    assert lines[-1] == "lab: nothing to do"


def test_where_a_host_stopped_nothing_behind_is_promised() -> None:
    plan = Plan("lab", (HostPlan("one", (OPENING,), stops=(Stop("Edge | Write", "nginx -t says no", 3),)),), COMMAND)
    lines = as_text(plan, diff=False).splitlines()
    assert lines[3:5] == ["  stopped at: Edge | Write; nothing behind it was judged", "    nginx -t says no"]
    assert lines[-1] == "next: mend what stands under `stopped`, then plan again"
    assert plan.code == 3


def test_machines_get_all_of_it_and_the_verdict() -> None:
    data = as_json(Plan("lab", (HostPlan("one", stacks=(SHOP,)),), COMMAND))
    assert (data["changes"], data["code"], data["next"]) == (True, 6, COMMAND)
    assert data["hosts"][0]["stacks"][0]["changes"][0]["new"] == "shop/app:1.1"
    assert (as_json(Plan("lab", (HostPlan("one"),), COMMAND))["changes"], Plan("lab").code) == (False, 0)


def test_a_stack_that_is_left_as_it_is_says_why_though_nothing_changes() -> None:
    said = "release 4 is left as it is: ann@desk chose it since, and these files are older\n  next: fab pin demo"
    host = HostPlan("web1", stacks=(StackPlan("demo", serving=4, left=said, notes=(said,)),))
    lines = text(host)
    assert lines[1] == "  stack demo: release 4 is left as it is: ann@desk chose it since, and these files are older"
    assert sum("next: fab pin demo" in line for line in lines) == 1
    assert Plan("lab", (host,), COMMAND).code == 0


def test_what_people_chose_is_told_beside_changes_and_alone() -> None:
    said = "api runs 3 times, the stack file says 2 to 4; chosen by ann"
    stays = StackPlan("shop", serving=3, release=3, chosen=(said,))
    assert text(HostPlan("one", stacks=(stays,))) == [
        "one",
        "  stack shop: release 3 stays",
        f"      kept         {said}",
        "  nothing to do",
        "",
        "lab: nothing to do",
    ]
    assert f"      kept         {said}" in text(HostPlan("one", stacks=(replace(SHOP, chosen=(said,)),)))
