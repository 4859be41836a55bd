import dataclasses

from slipway.plan.commands import RUNNING, started_containers
from slipway.plan.resume import Facts, Found, leaving, release_number, steps
from slipway.plan.step import Step
from slipway.render.base import base_project
from slipway.serving import Serving
from tests.unit.plan.stacks import SHOP, release

ONE = release(1)
TWO = release(2, previous=ONE.placement)
BASE = base_project(ONE.stack, ONE.placement)
DB = Found("shop-db-1", "shop", "store", running=True, restart="unless-stopped")


def containers(number: int, restart: str, *, running: bool = True) -> list[Found]:
    placed = ONE if number == 1 else TWO
    return [
        Found(name, f"shop-r{number}", service.kind, running, restart)
        for service in SHOP.of_kind(*RUNNING)
        for name in started_containers(placed, [service])
    ]


def names(plan: list[Step]) -> list[str]:
    return [step.name for step in plan]


def healthy() -> Facts:
    return Facts([DB, *containers(1, "unless-stopped")], ["shop", "shop-r1"], {1: ONE}, BASE, "site")


SERVING = Serving("shop", current=1, since="then")


def test_a_healthy_stack_gets_its_map_and_site_only() -> None:
    assert names(steps(SERVING, healthy())) == ["switch", "site", "certificates"]


def test_a_host_without_a_release_has_nothing_to_resume() -> None:
    assert steps(Serving("shop"), Facts()) == []


def test_a_release_in_the_making_goes_back() -> None:
    facts = dataclasses.replace(healthy(), projects=["shop", "shop-r1", "shop-r2"])
    assert names(steps(dataclasses.replace(SERVING, next=2), facts))[:2] == ["remove-2", "abandoned-2"]


def test_a_release_that_no_record_names_is_removed_once() -> None:
    facts = dataclasses.replace(healthy(), projects=["shop", "shop-r1", "shop-r7", "shop-redis", "other-r3"])
    assert [name for name in names(steps(SERVING, facts)) if name.startswith("remove")] == ["remove-7"]


def test_projects_of_others_are_not_ours() -> None:
    assert release_number("shop", "shop-r12") == 12
    assert release_number("shop", "shop-redis") is None
    assert release_number("shop", "shop-r01") is None
    assert release_number("shop", "webshop-r1") is None


def test_what_a_person_started_in_the_base_is_removed_but_no_store() -> None:
    lost = Found("shop-old-1", "shop", "store", running=True)
    facts = dataclasses.replace(healthy(), containers=[*healthy().containers, Found("shop-beat-1", "shop", running=True), lost])
    plan = steps(SERVING, facts)
    assert next(step.argv for step in plan if step.name == "remove-strays") == ("docker", "rm", "--force", "shop-beat-1")


def test_stores_that_are_down_are_started_as_they_are() -> None:
    facts = dataclasses.replace(healthy(), containers=[dataclasses.replace(DB, running=False), *containers(1, "unless-stopped")])
    plan = steps(SERVING, facts)
    assert next(step.argv[-4:] for step in plan if step.name == "start-stores") == ("up", "--detach", "--no-recreate", "db")


def test_after_the_record_a_resume_goes_forward() -> None:
    serving = Serving("shop", current=2, previous=1, retiring=(1,), since="then")
    facts = Facts(
        [DB, *containers(1, "unless-stopped"), *containers(2, "no")],
        ["shop", "shop-r1", "shop-r2"],
        {1: ONE, 2: TWO},
        BASE,
        "site",
        100,
    )
    plan = steps(serving, facts)
    assert names(plan) == [
        "switch",
        "restart-old",
        "restart-new",
        "site",
        "stop-workers-1",
        "stop-schedulers-1",
        "schedulers-1-ended",
        "start-schedulers",
        "restart-schedulers",
        "certificates",
    ]
    way_out = leaving(serving, facts)
    assert names(way_out) == ["drain-1", "workers-1-ended", "remove-1", "retired-1"]
    assert way_out[0].limit_seconds == 200


def test_web_containers_that_are_down_come_before_the_map() -> None:
    serving = Serving("shop", current=2, previous=1, retiring=(1,), since="then")
    facts = Facts(
        [DB, *containers(1, "unless-stopped"), *containers(2, "no", running=False)],
        ["shop", "shop-r1", "shop-r2"],
        {1: ONE, 2: TWO},
        BASE,
    )
    plan = names(steps(serving, facts))
    assert plan[:3] == ["start-web", "switch", "restart-old"]
    assert plan.index("schedulers-1-ended") < plan.index("start-schedulers")


def test_a_retiring_release_without_a_record_is_removed() -> None:
    serving = dataclasses.replace(SERVING, current=1, retiring=(9,))
    facts = dataclasses.replace(healthy(), projects=["shop-r1", "shop-r9"])
    assert names(leaving(serving, facts)) == ["remove-9", "retired-9"]
    assert "remove-9" not in names(steps(serving, facts))


def test_a_scheduler_that_is_down_is_started_once() -> None:
    found = [dataclasses.replace(item, running=item.kind != "scheduler") for item in containers(1, "unless-stopped")]
    plan = names(steps(SERVING, dataclasses.replace(healthy(), containers=[DB, *found])))
    assert plan.count("start-schedulers") == 1
