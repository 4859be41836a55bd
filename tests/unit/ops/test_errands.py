"""Healing, locking and running beside a release, as the controller asks for it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from slipway.ops import errands, releasing
from slipway.ops.hosts import Host
from slipway.ops.operation import BadOption
from slipway.ops.releasing import Doors, Manner
from slipway.ops.silence import HostSaid
from slipway.ops.ssh import Answer

HOST = Host("web1", "203.0.113.7")
Converse = Callable[[Host, Sequence[str], bytes, Callable[[str], None]], Answer]


def silent(*_: object) -> Answer:
    raise AssertionError("nothing is asked")


def answering(code: int, output: str, errors: str, asked: list[list[str]]) -> Doors:
    def converse(_: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> Answer:
        asked.append([*command[3:], said.decode()])
        return Answer(code, output, errors)

    return Doors(silent, converse, print)


def test_a_command_goes_over_word_by_word_behind_its_own_sign() -> None:
    assert errands.task("demo", "api", "python -c 'print(1, \"a b\")'", 5)[3:] == [
        *("task", "demo", "api", "--seconds", "5", "--"),
        *("python", "-c", 'print(1, "a b")'),
    ]
    assert errands.task("demo", "seed", "", 0)[3:] == ["task", "demo", "seed"]


@pytest.mark.parametrize(("command", "seconds", "said"), [("echo 'a", 0, "close its quotes"), ("", 90000, "more than a day")])
def test_what_cannot_be_run_is_the_users_input(command: str, seconds: int, said: str) -> None:
    with pytest.raises(BadOption) as caught:
        errands.task("demo", "api", command, seconds)
    assert said in str(caught.value)


def test_a_resume_tells_what_it_did_and_why_it_could_not() -> None:
    asked: list[list[str]] = []
    (done,) = errands.resume([HOST], "demo", answering(0, "demo: nothing to do", "", asked))
    assert (done.code, done.said, asked) == (0, ("demo: nothing to do",), [["resume", "demo", ""]])
    (held,) = errands.resume([HOST], "", answering(4, "", "demo: the lock is held by a run\n  next: wait\n", asked))
    assert (held.code, asked[-1]) == (4, ["resume", ""])
    assert "held by a run" in errands.healed_text([held])
    (gone,) = errands.resume([HOST], "", answering(255, "", "ssh: connect to host web1 port 22: Connection refused", asked))
    assert gone.code == 3
    assert "nothing listens" in errands.healed_text([gone])


def test_a_lock_goes_over_with_who_and_why_and_a_refusal_keeps_its_code(tmp_path: Path) -> None:
    where, asked = releasing.Place(tmp_path, tmp_path, (HOST,)), list[list[str]]()

    def ask(_: Host, command: Sequence[str]) -> Answer:
        asked.append(list(command[3:]))
        taken = command[3] == "lock" and len(asked) > 1
        return Answer(4, "", "demo was locked by bob\n  next: wait\n") if taken else Answer(0, "demo is locked\n", "")

    doors = Doors(ask, silent, print)
    assert errands.lock(where, "demo", "-- the fair", doors) == ["web1: demo is locked"]
    assert asked[0][:3] == ["lock", "demo", "--who"]
    assert asked[0][-1] == "--why=-- the fair", "a reason is never an option"
    with pytest.raises(HostSaid) as caught:
        errands.lock(where, "demo", "", doors)
    assert caught.value.exit_code == 4
    assert errands.unlock(where, "demo", doors) == ["web1: demo is locked"]


def test_a_restart_names_its_services_and_brings_who_and_why(tmp_path: Path) -> None:
    where, asked = releasing.Place(tmp_path, tmp_path, (HOST,)), list[list[str]]()
    answer = '{"verdict": "restarted", "changed": true, "release": 7, "seconds": 4.2}'
    done = errands.restart(where, "demo", ["api", "worker"], Manner("stuck"), answering(0, answer, "", asked))
    assert asked[0][:-1] == ["restart", "demo", "api", "worker", "--events"]
    assert json.loads(asked[0][-1])["why"] == "stuck"
    assert releasing.as_text(done) == "web1: what was named of demo was restarted, release 7 serves (4.2 s)"
    refused = '{"verdict": "failed", "changed": false, "error": "db is a store", "code": 2}'
    done = errands.restart(where, "demo", ["db"], Manner(), answering(2, refused, "", asked))
    assert (done.code, releasing.as_text(done)) == (2, "web1: failed: demo: db is a store")
