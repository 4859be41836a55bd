import dataclasses

from slipway.model import Scale
from slipway.placement import Placed
from slipway.plan import counts, scale, traffic
from slipway.plan.resume import Facts, Found, steps
from slipway.plan.step import Step
from slipway.serving import Serving
from tests.unit.plan.stacks import API, SHOP, release, with_services

STACK = with_services(SHOP, dataclasses.replace(API, scale=Scale(2, 4)))
LEAST = release(1, STACK)
CHOICE = {"counts": {"api": 3}, "asked": {"api": 3}, "who": "ann", "why": "the fair"}
HERE = ["shop-r1-api-1", "shop-r1-api-2", "shop-r1-worker-1", "shop-r1-beat-1", "shop-db-1"]


def with_counts(**chosen: int) -> Placed:
    return Placed(counts.chosen(STACK, chosen), LEAST.placement)


def names(plan: list[Step]) -> list[str]:
    return [step.name for step in plan]


def step(plan: list[Step], name: str) -> Step:
    return next(step for step in plan if step.name == name)


def test_more_are_healthy_and_asked_before_the_choice_is_kept_and_anything_leads_to_them() -> None:
    plan = scale.steps(LEAST, with_counts(api=3, worker=3), HERE, CHOICE)
    assert names(plan) == ["start-more", "ask-api", "choose", "switch", "restart-more"]
    assert step(plan, "start-more").argv[-3:] == ("r1-api-3", "r1-worker-2", "r1-worker-3"), "those that run are not touched"
    assert step(plan, "ask-api").arguments["targets"] == [f"{LEAST.placement.addresses['api-3']['app']}:8000"]
    assert step(plan, "choose").arguments == CHOICE
    assert step(plan, "restart-more").argv[3] == "unless-stopped"
    slots = step(plan, "switch").arguments["targets"]
    assert slots["20003"][0] == LEAST.placement.addresses["api-3"]["app"]
    assert slots["20004"][0] == LEAST.placement.addresses["api-1"]["app"], "a free slot leads to one that runs"


def test_fewer_lose_the_traffic_first_and_only_workers_are_told_to_end_at_once() -> None:
    plan = scale.steps(with_counts(api=4, worker=2), LEAST, HERE, CHOICE)
    assert names(plan) == ["choose", "switch", "restart-fewer", "stop-workers"]
    assert step(plan, "restart-fewer").arguments["containers"] == ["shop-r1-api-3", "shop-r1-api-4", "shop-r1-worker-2"]
    assert step(plan, "restart-fewer").argv[3] == "no"
    assert step(plan, "stop-workers").arguments["containers"] == ["shop-r1-worker-2"]
    here = {address for address, _, _ in step(plan, "switch").arguments["targets"].values()}
    assert here == {LEAST.placement.addresses[name]["app"] for name in ("api-1", "api-2")}


def test_both_ways_at_once_have_more_first() -> None:
    plan = scale.steps(with_counts(worker=3), with_counts(api=3), HERE, CHOICE)
    assert names(plan) == ["start-more", "ask-api", "choose", "switch", "restart-more", "restart-fewer", "stop-workers"]


def test_a_worker_that_ends_its_jobs_is_waited_for_before_it_starts_anew() -> None:
    plan = scale.steps(LEAST, with_counts(worker=3), [*HERE, "shop-r1-worker-2"], CHOICE)
    assert names(plan)[:3] == ["stop-again", "ended-again", "start-more"]
    assert step(plan, "ended-again").arguments["containers"] == ["shop-r1-worker-2"]
    assert step(plan, "ended-again").limit_seconds == 135


def found(*named: str, restart: str = "unless-stopped", running: bool = True) -> list[Found]:
    return [Found(name, "shop-r1", "", running, restart) for name in named]


def test_what_is_beyond_the_choice_is_too_much_and_nothing_else() -> None:
    here = [*HERE, "shop-r1-api-3", "shop-r1-worker-3", "shop-r1-seed", "shop-r2-api-3", "other-r1-api-4"]
    assert scale.surplus(LEAST, here) == ["shop-r1-api-3", "shop-r1-worker-3"]
    assert scale.surplus(with_counts(api=3), here) == ["shop-r1-worker-3"]
    assert scale.surplus(LEAST, HERE) == []
    assert scale.may_be_surplus(LEAST)
    assert not scale.may_be_surplus(with_counts(api=4, worker=3))


def test_what_is_too_much_drains_ends_by_its_own_grace_and_goes() -> None:
    plan = scale.leave(LEAST, [*found("shop-r1-api-3"), *found("shop-r1-worker-2", restart="no")], 100)
    assert names(plan) == [
        "restart-surplus",
        "stop-surplus-workers",
        "drain-surplus",
        "stop-surplus",
        "surplus-ended",
        "remove-surplus",
    ]
    assert step(plan, "restart-surplus").arguments["containers"] == ["shop-r1-api-3"]
    assert step(plan, "stop-surplus-workers").argv == ("docker", "stop", "shop-r1-worker-2")
    assert step(plan, "drain-surplus").arguments == {"containers": {"shop-r1-api-3": [8000]}}
    assert step(plan, "drain-surplus").limit_seconds == 200, "what is left of the longest `drain_seconds`"
    assert step(plan, "surplus-ended").limit_seconds == 135
    assert step(plan, "remove-surplus").argv[-2:] == ("shop-r1-api-3", "shop-r1-worker-2")
    assert scale.leave(LEAST, [], 0) == []


def test_what_traffic_still_goes_to_loses_it_first_and_drains_in_full() -> None:
    plan = scale.leave(LEAST, found("shop-r1-api-3"), 100_000, led_to=True)
    assert names(plan)[0] == "switch"
    assert plan[0].arguments == traffic.move(LEAST, None).arguments
    assert step(plan, "drain-surplus").limit_seconds == 300


def test_a_resume_starts_what_was_chosen_and_leads_to_it() -> None:
    facts = Facts(found(*HERE), ["shop", "shop-r1"], {1: with_counts(api=3)}, {"services": {"db": {}}}, "site")
    plan = steps(Serving("shop", current=1, since="then"), facts)
    assert names(plan) == ["start-web", "switch", "restart-new", "site", "certificates"]
    assert step(plan, "start-web").argv[-3:] == ("r1-api-1", "r1-api-2", "r1-api-3")
    assert step(plan, "switch").arguments["targets"]["20003"][0] == LEAST.placement.addresses["api-3"]["app"]
