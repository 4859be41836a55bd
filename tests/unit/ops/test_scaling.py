"""Counts as the controller asks for them and shows them."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slipway.ops import releasing, scaling
from slipway.ops.hosts import Host
from slipway.ops.releasing import Doors, Place
from slipway.ops.ssh import Answer
from slipway.plan.counts import BadCount

HOST, BESIDE = Host("web1", "203.0.113.7"), Host("db1", "203.0.113.8")
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NOBODY: Mapping[str, Any] = {"chosen": None, "who": "", "at": "", "why": ""}
CHOSEN: Mapping[str, Any] = {"chosen": 3, "who": "ops (ann@desk)", "at": "2026-05-01T11:48:00.000Z", "why": "the fair"}
ROWS: list[Mapping[str, Any]] = [
    {"service": "api", "kind": "web", "wanted": 3, "running": 2, "min": 2, "max": 4, **CHOSEN},
    {"service": "beat", "kind": "scheduler", "wanted": 1, "running": 1, "min": None, "max": None, **NOBODY},
    {"service": "web", "kind": "web", "wanted": 1, "running": 1, "min": 1, "max": 3, **NOBODY},
    {"service": "worker", "kind": "worker", "wanted": 2, "running": 2, "min": 1, "max": 2, **CHOSEN},
]


def doors(answer: Mapping[str, Any], asked: list[list[str]]) -> Doors:
    """Return doors of two hosts, of which one runs the stack."""

    def ask(host: Host, command: Sequence[str]) -> Answer:
        words = list(command[3:])
        if words[0] == "status":
            return Answer(0, json.dumps({"stacks": [{"name": "demo"}] if host == HOST else []}), "")
        assert host == HOST
        return Answer(0, json.dumps(ROWS), "")

    def converse(host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        asked.append([host.name, *command[3:], said.decode()])
        return Answer(int(answer["code"]), json.dumps(answer), "")

    return Doors(ask, converse, print)


def test_a_wish_goes_to_the_hosts_that_run_the_stack_with_who_and_why(tmp_path: Path) -> None:
    asked: list[list[str]] = []
    answer = {"verdict": "scaled", "changed": True, "release": 3, "seconds": 4.2, "code": 0, "error": ""}
    where = Place(tmp_path, tmp_path, (BESIDE, HOST))
    found = scaling.scale(where, "demo", ["api=3", "worker=2"], releasing.Manner("the fair"), doors(answer, asked))
    assert [line[:-1] for line in asked] == [["web1", "scale", "demo", "api=3", "worker=2", "--events"]]
    assert json.loads(asked[0][-1])["why"] == "the fair"
    assert found.code == 0
    assert "the counts of demo are as chosen (4.2 s)" in scaling.as_text([], NOW, found)


def test_what_cannot_be_had_ends_with_the_hosts_own_code(tmp_path: Path) -> None:
    asked: list[list[str]] = []
    answer = {"verdict": "failed", "changed": False, "code": 2, "error": "demo cannot be scaled like this", "release": None}
    found = scaling.scale(
        Place(tmp_path, tmp_path, (HOST,)), "demo", ["api=9"], releasing.Manner(wait=False), doors(answer, asked)
    )
    assert asked[0][-3:-1] == ["--events", "--no-wait"]
    assert found.code == 2
    assert "demo cannot be scaled like this" in scaling.as_text([], NOW, found)


def test_words_that_are_no_counts_ask_no_host(tmp_path: Path) -> None:
    def silent(*_: object) -> Answer:
        raise AssertionError("nothing is asked")

    with pytest.raises(BadCount):
        scaling.scale(Place(tmp_path, tmp_path, (HOST,)), "demo", ["api"], releasing.Manner(), Doors(silent, silent, print))


def test_counts_are_shown_with_bounds_and_who_chose_them() -> None:
    found = scaling.listings("demo", [HOST, BESIDE], doors({}, []))
    assert scaling.as_text(found, NOW).splitlines() == [
        "web1",
        "  service  kind       runs         may     chosen",
        "  api      web        2, 3 wanted  2 to 4  by ops (ann@desk) 12 min ago: the fair",
        "  beat     scheduler  1            1",
        "  web      web        1            1 to 3  the least, as the stack file says",
        "  worker   worker     2            1 to 2  3 by ops (ann@desk) 12 min ago: the fair",
    ]
    assert scaling.as_json(found) == [{"host": "web1", "counts": [dict(row) for row in ROWS]}]
