"""In a play each host has a process of its own; what they have in common is the folder of the run."""

import json
import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slipway import together
from slipway.errors import HostError
from slipway.host import together as words
from slipway.together_play import Play, release
from tests.unit.host.doors import has
from tests.unit.hosts_apart import ApartHost

DATA = {"stack": {"name": "demo"}}
NAMES = ("web1", "web2", "web3")


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ApartHost]:
    has(tmp_path, monkeypatch, systemctl="echo active", nft="exit 0", docker="exit 0", nginx="exit 0")
    for module in (words, together):
        monkeypatch.setattr(module, "SILENCE_SECONDS", 1.0)
    return {name: ApartHost(name, tmp_path / name) for name in NAMES}


def does(host: ApartHost, plan: str = "would deploy") -> Callable[[str, bytes], tuple[int, str, str]]:
    """Return what runs a command of a host's shell."""

    def do(command: str, data: bytes) -> tuple[int, str, str]:
        said = shlex.split(command)
        if " plan " in command:
            host.words.append("plan")
            found: Any = {"verdict": plan, "changed": plan != "unchanged", "release": 2, "code": 0}
        elif said[1] == "together":
            found = host.told(said[4], said[5].removeprefix("--why="))  # type: ignore[arg-type]
        else:
            assert json.loads(data)["stack"] == {"name": "demo"}
            found = host.asked()
        return int(found.get("code", 0)), json.dumps(dict(found)), ""

    return do


def run(play: Play, hosts: dict[str, ApartHost]) -> dict[str, dict[str, Any]]:
    answers: dict[str, dict[str, Any]] = {}

    def part(name: str) -> None:
        answers[name] = release(play, name, DATA, does(hosts[name]))

    threads = [threading.Thread(target=part, args=(name,), daemon=True) for name in play.hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for host in hosts.values():
        host.rest()
    return answers


@pytest.mark.parametrize("one_by_one", [True, False])
def test_the_hosts_of_a_play_switch_together(tmp_path: Path, hosts: dict[str, ApartHost], *, one_by_one: bool) -> None:
    answers = run(Play(tmp_path / "run", "task", NAMES, (), 20, one_by_one), hosts)
    assert {answer["verdict"] for answer in answers.values()} == {"serving"}
    assert [host.serves for host in hosts.values()] == ["1.1.0"] * 3


def test_each_stack_and_each_task_has_a_table_of_its_own(tmp_path: Path) -> None:
    one, other = Play(tmp_path, "a", NAMES, (), 20), Play(tmp_path, "b", NAMES, (), 20)
    tables = [one.table("demo"), one.table("shop"), other.table("demo")]
    assert len({called for called, _ in tables}) == len({table.folder for _, table in tables}) == 3
    assert one.table("demo") == tables[0], "the same for every host"


def test_a_run_that_does_fewer_hosts_at_once_is_told_how_many_it_takes(tmp_path: Path, hosts: dict[str, ApartHost]) -> None:
    with pytest.raises(HostError, match="3 hosts switch demo together, and this run does 2 at once") as caught:
        release(Play(tmp_path, "a", NAMES, (), 2), "web1", DATA, does(hosts["web1"]))
    assert caught.value.next_step == "add --forks 3"


def test_a_host_that_dropped_out_before_keeps_the_others_from_another_release(
    tmp_path: Path, hosts: dict[str, ApartHost]
) -> None:
    play = Play(tmp_path, "a", NAMES, ("web3",), 20)
    with pytest.raises(HostError, match="web3 dropped out of this run"):
        release(play, "web1", DATA, does(hosts["web1"]))
    assert hosts["web1"].words == ["plan"], "it was not asked to release anything"
    hosts["web1"].wanted = "1.0.0"
    answer = release(play, "web1", DATA, does(hosts["web1"], "unchanged"))
    assert answer["verdict"] == "unchanged", "what serves is seen to all the same"


def test_one_host_alone_is_asked_once(tmp_path: Path, hosts: dict[str, ApartHost]) -> None:
    hosts["web1"].wanted = "1.0.0"
    assert release(Play(tmp_path, "a", ("web1",), (), 1), "web1", DATA, does(hosts["web1"]))["verdict"] == "unchanged"
    assert hosts["web1"].words == ["submit"]
