"""Rules in the kernel beside the written ones, from listings of nft 1.1."""

import pytest

from slipway.host_rules import ADDRESS, difference, in_force, judged, tables

FIREWALL = """\
table inet slipway {
\tchain openings {
\t\ttcp dport { 22, 80, 443 } accept
\t}

\tchain input {
\t\ttype filter hook input priority -10; policy drop;
\t\tiifname "lo" accept
\t\tudp sport 67 udp dport 68 accept
\t\tjump openings
\t\tcounter drop
\t}
}
"""
SWITCH = """\
table ip slipway_switch {
\tmap up {
\t\ttype inet_service : ipv4_addr . inet_service
\t\telements = { 20001 : 10.213.0.2 . 8000, 20003 : 10.213.0.4 . 8000,
\t\t\t     20004 : 10.213.0.5 . 8000 }
\t}

\tchain out {
\t\ttype nat hook output priority -110; policy accept;
\t\tip daddr 10.255.77.1 dnat ip to tcp dport map @up
\t}
}
"""
BOTH = FIREWALL + SWITCH


def test_tables_are_told_by_their_names() -> None:
    assert list(tables(BOTH)) == ["inet slipway", "ip slipway_switch"]
    assert tables("") == {}


def test_what_is_as_written_differs_in_nothing() -> None:
    assert difference(BOTH, BOTH) == {"lost": [], "stray": []}
    assert judged(BOTH, BOTH, lambda _: True) == {
        "rules_in_force": True,
        "traffic_in_force": True,
        "rules": {"lost": [], "stray": []},
    }


@pytest.mark.parametrize(
    ("old", "new", "lost", "stray"),
    [
        ("\t\tjump openings\n", "", ["inet slipway input: jump openings"], []),
        ("\t\tjump openings\n", "\t\tjump openings\n\t\taccept\n", [], ["inet slipway input: accept"]),
        (
            "{ 22, 80, 443 }",
            "{ 22, 80, 443, 5432 }",
            ["inet slipway openings: tcp dport { 22, 80, 443 } accept"],
            ["inet slipway openings: tcp dport { 22, 80, 443, 5432 } accept"],
        ),
        (
            "policy drop;",
            "policy accept;",
            ["inet slipway input: type filter hook input priority -10; policy drop;"],
            ["inet slipway input: type filter hook input priority -10; policy accept;"],
        ),
        (
            "20003 : 10.213.0.4",
            "20003 : 10.213.0.9",
            ["ip slipway_switch up: 20003 : 10.213.0.4 . 8000"],
            ["ip slipway_switch up: 20003 : 10.213.0.9 . 8000"],
        ),
        ("20003 : 10.213.0.4 . 8000,", "", ["ip slipway_switch up: 20003 : 10.213.0.4 . 8000"], []),
        ('\t\tiifname "lo" accept\n\t\tudp', "\t\tudp", ['inet slipway input: iifname "lo" accept'], []),
    ],
)
def test_each_rule_and_element_is_told_with_its_place(old: str, new: str, lost: list[str], stray: list[str]) -> None:
    assert old in BOTH
    assert difference(BOTH.replace(old, new), BOTH) == {"lost": lost, "stray": stray}


def test_another_order_is_a_difference() -> None:
    turned = FIREWALL.replace("\t\tjump openings\n\t\tcounter drop\n", "\t\tcounter drop\n\t\tjump openings\n")
    assert difference(turned, FIREWALL) == {"lost": [], "stray": ["inet slipway (another order)"]}
    assert not in_force(turned, FIREWALL, "inet slipway")


def test_a_table_that_is_gone_is_one_loss_and_one_nobody_wrote_is_none() -> None:
    assert difference(SWITCH, BOTH) == {"lost": ["inet slipway (the whole table)"], "stray": []}
    assert difference(BOTH, FIREWALL) == {"lost": [], "stray": []}


def test_a_host_without_rules_has_no_firewall_in_force_and_no_traffic_to_lead() -> None:
    assert judged("", "") == {"rules_in_force": False, "traffic_in_force": True, "rules": {"lost": [], "stray": []}}


def test_the_switch_is_nothing_without_its_address() -> None:
    told = judged(BOTH, BOTH, lambda address: address != ADDRESS)
    assert (told["rules_in_force"], told["traffic_in_force"]) == (True, False)
    assert told["rules"]["lost"] == [f"ip slipway_switch address {ADDRESS}"]
    assert judged(FIREWALL, FIREWALL, lambda _: False)["traffic_in_force"]
