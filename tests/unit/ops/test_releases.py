"""The history of releases as a table, and the difference of two of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.changes.change import Change
from slipway.ops import releases
from slipway.ops.hosts import Host
from slipway.ops.logs import StackUnknown
from slipway.ops.releasing import Doors
from slipway.ops.ssh import Answer

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
EMPTY: dict[str, Any] = {
    "error": "",
    "returns_to": None,
    "variables": {},
    "images": {},
    "commit": "abc1234",
    "who": "ann@desk",
    "seconds": 12.6,
}
ROWS = [
    {
        **EMPTY,
        "number": 3,
        "state": "serving",
        "at": "2026-11-21T09:00:00.000Z",
        "verdict": "serving",
        "why": "rollback to 1",
        "returns_to": 1,
        "revisions": {"migrate": "0003"},
    },
    {
        **EMPTY,
        "number": 2,
        "state": "refused",
        "at": "2026-11-20T09:00:00.000Z",
        "verdict": "refused",
        "why": "fab deploy 1.1.0",
        "revisions": {"a": "9f31", "migrate": "0002"},
    }
    | {"error": "never healthy\nmore"},
    {**EMPTY, "number": 1, "state": "kept", "at": "", "verdict": "", "why": "", "seconds": 0.0},
]
HOST = Host("web1", "203.0.113.7")


def ask(_: Host, command: Sequence[str]) -> Answer:
    answers = {
        "status": {"stacks": [{"name": "demo", "release": 3}]},
        "releases": ROWS,
        "diff": [{"topic": "variable", "of": ["RELEASE"], "old": "1.0.0", "new": "1.1.0"}],
    }
    return Answer(0, json.dumps(answers[command[3]]), "")


def never(*_: object) -> Answer:
    raise AssertionError("nothing is sent")


DOORS = Doors(ask, never, print)


def test_a_line_for_each_release_with_the_reason_of_a_refusal() -> None:
    text = releases.as_text(releases.listings("demo", [HOST], DOORS), NOW)
    assert text.splitlines() == [
        "web1",
        "  number  state    when     who       seconds  verdict  commit   schema                why",
        "  3       serving  1 h ago  ann@desk  13       serving  abc1234  0003                  rollback to 1",
        "  2       refused  1 d ago  ann@desk  13       refused  abc1234  a 9f31, migrate 0002  fab deploy 1.1.0: never healthy",
        "  1       kept              ann@desk                    abc1234",
    ]


def test_machines_get_everything() -> None:
    found = releases.as_json(releases.listings("demo", [HOST], DOORS))
    assert found == [{"host": "web1", "releases": ROWS}]


def test_a_stack_that_no_host_runs_is_the_users_input() -> None:
    with pytest.raises(StackUnknown, match="did you mean `demo`"):
        releases.listings("dmeo", [HOST], DOORS)


def test_a_difference_is_told_in_the_words_of_the_plan() -> None:
    found = releases.differences("demo", (1, 2), HOST, DOORS)
    assert found == [Change("variable", ("RELEASE",), old="1.0.0", new="1.1.0")]
    text = releases.diff_text("demo", (1, 2), found)
    assert text.splitlines() == ["demo: from release 1 to 2", "  ~ variable     RELEASE: 1.0.0 -> 1.1.0"]
    assert releases.diff_text("demo", (1, 1), []) == "releases 1 and 1 of demo are the same"
