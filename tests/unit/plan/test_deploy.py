import dataclasses

import pytest

from slipway.errors import ReleaseRefused
from slipway.model import Mount, Task, Watch
from slipway.plan import retire
from slipway.plan.deploy import Before, back, steps
from slipway.plan.step import Step
from slipway.render.base import base_project
from tests.unit.plan.stacks import API, DB, MIGRATE, SEED, SHOP, release, with_services

OLD = release(1)
BASE = base_project(OLD.stack, OLD.placement)


def names(plan: list[Step]) -> list[str]:
    return [step.name for step in plan]


def step(plan: list[Step], name: str) -> Step:
    return next(step for step in plan if step.name == name)


def test_a_first_release_makes_the_base_and_has_nothing_to_retire() -> None:
    plan = steps(release(1), Before(), "site")
    assert names(plan) == [
        "begin",
        "pull-api",
        "pull-db",
        "write-release",
        "volume-pg",
        "volume-beat",
        "write-candidate",
        "start-base",
        "write-base",
        "stores",
        "task-migrate",
        "create",
        "start-web",
        "ask-api",
        "check-site",
        "start-workers",
        "record",
        "switch",
        "restart-new",
        "site",
        "start-schedulers",
        "restart-schedulers",
        "certificates",
    ]


def test_a_next_release_starts_beside_the_old_one() -> None:
    plan = steps(release(2, previous=OLD.placement), Before(OLD, BASE, site="site"), "site")
    assert names(plan)[names(plan).index("record") :] == [
        "record",
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


def test_stores_that_did_not_change_are_only_waited_for() -> None:
    plan = steps(release(2, previous=OLD.placement), Before(OLD, BASE, site="site"), "site")
    assert not {"pull-db", "start-base", "write-base", "write-candidate", "check-site"} & set(names(plan))
    assert step(plan, "stores").argv == ()
    assert step(plan, "stores").arguments == {"containers": ["shop-db-1"]}


def test_a_changed_store_is_refused_before_any_step() -> None:
    changed = release(2, with_services(SHOP, dataclasses.replace(DB, stop_grace_seconds=99)), OLD.placement)
    with pytest.raises(ReleaseRefused, match="would be made anew"):
        steps(changed, Before(OLD, BASE), "site")
    allowed = steps(changed, Before(OLD, BASE, base_allowed=True), "site")
    assert step(allowed, "start-base").argv[-4:] == ("up", "--detach", "--no-deps", "db")


def test_only_a_new_store_is_started() -> None:
    cache = dataclasses.replace(DB, name="cache", mounts=(Mount("volume", "/data", "cache"),))
    plan = steps(release(2, with_services(SHOP, cache), OLD.placement), Before(OLD, BASE), "site")
    assert step(plan, "start-base").argv[-4:] == ("up", "--detach", "--no-deps", "cache")
    assert step(plan, "stores").arguments == {"containers": ["shop-cache-1", "shop-db-1"]}


def test_a_store_may_leave_with_permission_but_never_its_volume() -> None:
    plan = steps(release(2, with_services(SHOP, without=("db",)), OLD.placement), Before(OLD, BASE, base_allowed=True), "site")
    assert step(plan, "remove-stores").argv == ("docker", "rm", "--force", "shop-db-1")
    assert "start-base" not in names(plan)
    assert not [word for step in plan for word in step.argv if word in ("down", "--volumes")]


def test_a_stack_without_web_services_needs_no_site_and_no_question() -> None:
    alone = dataclasses.replace(with_services(SHOP, without=("api",)), domains={})
    plan = steps(release(1, alone), Before(), "")
    assert not {"start-web", "ask-api", "check-site", "certificates"} & set(names(plan))
    assert step(plan, "switch").arguments == {"targets": {}}
    assert step(plan, "site").arguments == {"text": ""}


def test_a_stack_without_stores_has_no_base() -> None:
    alone = dataclasses.replace(with_services(SHOP, without=("db",)), secret_files={})
    plan = steps(release(1, alone), Before(base={"name": "shop", "services": {}}), "site")
    assert not {"start-base", "stores", "write-base"} & set(names(plan))


def test_tasks_run_in_the_order_of_their_dependencies() -> None:
    first = dataclasses.replace(MIGRATE, name="zeroth")
    second = dataclasses.replace(MIGRATE, depends_on={"zeroth": "service_completed_successfully"})
    buckets = dataclasses.replace(MIGRATE, name="buckets", task=Task("start"))
    verify = dataclasses.replace(MIGRATE, name="smoke", task=Task("verify"))
    after = dataclasses.replace(MIGRATE, name="greet", task=Task("released"))
    plan = steps(release(1, with_services(SHOP, first, second, buckets, verify, after)), Before(), "site")
    ran = [name for name in names(plan) if name.startswith("task-") or name in ("start-web", "record")]
    assert ran == ["task-buckets", "task-zeroth", "task-migrate", "start-web", "task-smoke", "record", "task-greet"]


def test_who_goes_back_runs_the_tasks_of_a_return_and_not_those_of_a_release() -> None:
    released = dataclasses.replace(MIGRATE, name="greet", task=Task("released"))
    returned = dataclasses.replace(MIGRATE, name="sweep", task=Task("returned"))
    new = release(2, with_services(SHOP, released, returned), OLD.placement)
    for returns, wanted in ((False, "task-greet"), (True, "task-sweep")):
        plan = names(steps(new, Before(OLD, BASE, base_allowed=True, returns=returns), "site"))
        assert plan[plan.index("record") :][-1] == wanted
        assert len([name for name in plan if name in ("task-greet", "task-sweep")]) == 1


def test_a_task_on_demand_is_never_started() -> None:
    assert SEED.name in SHOP.services
    assert not [step for step in steps(release(1), Before(), "site") if any("seed" in word for word in step.argv)]


def test_every_start_names_what_it_starts() -> None:
    for begun in steps(release(2, previous=OLD.placement), Before(OLD, BASE), "site"):
        if "up" in begun.argv or ("create" in begun.argv and "compose" in begun.argv):
            assert [word for word in begun.argv if word.startswith("r2-")], begun.name


def test_the_drain_lasts_as_long_as_the_slowest_route_and_workers_their_own_grace() -> None:
    way_out = retire.leave(OLD, 0)
    assert step(way_out, "drain-1").limit_seconds == 300
    assert step(way_out, "drain-1").arguments == {"containers": {"shop-r1-api-1": [8000], "shop-r1-api-2": [8000]}}
    assert step(way_out, "workers-1-ended").limit_seconds == 135
    plan = steps(release(2, previous=OLD.placement), Before(OLD, BASE), "site")
    assert step(plan, "stop-workers-1").argv == ("docker", "stop", "shop-r1-worker-1", "shop-r1-worker-2", "shop-r1-worker-3")
    assert step(plan, "start-web").limit_seconds == 105


def test_slots_of_a_service_that_left_lead_to_the_old_release_until_the_site_changed() -> None:
    renamed = with_services(SHOP, dataclasses.replace(API, name="front"), without=("api",))
    plan = steps(release(2, renamed, OLD.placement), Before(OLD, BASE, site="old"), "new")
    assert set(step(plan, "switch").arguments["targets"]) == {"20001", "20002", "20003", "20004"}
    assert step(plan, "switch").arguments["targets"]["20001"] == ["10.213.1.2", 8000, False]
    assert names(plan).index("site") < names(plan).index("trim-switch")
    assert set(step(plan, "trim-switch").arguments["targets"]) == {"20003", "20004"}


def test_names_of_steps_are_unique() -> None:
    plan = names(steps(release(2, previous=OLD.placement), Before(OLD, None), "site"))
    assert len(plan) == len(set(plan))


def test_nothing_before_the_record_touches_the_old_release() -> None:
    plan = steps(release(2, previous=OLD.placement), Before(OLD, BASE, site="site"), "other")
    until = plan[: names(plan).index("record")]
    assert not [step for step in until if "shop-r1" in f"{step.argv} {step.arguments}"]
    assert {step.action for step in until} <= {"record", "pull", "write", "run", "start", "ask", "task", "check-site"}


def test_going_back_takes_only_the_new_release() -> None:
    assert [(step.action, dict(step.arguments)) for step in back(release(2, previous=OLD.placement))] == [
        ("remove", {"project": "shop-r2", "grace_seconds": 120}),
        ("record", {"change": "abandoned", "number": 2}),
    ]


def test_on_the_way_back_to_an_earlier_image_its_migrations_do_not_run_again() -> None:
    new = release(2, previous=OLD.placement)
    image = new.placement.images["migrate"]
    assert "task-migrate" in names(steps(new, Before(OLD, BASE), "site"))
    assert "task-migrate" not in names(steps(new, Before(OLD, BASE, migrated=frozenset({image})), "site"))


def test_the_record_says_how_long_the_release_is_watched() -> None:
    assert step(steps(release(1), Before(), "site"), "record").arguments == {"change": "switched", "number": 1, "watch": 300}
    unwatched = dataclasses.replace(SHOP, watch=Watch(seconds=0))
    assert step(steps(release(1, unwatched), Before(), "site"), "record").arguments["watch"] == 0


def test_several_hosts_meet_right_before_the_record_and_one_alone_never() -> None:
    new = release(2, previous=OLD.placement)
    alone, met = (steps(new, Before(OLD, BASE, site="site", together=called), "other") for called in ("", "c0ffee"))
    assert [step for step in met if step.name not in ("gate", "record")] == [step for step in alone if step.name != "record"]
    assert names(met)[names(met).index("gate") + 1] == "record"
    assert step(met, "gate").arguments == {"together": "c0ffee"}
    assert step(met, "record").arguments == {**step(alone, "record").arguments, "together": "c0ffee"}
