"""Openings of the inventory, and the rules they mean."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slipway import firewall
from slipway.load.surroundings import OPEN

DEFAULTS = Path(__file__).resolve().parents[2] / "roles/firewall/defaults/main.yml"
COMMENT = re.compile(r'[a-z0-9 ./:]+ accept(?: comment "([^"\n]*)")?')


def test_an_opening_without_protocol_and_sources_lets_tcp_in_from_everywhere() -> None:
    assert firewall.rules([{"port": 9443, "why": "a partner"}]) == ['tcp dport 9443 accept comment "a partner"']


def test_what_is_left_out_may_also_be_empty() -> None:
    entry = {"port": "9443", "why": "x", "protocol": None, "sources": None}
    assert firewall.rules([entry]) == ['tcp dport 9443 accept comment "x"']


def test_each_source_gets_a_rule_of_its_family() -> None:
    entry = {"port": 51820, "protocol": "udp", "sources": ["192.0.2.0/24", "2001:db8::/32", "192.0.2.7", "fe80::1"], "why": "vpn"}
    assert firewall.rules([entry]) == [
        'ip saddr 192.0.2.0/24 udp dport 51820 accept comment "vpn"',
        'ip6 saddr 2001:db8::/32 udp dport 51820 accept comment "vpn"',
        'ip saddr 192.0.2.7/32 udp dport 51820 accept comment "vpn"',
        'ip6 saddr fe80::1/128 udp dport 51820 accept comment "vpn"',
    ]


def test_an_address_within_its_network_stands_for_the_network() -> None:
    assert firewall.opening({"port": 25, "why": "x", "sources": ["192.0.2.7/24"]}).sources == ("192.0.2.0/24",)


@pytest.mark.parametrize(
    ("why", "kept"),
    [
        ('the "old" office', "the 'old' office"),
        ("two\nlines\tand  blanks", "two lines and blanks"),
        ("back\\slash # and; { more } accept", "back\\slash # and; { more } accept"),
        ("a" * 200, "a" * 127),
        ("é" * 100, "é" * 63),
        ("bell\x07 and \u2028 line", "bell and line"),
    ],
)
def test_a_reason_stays_within_its_quotes(why: str, kept: str) -> None:
    assert firewall.kept_reason(why) == kept


@given(why=st.text())
def test_no_reason_ever_leaves_its_quotes_or_outgrows_nftables(why: str) -> None:
    (rule,) = firewall.rules([{"port": 9443, "why": why}])
    found = COMMENT.fullmatch(rule)
    assert found
    assert len((found[1] or "").encode()) <= 127


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        ({"why": "x"}, "port None is none"),
        ({"port": 0, "why": "x"}, "port 0 is none"),
        ({"port": 65536, "why": "x"}, "port 65536 is none"),
        ({"port": "22; drop", "why": "x"}, "port '22; drop' is none"),
        ({"port": 25, "protocol": "icmp", "why": "x"}, "protocol 'icmp' is unknown"),
        ({"port": 25, "sources": ["all"], "why": "x"}, "'all' is no network"),
        ({"port": 25, "sources": ["192.0.2.0/33"], "why": "x"}, "'192.0.2.0/33' is no network"),
    ],
)
def test_what_is_no_opening_is_named(entry: dict[str, Any], cause: str) -> None:
    with pytest.raises(firewall.BadOpening, match=re.escape(cause)) as caught:
        firewall.rules([entry])
    assert caught.value.exit_code == 2
    assert "  next: write " in str(caught.value)


def test_what_is_always_open_is_the_same_for_the_role_and_the_loader() -> None:
    role = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    always = [opening.port for opening in firewall.ALWAYS]
    assert always == list(role["firewall_tcp_ports"]) == list(OPEN)
