import dataclasses

import pytest

from slipway.errors import ReleaseRefused
from slipway.model import Canary, Domain, Route, Scale, Stack
from slipway.placement import Placed
from slipway.plan import canary
from slipway.plan.deploy import Before
from slipway.plan.place import Taken, place
from slipway.plan.resume import Facts, Found, steps
from slipway.plan.step import Step
from slipway.render.base import base_project
from slipway.serving import Serving
from tests.unit.plan.stacks import API, SHOP, images_of, release, with_services

ONE = release(1)
BASE = base_project(ONE.stack, ONE.placement)
BEFORE = Before(ONE, BASE, site="the site")
WEBS = ["shop-r2-api-1", "shop-r2-api-2"]


def second(stack: Stack = SHOP) -> Placed:
    """Return a second release that begins as a canary."""
    taken = Taken(tuple(ONE.placement.subnets.values()), tuple(ONE.placement.slots.values()))
    placement = place(stack, 2, taken, ONE.placement, images_of(stack), canary=True)
    return Placed(stack, dataclasses.replace(placement, base_generation=2))


TWO = second()


def names(plan: list[Step]) -> list[str]:
    return [step.name for step in plan]


def of(plan: list[Step], name: str) -> Step:
    return next(step for step in plan if step.name == name)


def test_a_canary_has_slots_of_its_own_beside_those_it_will_serve_at() -> None:
    assert TWO.placement.slots == ONE.placement.slots
    assert set(TWO.placement.canary_slots) == {"api-8000-1", "api-8000-2"}
    assert set(TWO.placement.canary_slots.values()).isdisjoint(ONE.placement.slots.values())
    third = place(SHOP, 3, Taken((), ()), TWO.placement, canary=True)
    assert set(third.canary_slots.values()).isdisjoint(TWO.placement.canary_slots.values()), "a site from before sends there"
    assert release(2).placement.canary_slots == {}


def test_a_canary_is_whole_but_for_its_workers_and_its_record_comes_before_anything_leads_to_it() -> None:
    plan = names(canary.begin(TWO, BEFORE, "its own", "with a share", 10))
    assert plan[-5:] == ["write-shared-site", "record", "switch-canary", "restart-canary", "site"]
    assert "task-migrate" in plan
    assert "ask-api" in plan
    assert {"start-workers", "start-schedulers", "switch"}.isdisjoint(plan)
    assert plan.index("check-site") < plan.index("check-shared-site") < plan.index("record")


def test_its_record_says_share_and_time_and_its_site_has_the_share() -> None:
    timed = second(dataclasses.replace(SHOP, canary=Canary(25, 600)))
    plan = canary.begin(timed, BEFORE, "its own", "with a share", 10)
    assert of(plan, "record").arguments == {"change": "shared", "number": 2, "percent": 10, "seconds": 600}
    assert of(plan, "site").arguments["text"] == "with a share"
    assert of(plan, "write-shared-site").arguments["files"] == {"/var/lib/slipway/shop/releases/2/canary.conf": "with a share"}
    assert of(canary.begin(TWO, BEFORE, "its own", "with a share", 10), "record").arguments["seconds"] == 0


def test_its_slots_lead_to_what_it_starts_and_back_to_what_serves() -> None:
    wide = second(with_services(SHOP, dataclasses.replace(API, scale=Scale(1, 3))))
    to = of(canary.begin(wide, BEFORE, "", "", 10), "switch-canary").arguments
    own = wide.placement.addresses["api-1"]["app"]
    assert to["canary"] is True
    assert {target[0] for target in to["targets"].values()} == {own}
    assert list(to["targets"]) == [str(slot) for slot in sorted(wide.placement.canary_slots.values())]
    back = of(canary.abort(wide, ONE, "the site"), "switch-canary").arguments["targets"]
    assert {target[0] for target in back.values()} == {ONE.placement.addresses[f"api-{index}"]["app"] for index in (1, 2)}


def test_a_promotion_is_the_ordinary_switch_of_what_runs_already() -> None:
    plan = names(canary.promote(TWO, BEFORE, "its own"))
    assert plan[: plan.index("record")] == ["start-web", "ask-api", "check-site", "start-workers"]
    assert plan[plan.index("record") :][:3] == ["record", "switch", "restart-old"]
    assert plan.index("site") < plan.index("trim-canary"), "the site sends there until then"
    assert "stop-workers-1" in plan
    assert plan.index("schedulers-1-ended") < plan.index("start-schedulers")


