from dataclasses import replace
from typing import Any

import pytest

from slipway.codec import from_json
from slipway.model import Queue, Scale, Service, Stack, Store, Task
from slipway.plan.fit import RESERVE_MB, Connections, Found, Need, counted_mb, need, shortages, step
from tests.unit.plan.stacks import API, DB, SHOP, WORKER, release, with_services

SIZES = {"api": 256, "worker": 200, "beat": 64, "migrate": 300, "seed": 4000, "db": 512}
STACK = with_services(SHOP, *(replace(service, memory_mb=SIZES[name]) for name, service in SHOP.services.items()))
OLD = release(1, STACK)
USED = {"shop-r1-api-1": 100.0, "shop-r1-api-2": 300.0, "shop-r1-worker-1": 50.0, "shop-r1-beat-1": 64.0, "shop-db-1": 80.0}
GROWTH = 156 + 0 + 150 + 0


def changed(name: str, **words: Any) -> Stack:
    return with_services(STACK, replace(STACK.services[name], **words))


def reserved(text: str) -> dict[str, Any]:
    return {"deploy": {"resources": {"reservations": {"memory": text}}}}


def test_the_worst_moment_of_a_next_release_has_its_workers_beside_the_old_ones() -> None:
    found = need(STACK, OLD)
    assert found.new_mb == {"api": 512, "worker": 200}, "the least of the workers, and the old scheduler ends first"
    assert found.when == "once its workers run too"
    assert found.serving == 1
    assert {name for name in found.serving_mb if "-worker-" in name} == {f"shop-r1-worker-{index}" for index in (1, 2, 3)}
    assert "shop-db-1" not in found.serving_mb


def test_a_scheduler_is_counted_as_far_as_it_is_larger_than_the_one_that_ends_before_it() -> None:
    assert need(changed("beat", memory_mb=100), OLD).new_mb == {"api": 512, "worker": 200, "beat": 36}
    assert need(STACK, None).new_mb == {"api": 512, "worker": 200, "beat": 64}


def test_tasks_run_one_after_another_and_those_on_demand_are_not_of_a_deploy() -> None:
    check = Service("check", "shop/app:1.0", task=Task("verify"), memory_mb=900)
    assert need(changed("migrate", memory_mb=2000), OLD).new_mb == {"migrate": 2000}
    assert need(with_services(STACK, check), OLD).new_mb == {"api": 512, "check": 900}


@pytest.mark.parametrize(
    ("compose", "mb"),
    [
        ({}, 256),
        (reserved(str(64 << 20)), 64),
        ({"mem_reservation": str(32 << 20)}, 32),
        (reserved("0"), 256),
        ({"deploy": {"resources": {"limits": {"memory": "1"}}}}, 256),
    ],
)
def test_a_reservation_is_counted_in_place_of_the_limit(compose: dict[str, Any], mb: int) -> None:
    assert counted_mb(Service("api", "a/b:1", compose, memory_mb=256)) == mb


def test_what_serves_may_grow_to_its_limits_while_the_new_release_starts() -> None:
    wanted = 512 + 200 + GROWTH + RESERVE_MB
    assert shortages(need(STACK, OLD), Found(wanted, USED)) == []
    (short,) = shortages(need(STACK, OLD), Found(wanted - 1, USED))
    assert short.cause == (
        f"{wanted} MiB of memory are needed and {wanted - 1} MiB are left: the new release 712 MiB once its workers run too "
        f"(api 512, worker 200), release 1, which serves, up to {GROWTH} MiB more than it uses now, "
        "128 MiB stay for the host"
    )
    assert any("limits.memory" in text for text in short.helps)
    assert not any("standby" in text for text in short.helps), "nothing stands by"


def test_the_stores_of_a_first_release_count_until_they_run() -> None:
    wanted = 512 + 200 + 64 + 512 + RESERVE_MB
    assert shortages(need(STACK, None), Found(wanted)) == []
    (short,) = shortages(need(STACK, None), Found(wanted - 1))
    assert "stores that start 512 MiB (shop-db-1 512)" in short.cause
    assert shortages(need(STACK, None), Found(wanted - 512, {"shop-db-1": 20.0})) == []


