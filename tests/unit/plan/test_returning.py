import dataclasses

from slipway.model import Service, Stack, Task, Watch
from slipway.placement import Placed
from slipway.plan import retire, returning
from slipway.plan.resume import Facts, standby, steps
from slipway.plan.step import Step
from slipway.serving import Serving
from tests.unit.plan.stacks import API, SHOP, release, with_services
from tests.unit.plan.test_resume import BASE, DB, containers

GREET = Service("greet", "shop/app:1.0", {}, {"data": ()}, task=Task("returned", 60))
GOOD = release(1)
BAD = release(2, previous=GOOD.placement)
WATCHED = Serving("shop", current=2, previous=1, since="then", standby=1, watch_until="later")


def names(plan: list[Step]) -> list[str]:
    return [step.name for step in plan]


def step(plan: list[Step], name: str) -> Step:
    return next(step for step in plan if step.name == name)


def test_the_way_back_moves_traffic_first_and_never_has_two_schedulers() -> None:
    plan = returning.steps(GOOD, BAD, "site")
    assert names(plan) == [
        "record",
        "switch",
        "restart-old",
        "restart-new",
        "site",
        "stop-schedulers-2",
        "schedulers-2-ended",
        "start-schedulers",
        "restart-schedulers",
        "workers-1-ended",
        "start-workers",
        "restart-workers",
        "stop-workers-2",
        "certificates",
    ]
    assert step(plan, "record").arguments == {"change": "returned", "number": 2}
    assert step(plan, "switch").arguments["targets"]["20001"] == ["10.213.1.2", 8000, False]
    assert step(plan, "restart-old").argv[:4] == ("docker", "update", "--restart", "no")
    assert all(name.startswith("shop-r2-") for name in step(plan, "restart-old").arguments["containers"])
    assert step(plan, "restart-new").arguments["containers"] == ["shop-r1-api-1", "shop-r1-api-2"]
    assert step(plan, "start-schedulers").argv[-1] == "r1-beat-1"


def test_the_way_back_from_a_release_that_other_hosts_do_not_serve_differs_in_its_record_alone() -> None:
    bad, alone = returning.steps(GOOD, BAD, "site"), returning.taken_back(GOOD, BAD, "site")
    assert alone[1:] == bad[1:]
    assert alone[0].arguments == {"change": "taken back", "number": 2}
    assert returning.confirmed(2).arguments == {"change": "confirmed", "number": 2}


def test_a_worker_that_still_ends_a_job_is_waited_for_before_it_starts_anew() -> None:
    plan = returning.steps(GOOD, BAD, "site")
    assert step(plan, "workers-1-ended").limit_seconds == 135
    assert step(plan, "restart-workers").arguments["containers"] == ["shop-r1-worker-1"]
    assert names(plan).index("start-workers") < names(plan).index("stop-workers-2"), "somebody works all the time"


def test_the_tasks_of_a_return_are_those_of_the_release_that_serves_again() -> None:
    good = release(1, with_services(SHOP, GREET))
    plan = returning.steps(good, BAD, "site")
    assert names(plan)[-1] == "task-greet"
    assert step(plan, "task-greet").arguments["container"] == "shop-r1-greet"


def test_a_standby_has_to_answer_before_anything_leads_to_it() -> None:
    warm, cold = returning.wake(GOOD, runs=True), returning.wake(GOOD, runs=False)
    assert [(step.name, step.limit_seconds) for step in warm] == [("ask-api", 5)]
    assert [(step.name, step.limit_seconds) for step in cold] == [("start-standby", 105), ("ask-api", 90)]
    assert cold[0].argv[-2:] == ("r1-api-1", "r1-api-2")
    assert returning.wake(release(1, with_services(SHOP, without=("api",))), runs=True) == []


def test_slots_of_the_bad_release_alone_are_forgotten_once_no_site_sends_there() -> None:
    wider = release(2, with_services(SHOP, dataclasses.replace(API, replicas=3)), GOOD.placement)
    plan = returning.steps(GOOD, wider, "site")
    assert set(step(plan, "switch").arguments["targets"]) == {"20001", "20002", "20003"}
    assert names(plan).index("site") < names(plan).index("trim-switch")
    assert set(step(plan, "trim-switch").arguments["targets"]) == {"20001", "20002"}


def test_names_of_steps_are_unique() -> None:
    plan = names([*returning.wake(GOOD, runs=False), *returning.steps(GOOD, BAD, "site")])
    assert len(plan) == len(set(plan))


def facts(*, stack: Stack = SHOP, webs_run: bool = True, workers_run: bool = False) -> Facts:
    old = [
        dataclasses.replace(
            found,
            restart="no",
            running=webs_run if found.kind == "web" else workers_run if found.kind == "worker" else False,
        )
        for found in containers(1, "no")
    ]
    found = [DB, *old, *containers(2, "unless-stopped")]
    return Facts(found, ["shop", "shop-r1", "shop-r2"], {1: GOOD, 2: Placed(stack, BAD.placement)}, BASE, "site")


def test_a_resume_leaves_a_standby_where_it_is() -> None:
    plan = names(steps(WATCHED, facts()))
    assert not [name for name in plan if name.startswith("remove")]
    assert plan == ["switch", "site", "certificates"]
    assert "stop-workers-1" in names(steps(WATCHED, facts(workers_run=True)))


def test_a_warm_standby_that_is_down_is_started_again_and_a_cold_one_is_not() -> None:
    assert standby(WATCHED, facts()) == []
    assert names(standby(WATCHED, facts(webs_run=False))) == ["start-standby"]
    cold = dataclasses.replace(SHOP, watch=Watch(standby="cold"))
    assert standby(WATCHED, facts(stack=cold, webs_run=False)) == []
    assert standby(Serving("shop", current=2), facts(webs_run=False)) == []


def test_a_cold_standby_rests_and_stays() -> None:
    plan = retire.rest(GOOD)
    assert [(step.action, step.arguments["containers"]) for step in plan] == [
        ("stop", ["shop-r1-api-1", "shop-r1-api-2"]),
        ("ended", ["shop-r1-api-1", "shop-r1-api-2"]),
    ]


def test_a_return_that_was_cut_short_goes_forward_to_the_release_returned_to() -> None:
    back = WATCHED.returned_from(2, "now")
    plan = names(steps(back, facts(workers_run=True)))
    assert plan == [
        "switch",
        "restart-old",
        "restart-new",
        "site",
        "stop-schedulers-2",
        "schedulers-2-ended",
        "start-schedulers",
        "restart-schedulers",
        "stop-workers-1",
        "workers-1-ended",
        "start-workers",
        "restart-workers",
        "stop-workers-2",
        "certificates",
    ]


def test_workers_that_are_back_already_are_left_alone() -> None:
    back = WATCHED.returned_from(2, "now")
    found = Facts(
        [DB, *containers(1, "unless-stopped"), *containers(2, "no")],
        ["shop", "shop-r1", "shop-r2"],
        {1: GOOD, 2: BAD},
        BASE,
        "site",
    )
    plan = names(steps(back, found))
    assert not {"start-workers", "stop-workers-1", "start-schedulers"} & set(plan)
    assert "stop-workers-2" in plan
