import dataclasses

from slipway.render.egress import fences, rules
from tests.unit.plan.stacks import SHOP, release

NARROW = dataclasses.replace(SHOP, egress_ports=(587, 443))


def test_a_stack_that_says_nothing_may_open_all_but_mail() -> None:
    assert "        ip saddr 10.213.1.0/24 tcp dport 25 counter reject with tcp reset\n" in rules({"10.213.1.0/24": []})


def test_a_stack_that_names_ports_may_open_these_and_no_other_but_name_servers() -> None:
    text = rules({"10.213.1.0/24": [443, 25]})
    assert "        ip saddr 10.213.1.0/24 tcp dport != { 25, 53, 443 } counter reject with tcp reset\n" in text
    assert "dport 25 " not in text


def test_every_network_of_a_release_is_fenced_and_so_are_the_shared_ones() -> None:
    placed = release(1, NARROW)
    found = fences([placed])
    assert set(found) == {*placed.placement.subnets.values(), *placed.placement.base_subnets.values()}
    assert set(map(tuple, found.values())) == {(443, 587)}


def test_a_release_in_the_making_has_its_own_word_and_the_shared_networks_follow_who_serves() -> None:
    old = release(1, SHOP)
    new = release(2, NARROW, old.placement)
    shared = next(iter(old.placement.base_subnets.values()))
    own = {placed.number: next(iter(placed.placement.subnets.values())) for placed in (old, new)}
    assert own[1] != own[2]
    before, after = fences([old, new]), fences([new, old])
    assert (before[own[1]], before[own[2]], before[shared]) == ([], [443, 587], [])
    assert (after[own[1]], after[own[2]], after[shared]) == ([], [443, 587], [443, 587])


def test_what_stays_between_containers_and_what_answers_is_let_through_first() -> None:
    assert rules({"10.213.1.0/24": []}).splitlines() == [
        "table inet slipway_egress",
        "delete table inet slipway_egress",
        "table inet slipway_egress {",
        "    chain forward {",
        "        type filter hook forward priority -5; policy accept;",
        "        ct state established,related accept",
        '        oifname "docker0" accept',
        '        oifname "br-*" accept',
        '        oifname "veth*" accept',
        "        ip saddr 10.213.1.0/24 tcp dport 25 counter reject with tcp reset",
        "    }",
        "}",
    ]