def test_who_still_stands_by_is_named_with_the_way_to_have_none() -> None:
    (short,) = shortages(need(STACK, OLD), Found(10, USED, leaving={7: 310.4}))
    assert "let release 7 (310 MiB) leave first, or have none stand by: `watch.standby: cold`" in short.helps


def test_a_lone_worker_could_wait_for_the_old_one_and_several_could_not() -> None:
    alone = changed("worker", scale=None)
    assert any("worker never run twice: `deploy.update_config.order: stop-first`" in text for text in helps(alone))
    assert not any("stop-first" in text for text in helps(STACK))


def helps(stack: Stack) -> tuple[str, ...]:
    (short,) = shortages(need(stack, OLD), Found(10, USED))
    return short.helps


ASKING = with_services(
    STACK,
    replace(STACK.services["api"], connections={"db": 5}),
    replace(STACK.services["worker"], connections={"db": 2}, scale=Scale(1, 3)),
    replace(STACK.services["beat"], connections={"db": 1}),
    replace(STACK.services["migrate"], connections={"db": 4}),
)


def test_both_generations_connect_at_their_most_and_what_never_runs_twice_once() -> None:
    (one,) = need(ASKING, release(1, ASKING)).connections
    assert (one.container, one.users) == ("shop-db-1", {"api": 20, "worker": 12, "beat": 1, "migrate": 4})
    assert one.total == 37


def test_the_old_generation_counts_with_its_own_words() -> None:
    before = with_services(ASKING, replace(API, connections={"db": 40}))
    (one,) = need(ASKING, release(1, before)).connections
    assert one.users["api"] == 2 * 40 + 2 * 5
    (gone,) = need(with_services(ASKING, without=("worker",)), release(1, ASKING)).connections
    assert gone.users["worker"] == 6, "it is still connected"


def test_a_store_is_asked_where_it_can_tell_and_is_not_about_to_be_made_anew() -> None:
    assert need(STACK, OLD).connections == (), "nobody says that it connects"
    for engine in ("pooler", "other"):
        assert need(with_services(ASKING, replace(DB, store=Store(engine))), OLD).connections == ()
    raised = with_services(ASKING, replace(DB, compose={"command": ["postgres", "-c", "max_connections=500"]}))
    assert need(raised, release(1, ASKING)).connections == ()
    queued = with_services(ASKING, replace(WORKER, queue=Queue("db", "rq", ("q",))))
    assert len(need(queued, OLD).connections) == 1


def test_too_many_connections_are_told_with_who_opens_them() -> None:
    one = Connections("db", "shop-db-1", "postgres", 100, {"api": 90, "worker": 12})
    needed, enough = Need(connections=(one,), alone=("worker",)), {"db": 102}
    assert shortages(needed, Found(9000, allowed=enough)) == []
    assert shortages(needed, Found(9000)) == [], "what does not run yet, or does not say, refuses nothing"
    (short,) = shortages(needed, Found(9000, allowed={"db": 50}))
    assert short.cause == (
        "db allows 50 connections (the stack file says 100), and both generations may open 102 (api 90, worker 12)"
    )
    assert any("`-c max_connections=102`" in text and "`--base`" in text for text in short.helps)
    assert any("stop-first" in text for text in short.helps)


def test_the_step_says_what_is_counted_and_carries_all_of_it() -> None:
    needed = need(ASKING, release(1, ASKING), ["shop/app:1.1", "shop/app:1.1", "postgres:17"])
    made = step(needed)
    assert made.why == "be sure that the host has room for both generations: 712 MiB of memory, 37 connections to db, disk"
    assert from_json(Need, made.arguments["need"]) == needed
    assert needed.images == ("postgres:17", "shop/app:1.1")
