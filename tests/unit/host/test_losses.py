"""What somebody took from the release that serves, or put beside it."""

from dataclasses import replace

import pytest

from slipway.host.losses import Loss, containers
from slipway.plan.resume import Found
from tests.unit.plan.test_resume import ONE, SERVING, healthy

API = "shop-r1-api-1"


def told(*found: Found, without: str = "") -> list[tuple[str, str]]:
    facts = healthy()
    others = [item for item in facts.containers if item.name not in {without, *(one.name for one in found)}]
    losses = containers(SERVING, replace(facts, containers=[*others, *found]), ONE)
    assert {type(loss) for loss in losses} <= {Loss}
    assert {loss.kind for loss in losses} <= {"container"}
    return [(loss.name, loss.what) for loss in losses]


def test_a_release_that_serves_whole_has_lost_nothing() -> None:
    assert told() == []


@pytest.mark.parametrize("name", [item.name for item in healthy().containers])
def test_each_container_that_is_gone_or_down_is_named(name: str) -> None:
    assert told(without=name) == [(name, "is gone")]
    there = next(item for item in healthy().containers if item.name == name)
    assert told(replace(there, running=False)) == [(name, "does not run")]


def test_a_container_that_would_stay_down_after_a_power_cut_is_named_but_for_stores() -> None:
    api = next(item for item in healthy().containers if item.name == API)
    assert told(replace(api, restart="no")) == [(API, "would not come back after a power cut (restart rule no)")]
    db = next(item for item in healthy().containers if item.kind == "store")
    assert told(replace(db, restart="no")) == [], "Compose says how a store restarts"


def test_what_no_record_names_is_told_and_what_is_on_its_way_is_not() -> None:
    assert told(Found("shop-r9-api-1", "shop-r9", "web", running=True)) == [
        ("shop-r9-api-1", "is of release 9, which no record names")
    ]
    assert told(Found("shop-tool", "shop", "", running=True)) == [("shop-tool", "was started beside the release")]
    assert told(Found("shop-r1-api-9", "shop-r1", "web")) == [], "more replicas than were started are nobody's mistake"
    leaving = replace(SERVING, retiring=(9,), standby=8)
    facts = healthy()
    more = [*facts.containers, *(Found(f"shop-r{number}-api-1", f"shop-r{number}", "web", running=True) for number in (8, 9))]
    assert containers(leaving, replace(facts, containers=more), ONE) == []
