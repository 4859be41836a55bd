"""Deploying on several hosts as the controller sees it: who is asked for what, what is pinned, how it ends."""

import json
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slipway import together
from slipway.errors import HostError
from slipway.host import together as words
from slipway.ops import deploy, releasing, rollback, status
from slipway.ops.hosts import Host
from slipway.ops.operation import BadOption
from slipway.ops.ssh import Answer
from slipway.together import Lost
from tests.unit.host.doors import has
from tests.unit.hosts_apart import ApartHost
from tests.unit.ops.test_deploy import NEW, STACK, pins, row


@dataclass
class Lines:
    """The lines to hosts that are there, as fab opens them."""

    hosts: dict[str, ApartHost]
    said: list[str] = field(default_factory=list)
    leaves: bool = False

    def ask(self, host: Host, command: Sequence[str]) -> Answer:
        words = list(command[3:])
        if words[0] == "releases":
            return Answer(0, json.dumps([row("1.1.0", NEW)]), "")
        return self._answer(host, words)

    def converse(self, host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        if self.leaves:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            time.sleep(0.3)
        assert json.loads(said).get("together") or command[3] == "together"
        hear(json.dumps({"event": "step", "state": "done", "name": "switch", "why": "lead new connections", "seconds": 0.1}))
        return self._answer(host, list(command[3:]))

    def _answer(self, host: Host, words: list[str]) -> Answer:
        one = self.hosts[host.name]
        try:
            found = one.told(words[3], words[5] if len(words) > 5 else "") if words[0] == "together" else one.asked()  # type: ignore[arg-type]
        except Lost as lost:
            return Answer(255, "", f"ssh: connect to host {host.name} port 22: Connection timed out ({lost})")
        return Answer(int(found.get("code", 0)), json.dumps(found), "")

    @property
    def doors(self) -> releasing.Doors:
        return releasing.Doors(self.ask, self.converse, self.said.append, self.ask)


@pytest.fixture
def where(tmp_path: Path) -> releasing.Place:
    home = tmp_path / "inventory/prod/group_vars/all"
    home.mkdir(parents=True)
    (home / "stacks.yml").write_text('stacks: {demo: {compose: demo, variables: {RELEASE: "1.0.0"}}}\n')
    (tmp_path / "inventory/prod/hosts.yml").write_text("all: {hosts: {web1: {}, web2: {}, web3: {}}}\n")
    (tmp_path / "compose/demo").mkdir(parents=True)
    (tmp_path / "compose/demo/compose.yml").write_text(STACK)
    return releasing.place(tmp_path, "prod", "")


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lines:
    has(tmp_path, monkeypatch, systemctl="echo active", nft="exit 0", docker="exit 0", nginx="exit 0")
    for module in (words, together):
        monkeypatch.setattr(module, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(together, "RETRY_SECONDS", 0.1)
    return Lines({name: ApartHost(name, tmp_path / name) for name in ("web1", "web2", "web3")})


def go(where: releasing.Place, lines: Lines, **manner: bool) -> releasing.Outcome:
    outcome = deploy.deploy(where, deploy.Order("demo", "1.1.0"), releasing.Manner(**manner), lines.doors)  # type: ignore[arg-type]
    for host in lines.hosts.values():
        host.rest()
    return outcome


def serve(lines: Lines) -> list[str]:
    return [host.serves for host in lines.hosts.values()]


def test_several_hosts_switch_together_and_what_all_serve_is_pinned(where: releasing.Place, lines: Lines) -> None:
    outcome = go(where, lines)
    assert (outcome.code, serve(lines)) == (0, ["1.1.0"] * 3)
    assert pins(where.root)["demo"]["variables"] == {"RELEASE": "1.1.0"}
    text = releasing.as_text(outcome)
    assert all(f"{name}: release 2 of demo serves" in text for name in lines.hosts)
    assert {host["verdict"] for host in releasing.as_json(outcome)["hosts"]} == {"serving"}
    assert any(line.startswith("web2 ") and "lead new connections" in line for line in lines.said)


def test_one_that_refuses_is_named_by_all_and_nothing_is_pinned(where: releasing.Place, lines: Lines) -> None:
    lines.hosts["web2"].refuses = "never healthy"
    outcome = go(where, lines)
    assert (outcome.code, outcome.unasked, pins(where.root)) == (5, ("web3",), None)
    assert serve(lines) == ["1.0.0"] * 3
    text = releasing.as_text(outcome)
    assert "web1: taken back: the hosts switch together, and web2 does not: demo: never healthy" in text
    assert "web2: refused: demo: never healthy" in text
    assert "not asked any more: web3" in text


def test_a_host_that_does_not_answer_is_told_before_any_is_asked(where: releasing.Place, lines: Lines) -> None:
    lines.hosts["web3"].cut = True
    with pytest.raises(HostError, match=r"web3: .*web3"):
        go(where, lines)
    lines.hosts["web2"].cut = True
    with pytest.raises(HostError, match="so none was asked for anything") as caught:
        go(where, lines)
    assert "web2" in str(caught.value)
    assert all(host.engine is None for host in lines.hosts.values())
    assert (serve(lines), pins(where.root)) == (["1.0.0"] * 3, None)


def test_a_host_that_is_cut_off_behind_its_switch_takes_all_back(where: releasing.Place, lines: Lines) -> None:
    lines.hosts["web3"].cut_at = "look 3"  # behind the questions whether it is there at all, and whether it still is
    outcome = go(where, lines)
    assert (outcome.code, serve(lines), pins(where.root)) == (3, ["1.0.0"] * 3, None)


def test_a_host_that_misses_the_confirm_is_told_and_nothing_is_pinned(where: releasing.Place, lines: Lines) -> None:
    lines.hosts["web3"].cut_at = "confirm"
    outcome = go(where, lines)
    assert (outcome.code, serve(lines), pins(where.root)) == (3, ["1.1.0", "1.1.0", "1.0.0"], None)
    assert "web3: failed: the others serve this release" in releasing.as_text(outcome)


def test_one_host_by_name_meets_nobody(where: releasing.Place, lines: Lines) -> None:
    asked: list[tuple[list[str], dict[str, object]]] = []

    def alone(host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        asked.append((list(command[3:]), json.loads(said)))
        return Answer(0, json.dumps({"verdict": "unchanged", "changed": False, "release": 1, "code": 0}), "")

    doors = releasing.Doors(lines.ask, alone, print)
    deploy.deploy(releasing.place(where.root, "prod", "web2"), deploy.Order("demo", "1.1.0"), releasing.Manner(), doors)
    ((command, data),) = asked
    assert command == ["submit", "demo", "--events"]
    assert data["together"] == ""
    assert lines.hosts["web2"].words == []


def test_somebody_has_to_stay_where_several_hosts_switch(where: releasing.Place, lines: Lines) -> None:
    with pytest.raises(BadOption, match="3 hosts switch together") as caught:
        go(where, lines, wait=False)
    assert caught.value.exit_code == 2
    assert all(host.words == [] for host in lines.hosts.values())


def test_whoever_leaves_is_told_that_the_hosts_go_back(
    where: releasing.Place, lines: Lines, request: pytest.FixtureRequest
) -> None:
    lines.leaves = True
    # What runs in the background may have been told to ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with pytest.raises(releasing.Interrupted, match="the hosts go on with what they served") as caught:
        go(where, lines)
    assert caught.value.exit_code == 130
    time.sleep(0.5)
    for host in lines.hosts.values():
        host.rest()
    assert (serve(lines), pins(where.root)) == (["1.0.0"] * 3, None)


def test_the_way_back_is_taken_together_too(where: releasing.Place, lines: Lines) -> None:
    outcome = rollback.rollback(where, "demo", None, releasing.Manner(), lines.doors)
    assert (outcome.code, serve(lines)) == (0, ["1.1.0"] * 3)


def test_hosts_that_serve_different_releases_are_told_apart_with_what_makes_them_one() -> None:
    def report(name: str, release: int, identity: str, together: str = "") -> status.Report:
        stack = {"name": "demo", "release": release, "identity": identity, "together": together}
        return status.Report(Host(name, name), (stack,))

    same = [report("web1", 4, "aa"), report("web2", 9, "aa")]
    assert status.different(same) == [], "each host numbers its own releases"
    (text,) = status.different([*same, report("web3", 5, "bb")])
    assert text.splitlines() == [
        "demo: the hosts serve 2 different releases",
        "  web1 (release 4), web2 (release 9)",
        "  web3 (release 5)",
        "  next         deploy what is wanted: fab deploy demo",
    ]
    (text,) = status.different([*same, report("web3", 5, "bb", "release 5 waits")])
    assert "goes back by itself" in text
    assert status.different([report("web1", 4, "aa"), report("web2", 4, "")]) == [], "an engine from before tells none"
