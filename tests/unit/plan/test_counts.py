import dataclasses

import pytest

from slipway.model import Scale
from slipway.plan import commands, counts
from slipway.plan.counts import BadCount
from slipway.render.release import release_project
from tests.unit.plan.stacks import API, SHOP, WORKER, release, with_services

SHOP_SCALED = with_services(SHOP, dataclasses.replace(API, scale=Scale(2, 4)))


def test_counts_are_read_once_each() -> None:
    assert counts.asked(["api=3", "worker=0"]) == {"api": 3, "worker": 0}


@pytest.mark.parametrize("word", ["api", "=3", "api=", "api=x", "api=-1", "api=1.5", "api=²", "api=101", "api=3=3"])
def test_what_is_no_count_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(BadCount, match="is not SERVICE=COUNT") as caught:
        counts.asked([word])
    assert caught.value.exit_code == 2
    assert "=3, for example" in caught.value.next_step


def test_a_service_is_given_one_count() -> None:
    with pytest.raises(BadCount, match="twice"):
        counts.asked(["api=3", "api=4"])


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [
        ("apo", 3, "there is no service 'apo'"),
        ("db", 2, "db is a store"),
        ("beat", 2, "never two at once"),
        ("migrate", 2, "migrate is a task"),
        ("api", 1, "api may have 2 to 4 replicas"),
        ("api", 5, "api may have 2 to 4 replicas"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_bounds(name: str, count: int, said: str) -> None:
    with pytest.raises(BadCount, match=said) as caught:
        counts.judge(SHOP_SCALED, {name: count})
    assert "api (2 to 4), worker (1 to 3)" in caught.value.next_step


def test_a_service_without_bounds_runs_as_often_as_its_file_says() -> None:
    with pytest.raises(BadCount, match=r"`deploy.replicas: 2`"):
        counts.judge(SHOP, {"api": 3})
    fixed = with_services(SHOP, dataclasses.replace(WORKER, scale=None))
    with pytest.raises(BadCount, match="no bounds") as caught:
        counts.judge(fixed, {"worker": 2})
    assert caught.value.next_step.startswith("give a service other bounds")


def test_all_that_cannot_be_had_is_told_at_once() -> None:
    with pytest.raises(BadCount) as caught:
        counts.judge(SHOP_SCALED, {"db": 2, "api": 9, "worker": 2})
    assert caught.value.cause.splitlines()[1:] == [
        "  api=9: api may have 2 to 4 replicas",
        "  db=2: db is a store: it has one container, which no verb doubles",
    ]


def test_the_least_is_no_choice() -> None:
    assert counts.kept(SHOP_SCALED, {"api": 3, "gone": 2}, {"api": 2, "worker": 3}) == {"gone": 2, "worker": 3}
    assert counts.kept(SHOP_SCALED, {}, {"api": 4}) == {"api": 4}


def test_a_choice_changes_what_is_started_and_nothing_that_is_rendered() -> None:
    placed = release(1, SHOP_SCALED)
    more = dataclasses.replace(placed, stack=counts.chosen(SHOP_SCALED, {"api": 3}))
    assert commands.started_containers(more, [more.stack.services["api"]]) == ["shop-r1-api-1", "shop-r1-api-2", "shop-r1-api-3"]
    assert release_project(more.stack, more.placement) == release_project(placed.stack, placed.placement)
    assert counts.chosen(SHOP_SCALED, {}) == SHOP_SCALED


@pytest.mark.parametrize(("count", "started"), [(0, 2), (2, 2), (4, 4), (9, 4)])
def test_a_choice_that_outlived_its_bounds_is_held_to_the_new_ones(count: int, started: int) -> None:
    assert counts.chosen(SHOP_SCALED, {"api": count}).services["api"].replicas_started == started


def test_a_choice_is_told_with_what_becomes_of_it() -> None:
    assert counts.told(SHOP_SCALED, {"api": 3, "worker": 9, "beat": 2, "gone": 2}) == {
        "api": "api runs 3 times, the stack file says 2 to 4",
        "worker": "worker runs 3 times: 9 were chosen, but the stack file says 1 to 3",
        "beat": "2 of beat were chosen, but it has no bounds any more: the stack file's number counts",
        "gone": "2 of gone were chosen, but it has no bounds any more: the stack file's number counts",
    }
