import dataclasses

import pytest

from slipway.errors import HostError
from slipway.model import Scale
from slipway.plan.place import Taken, place
from tests.unit.plan.stacks import API, DB, SHOP, WORKER, images_of, release, with_services


def test_the_lowest_free_subnets_are_given() -> None:
    taken = Taken(("10.213.1.0/24", "10.213.3.128/25", "172.17.0.0/16", "fd00::/64"))
    placement = place(SHOP, 1, taken)
    assert placement.base_subnets == {"data": "10.213.0.0/24"}
    assert placement.subnets == {"app": "10.213.2.0/24", "data": "10.213.4.0/24"}


def test_a_network_that_holds_the_pool_leaves_nothing() -> None:
    with pytest.raises(HostError, match="no /24 is free"):
        place(SHOP, 1, Taken(("10.0.0.0/8",)))


def test_replicas_get_addresses_below_the_middle_and_tasks_none() -> None:
    addresses = place(SHOP, 1, Taken()).addresses
    assert addresses["api-1"] == {"app": "10.213.1.2", "data": "10.213.2.2"}
    assert addresses["api-2"] == {"app": "10.213.1.3", "data": "10.213.2.3"}
    assert set(addresses) == {"db-1", "api-1", "api-2", "beat-1", "worker-1", "worker-2", "worker-3"}


def test_a_full_network_says_what_to_lower() -> None:
    many = dataclasses.replace(WORKER, scale=Scale(1, 130))
    with pytest.raises(HostError, match="no free address") as caught:
        place(with_services(SHOP, many), 1, Taken())
    assert "scale.max" in caught.value.next_step


def test_what_the_base_has_stays_with_the_next_release() -> None:
    first = release(1)
    early = dataclasses.replace(DB, name="cache")
    second = release(2, with_services(SHOP, early), first.placement)
    assert second.placement.base_subnets == first.placement.base_subnets
    assert second.placement.addresses["db-1"] == first.placement.addresses["db-1"] == {"data": "10.213.0.2"}
    assert second.placement.addresses["cache-1"] == {"data": "10.213.0.3"}
    assert not set(second.placement.subnets.values()) & set(first.placement.subnets.values())


def test_slots_stay_and_a_freed_one_is_not_given_on_at_once() -> None:
    first = place(SHOP, 1, Taken(slots=(20001,)))
    assert first.slots == {"api-8000-1": 20002, "api-8000-2": 20003}
    renamed = with_services(SHOP, dataclasses.replace(API, name="front", replicas=3), without=("api",))
    second = place(renamed, 2, Taken(slots=(20001,)), first)
    assert second.slots == {"front-8000-1": 20004, "front-8000-2": 20005, "front-8000-3": 20006}
    wider = place(with_services(SHOP, dataclasses.replace(API, replicas=3)), 2, Taken(slots=(20001,)), first)
    assert wider.slots == {**first.slots, "api-8000-3": 20004}


def test_no_port_left_at_the_edge_is_a_fault_of_the_host() -> None:
    with pytest.raises(HostError, match="no port"):
        place(SHOP, 1, Taken(slots=range(20001, 30000)))


def test_images_are_taken_over() -> None:
    placement = place(SHOP, 1, Taken(), None, images_of(SHOP))
    assert placement.images["db"] == f"postgres@sha256:{'a' * 64}"
    assert placement.users == {"db": 999}
