"""Logs of a stack: the host's own command, and what is said when there is none."""

import json
from collections.abc import Sequence

import pytest

from slipway.errors import HostError
from slipway.ops import logs
from slipway.ops.hosts import Host
from slipway.ops.ssh import LOST, Answer

ONE, TWO, GONE = Host("one", "192.0.2.1"), Host("two", "192.0.2.2"), Host("gone", "192.0.2.3")


def answer(host: Host, _: Sequence[str]) -> Answer:
    if host == GONE:
        return Answer(LOST, "", "Connection refused")
    return Answer(0, json.dumps({"stacks": [{"name": "demo" if host == ONE else "shop"}]}), "")


def test_the_host_is_asked_with_its_own_words() -> None:
    assert logs.command("demo", "api", 20, "10m", ["--follow"]) == [
        *(
            "sudo",
            "-n",
            "/usr/local/sbin/slipway",
            "logs",
            "demo",
            "--tail",
            "20",
            "--service",
            "api",
            "--since",
            "10m",
            "--follow",
        )
    ]
    assert "--service" not in logs.command("demo", "", 20, "", [])
    assert logs.command("demo", "", 20, "", [], "-v x")[-1] == "--grep=-v x", "a pattern is never an option"


def test_only_hosts_that_run_the_stack_are_asked() -> None:
    assert logs.hosts_of("shop", [ONE, TWO], answer) == [TWO]
    assert logs.hosts_of("shop", [ONE, TWO, GONE], answer) == [TWO]


def test_a_wrong_name_is_answered_with_the_near_one() -> None:
    with pytest.raises(logs.StackUnknown) as told:
        logs.hosts_of("dmeo", [ONE, TWO], answer)
    assert str(told.value) == "no host runs a stack 'dmeo'; did you mean `demo`?\n  next: stacks that run: demo, shop"


def test_a_host_that_may_run_it_but_is_silent_is_named() -> None:
    with pytest.raises(HostError, match=r"gone: .*nothing listens"):
        logs.hosts_of("other", [ONE, GONE], answer)


def test_failures_say_why() -> None:
    assert logs.asserted(ONE, Answer(0, "lines", "")) == "lines"
    with pytest.raises(HostError, match="one: "):
        logs.asserted(ONE, Answer(2, "", "bad"))
