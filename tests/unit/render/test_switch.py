import dataclasses

from slipway.model import Domain, Health, Route
from slipway.render.switch import Target, from_arguments, home_network, rules, slot_targets, started, to_arguments
from tests.unit.plan.stacks import API, DB, SHOP, release, with_services

WIDE = with_services(SHOP, dataclasses.replace(API, replicas=3))


def test_each_slot_leads_to_its_replica() -> None:
    placed = release(1)
    assert slot_targets(placed.stack, placed.placement, started(SHOP)) == {
        20001: Target("10.213.1.2", 8000),
        20002: Target("10.213.1.3", 8000),
    }


def test_free_slots_lead_to_running_replicas_in_turn() -> None:
    placed = release(1, WIDE)
    found = slot_targets(WIDE, placed.placement, {"api-2", "api-3"})
    assert [target.address for target in found.values()] == ["10.213.1.3", "10.213.1.3", "10.213.1.4"]


def test_slots_of_a_service_of_which_none_runs_keep_their_addresses() -> None:
    placed = release(1)
    found = slot_targets(SHOP, placed.placement, ())
    assert [target.address for target in found.values()] == ["10.213.1.2", "10.213.1.3"]


def test_a_replica_is_reached_where_its_default_route_goes() -> None:
    assert home_network(SHOP, API) == ("app", False)


def test_a_service_with_internal_networks_only_is_masqueraded() -> None:
    inside = with_services(SHOP, dataclasses.replace(API, networks={"data": ()}))
    placed = release(1, inside)
    found = slot_targets(inside, placed.placement, started(inside))
    assert found[20001] == Target("10.213.1.2", 8000, masqueraded=True)
    assert "            10.213.1.2,\n" in rules(found)


def test_a_store_with_a_route_has_one_slot_in_the_base() -> None:
    store = dataclasses.replace(DB, name="objects", routes=(Route("files", 9000),), health=Health("/"))
    stack = dataclasses.replace(with_services(SHOP, store), domains={**SHOP.domains, "files": Domain("files.example")})
    placed = release(1, stack)
    assert slot_targets(stack, placed.placement, started(stack))[placed.placement.slots["objects-9000-1"]] == Target(
        "10.213.0.3", 9000, masqueraded=True
    )


def test_the_table_is_replaced_as_a_whole() -> None:
    assert rules({20002: Target("10.213.1.3", 8000), 20001: Target("10.213.1.2", 8000, masqueraded=True)}).splitlines() == [
        "table ip slipway_switch",
        "delete table ip slipway_switch",
        "table ip slipway_switch {",
        "    map up {",
        "        type inet_service : ipv4_addr . inet_service",
        "        elements = {",
        "            20001 : 10.213.1.2 . 8000,",
        "            20002 : 10.213.1.3 . 8000,",
        "        }",
        "    }",
        "    set masqueraded {",
        "        type ipv4_addr",
        "        elements = {",
        "            10.213.1.2,",
        "        }",
        "    }",
        "    chain out {",
        "        type nat hook output priority -110; policy accept;",
        "        ip daddr 10.255.77.1 dnat ip to tcp dport map @up",
        "    }",
        "    chain back {",
        "        type nat hook postrouting priority srcnat - 10; policy accept;",
        "        ip saddr 10.255.77.1 ip daddr @masqueraded masquerade",
        "    }",
        "}",
    ]


def test_an_empty_switch_is_a_table_without_elements() -> None:
    assert "elements" not in rules({})


def test_targets_survive_the_way_through_a_step() -> None:
    targets = {20001: Target("10.213.1.2", 8000, masqueraded=True), 20002: Target("10.213.1.3", 8001)}
    assert from_arguments(to_arguments(targets)) == targets