def test_an_abort_leads_visitors_back_before_the_site_is_reloaded() -> None:
    plan = canary.abort(TWO, ONE, "the site")
    assert names(plan) == ["record", "switch-canary", "restart-old", "site", "trim-canary", "stop-workers-2"]
    assert of(plan, "record").arguments == {"change": "aborted", "number": 2}
    assert of(plan, "restart-old").argv[:4] == ("docker", "update", "--restart", "no")
    assert of(plan, "trim-canary").arguments == {"targets": {}, "canary": True}


def facts(*found: Found, shared: bool = True) -> Facts:
    serves = [
        Found(f"shop-r1-{name}", "shop-r1", "web", running=True, restart="unless-stopped")
        for name in ("api-1", "api-2", "worker-1", "beat-1")
    ]
    db = Found("shop-db-1", "shop", "store", running=True, restart="unless-stopped")
    projects = ["shop", "shop-r1", "shop-r2"]
    return Facts([db, *serves, *found], projects, {1: ONE, 2: TWO}, BASE, "with a share", share_kept=shared)


def web(name: str, restart: str = "unless-stopped", *, running: bool = True) -> Found:
    return Found(name, "shop-r2", "web", running, restart)


TRIED = Serving("shop", current=1, since="then").begun(2).shared(2, 10, "now")


def test_a_canary_that_is_well_keeps_its_slots_and_nothing_is_touched() -> None:
    assert names(steps(TRIED, facts(*map(web, WEBS)))) == ["switch-canary", "switch", "site", "certificates"]


def test_a_canary_that_is_down_is_started_behind_what_serves_and_nothing_waits_for_it() -> None:
    plan = steps(TRIED, facts(web(WEBS[0]), web(WEBS[1], running=False)))
    assert names(plan) == ["switch-canary", "switch", "site", "certificates", "start-canary"]
    assert (of(plan, "start-canary").action, of(plan, "start-canary").argv) == ("run", ("docker", "start", WEBS[1]))


def test_a_promotion_that_died_before_its_record_leaves_a_canary_without_workers() -> None:
    worker = Found("shop-r2-worker-1", "shop-r2", "worker", running=True)
    plan = steps(TRIED, facts(*map(web, WEBS), worker))
    assert names(plan)[-1] == "stop-canary-workers"
    assert "remove-2" not in names(plan)


def test_a_beginning_that_died_behind_its_record_goes_forward() -> None:
    plan = steps(TRIED, facts(*(web(name, "no") for name in WEBS)))
    assert names(plan)[-1] == "restart-canary"
    assert names(plan).index("switch-canary") < names(plan).index("site"), "the site sends there at once"
    assert of(plan, "site").arguments["text"] == "with a share"


def test_an_abort_that_died_behind_its_record_goes_forward() -> None:
    aborted = TRIED.aborted(2, "later")
    plan = steps(aborted, facts(*map(web, WEBS)))
    assert names(plan) == ["switch", "restart-old", "site", "certificates", "trim-canary"]
    assert names(steps(aborted, facts(shared=False)))[-1] == "certificates"


def test_a_promotion_that_died_behind_its_record_goes_forward_and_forgets_the_share() -> None:
    plan = names(steps(TRIED.switched(2, "later"), facts(*map(web, WEBS))))
    assert plan[-1] == "trim-canary"
    assert plan.index("site") < plan.index("trim-canary")


@pytest.mark.parametrize(
    "stack",
    [
        with_services(SHOP, dataclasses.replace(API, routes=(*API.routes, Route("site", 8000, "/new")))),
        with_services(SHOP, dataclasses.replace(API, routes=(Route("site", 9000), API.routes[1]))),
        with_services(SHOP, dataclasses.replace(API, routes=(API.routes[0],))),
        dataclasses.replace(SHOP, domains={"site": Domain("other.example")}),
    ],
)
def test_a_canary_that_would_need_another_site_is_refused(stack: Stack) -> None:
    with pytest.raises(ReleaseRefused, match="share one site") as refused:
        canary.judge(stack, SHOP)
    assert refused.value.next_step.endswith("fab deploy shop --canary 0")


def test_other_limits_and_headers_are_no_hindrance() -> None:
    limited = dataclasses.replace(API, routes=tuple(dataclasses.replace(route, body_mb=50) for route in API.routes))
    canary.judge(with_services(SHOP, limited), SHOP)


def test_a_stack_that_nobody_visits_has_no_canary() -> None:
    alone = dataclasses.replace(with_services(SHOP, without=("api",)), domains={})
    with pytest.raises(ReleaseRefused, match="has no routes"):
        canary.judge(alone, alone)
