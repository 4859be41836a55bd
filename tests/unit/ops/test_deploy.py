"""Deploying, going back and pinning, as the controller sees them: what is asked of hosts, what is written, how it ends."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.errors import HostError, StackError
from slipway.ops import deploy, pinning, releasing, rollback
from slipway.ops.hosts import Host
from slipway.ops.silence import HostSaid
from slipway.ops.ssh import Answer

OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
SERVING = {
    "verdict": "serving",
    "changed": True,
    "release": 2,
    "steps": [],
    "urls": [],
    "warnings": [],
    "seconds": 4.2,
    "error": "",
}
STACK = """\
name: demo
services:
  web:
    image: reg.example/app:${RELEASE:?}
    environment: {LEVEL: "${LEVEL:-info}"}
    healthcheck: {test: [CMD, x]}
    deploy: {resources: {limits: {memory: 64m}}}
"""


def row(release: str, digest: str, state: str = "serving", **variables: str) -> dict[str, Any]:
    words = {"RELEASE": release, **variables}
    return {"number": 2, "state": state, "variables": words, "images": {"web": [f"reg.example/app:{release}", digest]}}


@dataclass
class Hosts:
    """Hosts that answer what a test says, and remember what they were asked."""

    result: Mapping[str, Any] = field(default_factory=lambda: SERVING)
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    asked: list[tuple[str, list[str], dict[str, Any]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    leaves: bool = False

    def ask(self, host: Host, command: Sequence[str]) -> Answer:
        assert command[3] == "releases"
        return Answer(0, json.dumps(list(self.rows.get(host.name, [row("1.1.0", NEW)]))), "")

    def converse(self, host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        self.asked.append((host.name, list(command[3:]), json.loads(said)))
        if self.leaves:
            raise KeyboardInterrupt
        hear(json.dumps({"event": "step", "state": "done", "name": "switch", "why": "lead new connections", "seconds": 0.1}))
        code = self.codes.get(host.name, 0)
        answer = dict(self.result) if not code else {**self.result, "verdict": "refused", "error": "never healthy", "code": code}
        return Answer(code, json.dumps({"event": "x"}) + "\n" + json.dumps(answer) + "\n", "")

    @property
    def doors(self) -> releasing.Doors:
        return releasing.Doors(self.ask, self.converse, self.said.append)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = tmp_path / "inventory/prod/group_vars/all"
    home.mkdir(parents=True)
    (home / "stacks.yml").write_text('stacks: {demo: {compose: demo, variables: {RELEASE: "1.0.0"}}}\n')
    (tmp_path / "inventory/prod/hosts.yml").write_text("all: {hosts: {web1: {}, web2: {}}}\n")
    (tmp_path / "compose/demo").mkdir(parents=True)
    (tmp_path / "compose/demo/compose.yml").write_text(STACK)
    return tmp_path


def where(root: Path, host: str = "web1") -> releasing.Place:
    return releasing.place(root, "prod", host)


def pins(root: Path) -> Any:
    file = root / "inventory/prod/group_vars/all/releases.yml"
    return yaml.safe_load(file.read_text())["releases"] if file.is_file() else None


def test_a_version_goes_over_as_the_variable_of_the_tags_and_is_pinned_with_its_digest(root: Path) -> None:
    hosts = Hosts()
    outcome = deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(), hosts.doors)
    ((name, command, data),) = hosts.asked
    assert (name, command) == ("web1", ["submit", "demo", "--events"])
    assert data["stack"]["services"]["web"]["image"] == "reg.example/app:1.1.0"
    assert (data["verb"], data["pinned"], data["why"]) == ("deploy", {"RELEASE": "1.1.0"}, "fab deploy demo 1.1.0")
    assert pins(root) == {"demo": {"variables": {"RELEASE": "1.1.0"}, "images": {"web": NEW}}}
    assert (outcome.code, outcome.pin) == (0, "inventory/prod/group_vars/all/releases.yml")
    text = releasing.as_text(outcome)
    assert "web1: release 2 of demo serves (4.2 s)" in text
    assert "pinned in inventory/prod/group_vars/all/releases.yml: commit it" in text
    assert any("lead new connections (0.1 s)" in line for line in hosts.said)


def test_the_same_version_again_keeps_its_digest_a_new_one_gets_its_own(root: Path) -> None:
    (root / "inventory/prod/group_vars/all/releases.yml").write_text(
        f'releases: {{demo: {{variables: {{RELEASE: "1.0.0"}}, images: {{web: "{OLD}"}}}}}}\n'
    )
    hosts = Hosts(rows={"web1": [row("1.0.0", OLD)]})
    deploy.deploy(where(root), deploy.Order("demo"), releasing.Manner(), hosts.doors)
    deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(dry_run=True), hosts.doors)
    assert [data["stack"].get("pins", {}) for _, _, data in hosts.asked] == [{"reg.example/app:1.0.0": OLD}, {}]
    assert hosts.asked[1][1] == ["plan", "demo"]


def test_a_variable_is_pinned_beside_the_version(root: Path) -> None:
    hosts = Hosts(rows={"web1": [row("1.1.0", NEW, LEVEL="debug")]})
    order = deploy.Order("demo", "1.1.0", {"LEVEL": "debug"})
    deploy.deploy(where(root), order, releasing.Manner(why="look closer"), hosts.doors)
    assert hosts.asked[0][2]["why"] == "look closer"
    assert pins(root)["demo"]["variables"] == {"LEVEL": "debug", "RELEASE": "1.1.0"}


def test_all_faults_are_told_before_a_host_is_asked(root: Path) -> None:
    hosts = Hosts()
    with pytest.raises(StackError) as caught:
        deploy.deploy(where(root), deploy.Order("demo", "latest", {"LEVLE": "x"}), releasing.Manner(), hosts.doors)
    assert "floating tag" in str(caught.value)
    assert "`LEVLE` is used nowhere in the stack" in str(caught.value)
    assert (hosts.asked, pins(root)) == ([], None)
    with pytest.raises(releasing.StackUnknown, match="did you mean `demo`"):
        deploy.deploy(where(root), deploy.Order("dmeo", "1.1.0"), releasing.Manner(), hosts.doors)


def test_a_version_with_no_place_or_two_is_refused(root: Path) -> None:
    file = root / "compose/demo/compose.yml"
    file.write_text(STACK.replace("${RELEASE:?}", "1.0"))
    with pytest.raises(deploy.NoVersion, match="no image of demo takes its tag from a variable"):
        deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(), Hosts().doors)
    file.write_text(STACK.replace("${RELEASE:?}", "${A:-1}.${B:-2}"))
    with pytest.raises(deploy.NoVersion, match="from A, B") as caught:
        deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(), Hosts().doors)
    assert caught.value.next_step == "fab deploy demo --variable A=… --variable B=…"
    file.write_text(STACK)
    with pytest.raises(deploy.NoVersion, match=r"1\.1\.0 and 1\.2\.0"):
        deploy.deploy(where(root), deploy.Order("demo", "1.1.0", {"RELEASE": "1.2.0"}), releasing.Manner(), Hosts().doors)


def test_nobody_waits_and_nothing_is_pinned_before_it_serves(root: Path) -> None:
    hosts = Hosts(result={"verdict": "begun", "changed": True, "code": 0})
    outcome = deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(wait=False), hosts.doors)
    assert hosts.asked[0][1] == ["submit", "demo", "--events", "--no-wait"]
    assert (outcome.code, pins(root)) == (0, None)
    assert "fab follow demo" in releasing.as_text(outcome)


def test_whoever_leaves_is_told_how_to_follow_and_how_to_stop(root: Path) -> None:
    with pytest.raises(releasing.Interrupted) as caught:
        deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(), Hosts(leaves=True).doors)
    assert caught.value.exit_code == 130
    assert "fab follow demo" in str(caught.value)
    assert "systemctl stop slipway-run@demo" in str(caught.value)


def test_a_host_that_says_nothing_and_one_that_is_lost_midway_end_with_3(root: Path) -> None:
    def silent(host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        return Answer(255, "", "ssh: connect to host web1 port 22: Connection refused")

    def lost(host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        return Answer(255, '{"event": "step"}\n', "client_loop: send disconnect: Broken pipe")

    for converse, words in ((silent, "nothing listens"), (lost, "it goes on by itself")):
        doors = releasing.Doors(Hosts().ask, converse, print)
        with pytest.raises(HostError, match=words):
            deploy.deploy(where(root), deploy.Order("demo", "1.1.0"), releasing.Manner(), doors)


def test_a_way_back_is_asked_by_number_and_pins_what_then_serves(root: Path) -> None:
    hosts = Hosts(rows={"web1": [row("1.0.0", OLD)]})
    rollback.rollback(where(root), "demo", 41, releasing.Manner(), hosts.doors)
    ((_, command, data),) = hosts.asked
    assert (command, data["to"], data["secrets"]) == (["rollback", "demo", "--events"], 41, {})
    assert pins(root) == {"demo": {"variables": {"RELEASE": "1.0.0"}, "images": {"web": OLD}}}


def test_a_stack_file_that_is_wrong_today_does_not_bar_the_way_back(root: Path) -> None:
    (root / "compose/demo/compose.yml").write_text(STACK.replace("memory: 64m", "memory: lots"))
    hosts = Hosts(rows={"web1": [row("1.0.0", OLD)]})
    assert rollback.rollback(where(root), "demo", None, releasing.Manner(), hosts.doors).code == 0
    assert pins(root)["demo"]["variables"] == {"RELEASE": "1.0.0"}


def test_what_serves_is_taken_over_once(root: Path) -> None:
    hosts = Hosts()
    assert "release 2 of demo is pinned in inventory/prod" in pinning.as_text(pinning.pin(where(root), "demo", hosts.doors))
    assert pinning.as_text(pinning.pin(where(root), "demo", hosts.doors)) == "release 2 of demo is pinned already"


def test_hosts_that_differ_cannot_be_pinned_together(root: Path) -> None:
    hosts = Hosts(rows={"web2": [row("1.0.0", OLD)]})
    with pytest.raises(pinning.HostsDiffer, match="web2 and web1 serve demo with different words"):
        pinning.pin(where(root, ""), "demo", hosts.doors)
    with pytest.raises(HostError, match="nothing of demo serves on web1"):
        pinning.pin(where(root), "demo", Hosts(rows={"web1": []}).doors)


def test_a_tag_that_moved_is_pinned_anew_and_deploys_nothing(root: Path) -> None:
    hosts = Hosts(rows={"web1": [row("1.1.0", OLD)]}, result={"reg.example/app:1.1.0": NEW})
    said = pinning.as_text(pinning.refresh(where(root), "demo", hosts.doors))
    assert [command for _, command, _ in hosts.asked] == [["resolve", "demo"]]
    assert f"reg.example/app:1.1.0 moved: {OLD[:19]} -> {NEW[:19]}" in said
    assert pins(root)["demo"]["images"] == {"web": NEW}
    assert said.endswith("next: fab deploy demo")


def test_a_refusal_of_the_host_keeps_its_words_and_code(root: Path) -> None:
    def refuse(host: Host, command: Sequence[str]) -> Answer:
        return Answer(2, "", "demo has no record of release 9\n  next: records that are kept: 1, 2\n")

    with pytest.raises(HostSaid) as caught:
        pinning.rows(where(root).hosts[0], "demo", releasing.Doors(refuse, Hosts().converse, print))
    assert caught.value.exit_code == 2
