"""Services are restarted one container after another, and nobody is sent to one that is down."""

import dataclasses

import pytest

from slipway.plan import restart
from slipway.plan.step import Step
from tests.unit.plan.stacks import API, SHOP, WORKER, release, with_services

NOW = release(4)
WELL = frozenset({"shop-r4-api-1", "shop-r4-api-2", "shop-r4-worker-1", "shop-r4-beat-1"})


def step(plan: list[Step], name: str) -> Step:
    return next(step for step in plan if step.name == name)


def leads(step: Step) -> dict[str, str]:
    return {slot: target[0] for slot, target in step.arguments["targets"].items()}


def test_a_web_replica_loses_the_traffic_drains_and_comes_back_before_the_next_one_goes() -> None:
    plan = restart.steps(NOW, ["api"], WELL)
    assert [step.name for step in plan] == [
        *("around-api-1", "drain-api-1", "restart-api-1", "ready-api-1", "ask-api-1", "back-api-1"),
        *("around-api-2", "drain-api-2", "restart-api-2", "ready-api-2", "ask-api-2", "back-api-2"),
    ]
    first, second = (NOW.placement.addresses[f"api-{number}"]["app"] for number in (1, 2))
    assert leads(plan[0]) == {"20001": second, "20002": second}
    assert leads(plan[5]) == {"20001": first, "20002": second}
    assert leads(plan[6]) == {"20001": first, "20002": first}
    assert leads(plan[11]) == leads(plan[5])
    assert step(plan, "drain-api-1").arguments == {"containers": {"shop-r4-api-1": [8000]}}
    assert step(plan, "drain-api-1").limit_seconds == 300, "the longest of its routes"
    assert step(plan, "restart-api-2").argv == ("docker", "restart", "shop-r4-api-2")
    assert step(plan, "ask-api-1").arguments["targets"] == [f"{first}:8000"], "only the one that was restarted"


def test_a_sick_replica_goes_first_so_that_nobody_is_sent_to_it() -> None:
    plan = restart.steps(NOW, ["api"], WELL - {"shop-r4-api-2"})
    assert [step.name for step in plan if step.action == "switch"] == [
        *("around-api-2", "back-api-2", "around-api-1", "back-api-1"),
    ]
    first, second = (NOW.placement.addresses[f"api-{number}"]["app"] for number in (1, 2))
    assert set(leads(plan[0]).values()) == {first}
    assert set(leads(step(plan, "around-api-1")).values()) == {second}


def test_where_a_sick_one_stays_sick_the_others_have_all_of_the_traffic() -> None:
    three = release(4, with_services(SHOP, dataclasses.replace(API, replicas=3)))
    plan = restart.steps(three, ["api"], {"shop-r4-api-3"})
    first, third = (three.placement.addresses[f"api-{number}"]["app"] for number in (1, 3))
    assert set(leads(plan[0]).values()) == {third}, "the second is sick too"
    assert set(leads(step(plan, "back-api-1")).values()) == {first, third}


def test_where_all_are_sick_all_are_restarted_in_turn() -> None:
    plan = restart.steps(NOW, ["api"], ())
    assert [step.name for step in plan if step.action == "run"] == ["restart-api-1", "restart-api-2"]


def test_the_limit_of_a_restart_holds_the_services_own_grace_and_start() -> None:
    plan = restart.steps(NOW, ["worker"], WELL)
    assert [(step.name, step.limit_seconds) for step in plan] == [("restart-worker-1", 195), ("ready-worker-1", 135)]


def test_services_are_restarted_as_they_are_named_each_once() -> None:
    plan = restart.steps(NOW, ["worker", "beat", "worker"], WELL)
    assert [step.name for step in plan] == ["restart-worker-1", "ready-worker-1", "restart-beat-1", "ready-beat-1"]


def test_as_many_are_restarted_as_were_chosen() -> None:
    wider = release(4, with_services(SHOP, dataclasses.replace(WORKER, scale=dataclasses.replace(WORKER.scale, min=3))))  # type: ignore[type-var] # it has one
    assert sum(step.name.startswith("restart-") for step in restart.steps(wider, ["worker"], WELL)) == 3


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("apii", "there is no service 'apii'"),
        ("db", "db is a store"),
        ("migrate", "migrate is a task"),
        ("api", "api has one replica: while it starts, nobody answers"),
    ],
)
def test_what_somebody_would_notice_is_refused_with_the_way_that_nobody_does(wanted: str, said: str) -> None:
    single = with_services(SHOP, dataclasses.replace(API, replicas=1))
    with pytest.raises(restart.NotAlone, match=said) as caught:
        restart.judge(single, ["worker", wanted])
    assert caught.value.exit_code == 2
    assert caught.value.next_step.startswith("fab restart shop starts all of api, ")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(restart.NotAlone) as caught:
        restart.judge(SHOP, ["db", "nobody", "beat"])
    assert "db is a store" in caught.value.cause
    assert "no service 'nobody'" in caught.value.cause
    assert "beat" not in caught.value.cause
    restart.judge(SHOP, ["api", "worker", "beat"])
