import dataclasses
from typing import Any

import pytest

from slipway.errors import ReleaseRefused
from slipway.model import Stack
from slipway.plan.base import BaseChange, compare, judge
from slipway.render.base import base_project
from tests.unit.plan.stacks import DB, SHOP, release, with_services


def base_of(stack: Stack = SHOP, digest: str = "a" * 64) -> dict[str, Any]:
    placed = release(2, stack, release(1).placement, digest)
    return base_project(placed.stack, placed.placement)


def test_the_same_stores_are_no_change() -> None:
    assert compare(base_of(), base_of()) == BaseChange()


def test_a_first_base_is_all_new() -> None:
    assert compare(None, base_of()) == BaseChange(added=("db",), differs=True)


def test_a_new_store_is_simply_added() -> None:
    change = compare(base_of(), base_of(with_services(SHOP, dataclasses.replace(DB, name="cache"))))
    assert (change.added, change.needs_permission) == (("cache",), False)
    judge(change, "shop", allowed=False)


def test_another_image_of_a_store_needs_permission() -> None:
    change = compare(base_of(), base_of(digest="b" * 64))
    assert change.changed == ("db",)
    with pytest.raises(ReleaseRefused, match="db would be made anew") as caught:
        judge(change, "shop", allowed=False)
    assert "base=shop" in caught.value.next_step
    judge(change, "shop", allowed=True)


def test_a_store_that_left_the_file_is_not_taken_away_without_permission() -> None:
    change = compare(base_of(), base_of(with_services(SHOP, without=("db",))))
    assert change.removed == ("db",)
    with pytest.raises(ReleaseRefused, match="its volumes stay"):
        judge(change, "shop", allowed=False)


def test_a_changed_shared_network_is_refused_even_with_permission() -> None:
    change = BaseChange(networks=("data",), differs=True)
    with pytest.raises(ReleaseRefused, match="cannot change a network in use"):
        judge(change, "shop", allowed=True)
