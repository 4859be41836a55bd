"""What hosts said of their firewall, recorded, and what it means beside what is declared."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway import firewall as declared
from slipway.environment import Opening
from slipway.ops import firewall
from slipway.ops.firewall_reading import Listener, Way, read_listeners, read_wall
from slipway.ops.hosts import Host
from slipway.ops.ssh import Answer

RECORDED = Path(__file__).parent / "recorded"
EVERY = "0.0.0.0"  # noqa: S104 - read, never bound
HOST = Host("one", "192.0.2.1", user="ops")
SOURCES = ("192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "fe80::1", "0.0.0.0/0", "::/0")
OPENINGS = (
    *declared.ALWAYS,
    Opening(7000, 'a "quoted" reason'),
    Opening(7002, "all kinds of sources", sources=SOURCES),
    Opening(51820, "a tunnel", "udp"),
)
SOCKETS = """\
udp UNCONN 0      0         127.0.0.11:56156 0.0.0.0:*
udp UNCONN 0      0      127.0.0.53%lo:53    0.0.0.0:*    users:(("systemd-resolve",pid=8,fd=7))
tcp LISTEN 0      511          0.0.0.0:80    0.0.0.0:*    users:(("nginx",pid=11,fd=7),("nginx",pid=12,fd=7))
tcp LISTEN 0      511             [::]:80       [::]:*    users:(("nginx",pid=11,fd=8))
tcp LISTEN 0      5                  *:5432        *:*    users:(("post gres",pid=11,fd=8),("a",pid=1,fd=1))
tcp LISTEN 0      5              [::1]:631      [::]:*
udp UNCONN 0      0   [fe80::1]%eth0:546       [::]:*    users:(("dhcp",pid=3,fd=4))
tcp LISTEN 0      5   [::ffff:127.0.0.1]:7777     *:*
"""


def answer(name: str) -> Answer:
    return Answer(0, (RECORDED / f"firewall_{name}.txt").read_text(), "")


def told(name: str, openings: Sequence[Opening] = OPENINGS) -> firewall.Report:
    return firewall.report(HOST, openings, answer(name))


def rule(*expressions: dict[str, Any], chain: str = "openings") -> str:
    """Return the recorded table with one more rule at the front of a chain."""
    table = json.loads(answer("openings").output.partition("\n")[0])
    added = {"rule": {"family": "inet", "table": "slipway", "chain": chain, "expr": list(expressions)}}
    first = next(index for index, item in enumerate(table["nftables"]) if "rule" in item)
    table["nftables"].insert(first, added)
    return json.dumps(table)


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


ACCEPT: dict[str, Any] = {"accept": None}
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}


def test_a_host_that_is_as_declared_has_no_difference() -> None:
    found = told("openings")
    assert found.differences == []
    assert firewall.code([found]) == 0
    assert firewall.as_text([found]).splitlines()[0] == "one (ops@192.0.2.1): as declared"


def test_an_opening_is_told_with_its_reason_and_who_listens_behind_it() -> None:
    lines = firewall.as_text([told("openings")]).splitlines()
    assert '  open         tcp 7000  python3          from everywhere: a "quoted" reason' in lines
    assert "  open         udp 51820 nothing listens  from everywhere: a tunnel" in lines
    assert f"  open         tcp 7002  nothing listens  from {', '.join(SOURCES)}: all kinds of sources" in lines


def test_who_listens_on_a_port_that_is_kept_shut_is_told_published_containers_too() -> None:
    found = told("openings")
    assert [(one.port, one.address, one.programs) for one in found.shut] == [
        (5432, EVERY, ("docker-proxy",)),
        (5432, "::", ("docker-proxy",)),
        (7001, "*", ("python3",)),
    ]
    assert "  kept shut    tcp 5432  docker-proxy     listens on 0.0.0.0, ::" in firewall.as_text([found])


def test_rules_that_somebody_added_or_took_away_are_each_told() -> None:
    found = told("drifted")
    assert "tcp 7000 from everywhere is declared and not let in" in found.differences
    assert "tcp 5430-5432 from everywhere is let in and not declared" in found.differences
    assert "tcp 6000 from 10.212.0.61/32 is let in and not declared" in found.differences
    assert "input: the last rule does not drop what is left" in found.differences
    wide = [difference for difference in found.differences if "more than a port" in difference]
    assert {text.partition(":")[0] for text in wide} == {"early", "input", "openings"}
    assert [number for number in ("10.212.0.62", "6001", "6002", "6003") if not any(number in text for text in wide)] == []
    assert 5432 not in {one.port for one in found.shut}
    assert firewall.code([found]) == 6


def test_what_is_declared_with_other_sources_differs_both_ways() -> None:
    narrowed = [replace(one, sources=SOURCES[1:]) if one.port == 7002 else one for one in OPENINGS]
    assert told("openings", narrowed).differences == ["tcp 7002 from 192.0.2.0/24 is let in and not declared"]
    opened = [replace(one, sources=()) if one.port == 7002 else one for one in OPENINGS]
    assert "tcp 7002 from everywhere is declared and not let in" in told("openings", opened).differences


def test_a_host_without_rules_holds_nothing_back() -> None:
    sockets = answer("openings").output.partition("\n\n")[2]
    found = firewall.report(HOST, OPENINGS, Answer(0, f"{{}}\n{{}}\n\n{sockets}", ""))
    assert found.differences == ["no rules of Slipway are loaded: nothing is held back"]
    assert found.shut == []
    assert firewall.code([found]) == 6


@pytest.mark.parametrize(
    ("expressions", "way"),
    [
        ([match(DPORT, 9000), ACCEPT], Way("tcp", 9000, 9000)),
        ([match(DPORT, {"range": [9000, 9009]}), {"counter": {"packets": 0, "bytes": 0}}, ACCEPT], Way("tcp", 9000, 9009)),
        (
            [match(SADDR, {"prefix": {"addr": "192.0.2.0", "len": 24}}), match(DPORT, 9000), ACCEPT],
            Way("tcp", 9000, 9000, "192.0.2.0/24"),
        ),
        ([match(SADDR, {"set": ["192.0.2.7"]}), match(DPORT, {"set": [9000]}), ACCEPT], Way("tcp", 9000, 9000, "192.0.2.7/32")),
    ],
)
def test_a_rule_that_opens_ports_is_read(expressions: list[dict[str, Any]], way: Way) -> None:
    wall = read_wall(rule(*expressions))
    assert way in wall.early & wall.host
    assert wall.faults == ()


@pytest.mark.parametrize("chain", ["early", "input", "openings"])
@pytest.mark.parametrize(
    "expressions",
    [
        [ACCEPT],
        [{"return": None}],
        [match(SADDR, "192.0.2.7"), ACCEPT],
        [match(DPORT, 9000, "!="), ACCEPT],
        [match(DPORT, "@ports"), ACCEPT],
        [match({"meta": {"key": "iifname"}}, "eth0"), ACCEPT],
        [match({"meta": {"key": "iifname"}}, "lo", "!="), ACCEPT],
        [match({"ct": {"key": "state"}}, ["established", "new"], "in"), ACCEPT],
        [match({"meta": {"key": "l4proto"}}, "tcp"), ACCEPT],
        [{"jump": {"target": "elsewhere"}}],
    ],
)
def test_a_rule_that_lets_in_more_than_ports_is_a_fault(chain: str, expressions: list[dict[str, Any]]) -> None:
    (fault,) = read_wall(rule(*expressions, chain=chain)).faults
    assert fault.startswith(f"{chain}: a rule that is not Slipway's")


def test_sockets_are_read_in_every_form_of_an_address() -> None:
    found = {(one.protocol, one.port): one for one in read_listeners(SOCKETS) if one.address != "::"}
    assert found[("tcp", 80)] == Listener("tcp", 80, EVERY, ("nginx",))
    assert found[("tcp", 5432)] == Listener("tcp", 5432, "*", ("a", "post gres"))
    assert found[("udp", 546)].address == "fe80::1"
    assert {key for key, one in found.items() if not one.outside} == {("udp", 56156), ("udp", 53), ("tcp", 631), ("tcp", 7777)}


def test_a_host_that_does_not_answer_is_told_with_the_others() -> None:
    gone = firewall.report(HOST, OPENINGS, Answer(255, "", "ssh: connect to host 192.0.2.1 port 22: Connection refused"))
    reports = [told("drifted"), gone]
    assert firewall.code(reports) == 3
    assert "no answer" in firewall.as_text(reports)
    first, second = firewall.as_json(reports)
    assert first["differences"]
    assert set(second) == {"host", "error"}


def test_machines_get_the_same_answer() -> None:
    (data,) = firewall.as_json([told("openings")])
    assert data["openings"][3] == {
        "protocol": "tcp",
        "port": 7000,
        "sources": [],
        "why": 'a "quoted" reason',
        "let_in": True,
        "programs": ["python3"],
    }
    assert {"protocol": "tcp", "port": 7001, "address": "*", "programs": ["python3"]} in data["shut"]
    assert json.loads(json.dumps(data)) == data
