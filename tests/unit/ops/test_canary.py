"""Canaries as the controller sees them: what is asked of hosts, what is told, and that only what serves all is pinned."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.ops import canary, deploy, releasing, status
from slipway.ops.hosts import Host
from slipway.ops.operation import BadOption
from slipway.ops.releasing import Doors, Place
from slipway.ops.ssh import Answer

DIGEST = f"sha256:{'2' * 64}"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
RESULT: dict[str, Any] = {"changed": True, "release": 3, "steps": [], "urls": [], "warnings": [], "seconds": 4.2, "error": ""}
TOLD = "release 3 of demo is a canary for 10 % of the visitors: `fab promote demo` gives it all visitors"
TRIED = {**RESULT, "verdict": "canary", "warnings": [TOLD], "watch_until": "2026-05-01T12:10:00.000Z", "code": 0}
STACK = """\
name: demo
services:
  web:
    image: reg.example/app:${RELEASE:?}
    environment: {LEVEL: "${LEVEL:-info}"}
    healthcheck: {test: [CMD, x]}
    deploy: {resources: {limits: {memory: 64m}}}
"""
ROUTED = """\
    x-slipway: {routes: [{domain: site, path: /, port: 80}], health: {path: /}}
x-slipway: {domains: {site: {name: shop.example}}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = tmp_path / "inventory/prod/group_vars/all"
    home.mkdir(parents=True)
    (home / "stacks.yml").write_text('stacks: {demo: {compose: demo, variables: {RELEASE: "1.0.0"}}}\n')
    (tmp_path / "inventory/prod/hosts.yml").write_text("all: {hosts: {web1: {}}}\n")
    (tmp_path / "compose/demo").mkdir(parents=True)
    (tmp_path / "compose/demo/compose.yml").write_text(STACK + ROUTED)
    return tmp_path


def doors(answer: Mapping[str, Any], asked: list[tuple[list[str], dict[str, Any]]]) -> Doors:
    """Return the doors of a host that runs the stack and answers this."""
    images = {"web": ["reg.example/app:1.1.0", DIGEST]}
    variables = {"RELEASE": "1.1.0", "LEVEL": "info"}
    row = {"number": 3, "state": "serving", "variables": variables, "images": images, "pinned": ["RELEASE", "LEVEL"]}

    def ask(_: Host, command: Sequence[str]) -> Answer:
        return Answer(0, json.dumps({"stacks": [{"name": "demo"}]} if command[3] == "status" else [row]), "")

    def converse(_: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        asked.append((list(command[3:]), json.loads(said)))
        return Answer(int(answer["code"]), json.dumps(answer), "")

    return Doors(ask, converse, print)


def place(root: Path) -> Place:
    return releasing.place(root, "prod", "")


def pins(root: Path) -> Any:
    file = root / "inventory/prod/group_vars/all/releases.yml"
    return yaml.safe_load(file.read_text())["releases"]["demo"] if file.is_file() else None


def test_a_share_goes_over_with_the_request_and_nothing_is_pinned_yet(root: Path) -> None:
    asked: list[tuple[list[str], dict[str, Any]]] = []
    order = deploy.Order("demo", "1.1.0", canary=10)
    outcome = deploy.deploy(place(root), order, releasing.Manner(), doors(TRIED, asked))
    ((command, data),) = asked
    assert (command, data["canary"]) == (["submit", "demo", "--events"], 10)
    assert data["why"] == "fab deploy demo 1.1.0 --canary 10"
    assert (outcome.code, pins(root)) == (0, None)
    text = releasing.as_text(outcome)
    assert "web1: release 3 of demo is a canary (4.2 s)" in text
    assert f"  note: demo: {TOLD}" in text
    assert "watched until" not in text


def test_without_a_word_the_stack_file_decides(root: Path) -> None:
    asked: list[tuple[list[str], dict[str, Any]]] = []
    for order in (deploy.Order("demo", "1.1.0"), deploy.Order("demo", "1.1.0", canary=0)):
        deploy.deploy(place(root), order, releasing.Manner(dry_run=True), doors(TRIED, asked))
    assert [data["canary"] for _, data in asked] == [None, 0]


@pytest.mark.parametrize(("word", "share"), [("", None), ("0", 0), ("10", 10), ("99", 99)])
def test_a_share_is_a_percentage_below_all(word: str, share: int | None) -> None:
    assert deploy.share(word) == share


@pytest.mark.parametrize("word", ["100", "-1", "ten", "10%", "1.5"])
def test_another_share_is_refused_before_a_host_is_asked(word: str) -> None:
    with pytest.raises(BadOption, match="--canary"):
        deploy.share(word)


def test_a_stack_that_nobody_visits_is_refused_before_a_host_is_asked(root: Path) -> None:
    (root / "compose/demo/compose.yml").write_text(STACK)
    asked: list[tuple[list[str], dict[str, Any]]] = []
    with pytest.raises(BadOption, match="demo has no routes"):
        deploy.deploy(place(root), deploy.Order("demo", "1.1.0", canary=10), releasing.Manner(), doors(TRIED, asked))
    assert asked == []


def test_a_promotion_pins_what_was_chosen_for_the_canary(root: Path) -> None:
    asked: list[tuple[list[str], dict[str, Any]]] = []
    answer = {**RESULT, "verdict": "serving", "watch_until": "", "code": 0}
    outcome = canary.promote(place(root), "demo", releasing.Manner("it is good"), doors(answer, asked))
    assert [command for command, _ in asked] == [["promote", "demo", "--events"]]
    assert asked[0][1]["why"] == "it is good"
    assert pins(root) == {"variables": {"LEVEL": "info", "RELEASE": "1.1.0"}, "images": {"web": DIGEST}}
    assert "release 3 of demo serves" in releasing.as_text(outcome)


def test_a_promotion_that_is_refused_pins_nothing_and_ends_with_the_hosts_code(root: Path) -> None:
    answer = {**RESULT, "verdict": "refused", "error": "never healthy", "code": 5}
    outcome = canary.promote(place(root), "demo", releasing.Manner(), doors(answer, []))
    assert (outcome.code, pins(root)) == (5, None)


def test_an_abort_says_what_serves(root: Path) -> None:
    asked: list[tuple[list[str], dict[str, Any]]] = []
    answer = {**RESULT, "verdict": "aborted", "release": 2, "code": 0}
    outcome = canary.abort(place(root), "demo", releasing.Manner(wait=False), doors(answer, asked))
    assert asked[0][0] == ["abort", "demo", "--events", "--no-wait"]
    assert "web1: release 2 of demo serves all visitors, the canary is held (4.2 s)" in releasing.as_text(outcome)
    assert pins(root) is None


@pytest.mark.parametrize(("trying", "asked"), [(["web2"], ["web2"]), (["web1", "web3"], ["web1", "web3"]), ([], ["web1"])])
def test_only_hosts_that_try_it_are_asked_to_end_it(root: Path, trying: list[str], asked: list[str]) -> None:
    (root / "inventory/prod/hosts.yml").write_text("all: {hosts: {web1: {}, web2: {}, web3: {}}}\n")
    heard: list[str] = []

    def ask(host: Host, _: Sequence[str]) -> Answer:
        return Answer(0, json.dumps({"stacks": [{"name": "demo", "canary": {"number": 3} if host.name in trying else {}}]}), "")

    def converse(host: Host, _: Sequence[str], __: bytes, ___: Callable[[str], None]) -> Answer:
        heard.append(host.name)
        ended = {"verdict": "aborted", "code": 0} if trying else {"verdict": "refused", "error": "no canary", "code": 3}
        answer: dict[str, Any] = {**RESULT, **ended}
        return Answer(answer["code"], json.dumps(answer), "")

    outcome = canary.abort(place(root), "demo", releasing.Manner(), Doors(ask, converse, print))
    assert (heard, outcome.code) == (asked, 0 if trying else 3)


def test_status_tells_of_a_canary_and_how_to_end_it() -> None:
    found = {"number": 3, "percent": 10, "since": "2026-05-01T11:48:00.000Z", "until": ""}
    assert status.canary(found, "demo", NOW) == (
        "release 3 for 10 % of the visitors since 2026-05-01 11:48 UTC (12 min ago); decide: fab promote demo, fab abort demo"
    )
    assert "; promoted in 600 s where it holds, or decide: " in status.canary(
        {**found, "until": "2026-05-01T12:10:00Z"}, "demo", NOW
    )
    assert status.canary({}, "demo", NOW) == ""
