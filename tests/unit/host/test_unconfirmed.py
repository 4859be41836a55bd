"""A release that waits for the word of several hosts: what a run makes of it, and what it does where no way leads back."""

import json
import os
import signal
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import HostError, ReleaseRefused, SlipwayError
from slipway.host import files, meeting, pinned, records, resume, status, together, unconfirmed
from slipway.host.asker import DEPLOY, Asker
from slipway.host.docker import Docker
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Request
from slipway.host.run import Turn, turn
from slipway.plan.gate import gate
from slipway.serving import Serving
from tests.unit.plan.stacks import SHOP
from tests.unit.plan.stacks import release as placed

from .doors import empty_docker, has
from .releases import AT, folder, ran, release

CALLED = "c0ffee"
WAITS: dict[str, Any] = {"current": 2, "standby": 1, "unconfirmed": {"together": CALLED}}
MADE = (release(1, "1.0.0"), release(2, "1.1.0"))


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Return a host on which release 2 waits for the word, with programs that do nothing and a Docker without containers."""
    has(tmp_path, monkeypatch, docker="exit 0", nft="exit 0", systemctl="exit 0", nginx="exit 0")
    empty_docker(tmp_path)
    monkeypatch.setattr(together, "SILENCE_SECONDS", 0.3)
    found = folder(tmp_path, *MADE, **WAITS)
    found.requests.mkdir()
    found.lock.touch()
    return Work(Machine(Layout(tmp_path), Docker(tmp_path / "docker.sock")), found)


def entries(work: Work, event: str) -> list[dict[str, Any]]:
    return [entry for entry in Journal(work.folder.journal).entries() if entry["event"] == event]


def without_tasks(work: Work) -> None:
    """Leave the two releases with nothing that a way back would start."""
    for number in (1, 2):
        made = records.release(work.folder, number)
        services = {name: one for name, one in made.stack.services.items() if one.store}
        records.keep_release(work.folder, replace(made, stack=replace(made.stack, services=services)))


def test_a_run_settles_what_an_earlier_one_left_before_anything_else(work: Work) -> None:
    without_tasks(work)
    (work.folder.lock).write_text("a run that was killed")
    assert turn(work, Turn()).fault is None
    serving = work.serving()
    assert (serving.current, serving.held, serving.unconfirmed) == (1, (), None)
    (back,) = entries(work, "returned")
    assert (back["from"], back["to"], back["together"]) == (2, 1, CALLED)
    assert back["text"] == unconfirmed.SILENT


def test_a_resume_has_the_run_go_on_with_what_waits(work: Work, tmp_path: Path) -> None:
    (tmp_path / "bin/systemctl").write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n')
    resume._go_on(work)
    assert (tmp_path / "asked").read_text() == "start --no-block slipway-run@demo.service\n"


def test_the_word_makes_the_release_stay_and_the_other_leave(work: Work) -> None:
    together.tell(work.folder, CALLED, "confirm")
    unconfirmed.settle(work)
    serving = work.serving()
    assert (serving.current, serving.standby, serving.retiring, serving.unconfirmed) == (2, None, (1,), None)
    assert "unconfirmed" not in json.loads(work.folder.serving.read_text()), "an engine from before reads it"


def test_looks_alone_keep_no_host_waiting_for_ever(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    without_tasks(work)
    monkeypatch.setattr(unconfirmed, "LONGEST_SECONDS", 0)
    together.tell(work.folder, CALLED, "look")
    unconfirmed.settle(work)
    assert [entry["text"] for entry in entries(work, "returned")] == ["not every host served it within 0 s"]


def test_a_look_never_undoes_a_word_that_is_told_meanwhile(work: Work) -> None:
    together.tell(work.folder, CALLED, "look")
    late = threading.Thread(target=together.tell, args=(work.folder, CALLED, "look"))
    with together._alone(work.folder):
        late.start()
        late.join(0.2)
        assert late.is_alive(), "it waits for whoever is at it"
        told = together.Heard(CALLED, "confirm", AT)
        (work.folder.path / together.FILE).write_text(json.dumps(asdict(told)))
    late.join(5)
    assert together.heard(work.folder, CALLED).word == "confirm"


def test_why_a_host_goes_back_is_one_short_line(work: Work) -> None:
    without_tasks(work)
    meeting.speak(work.machine, "demo", CALLED, ("look", ""), print)
    engine = threading.Thread(target=unconfirmed.settle, args=(work,))
    engine.start()
    meeting.speak(work.machine, "demo", CALLED, ("back", "web3:\x1b[2J\nno" + "!" * 120_000), print)
    engine.join(5)
    (back,) = entries(work, "returned")
    assert back["text"] == ("web3:[2Jno" + "!" * 120_000)[: records.LONGEST_CLAIM]


def test_a_host_that_dies_on_the_way_back_takes_the_release_for_a_new_wish_later(work: Work, tmp_path: Path) -> None:
    without_tasks(work)
    asked = records.Request("q1", MADE[1].stack, "me", "", AT, verb="deploy", pinned={"RELEASE": "1.1.0"})
    for made in MADE:
        pinned.note(work.folder, made, asked)
    (tmp_path / "bin/nft").write_text("#!/bin/sh\nkill -9 $PPID\n")
    if (engine := os.fork()) == 0:
        unconfirmed.settle(work)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(engine, 0)[1]) == signal.SIGKILL
    assert work.serving().current == 1
    assert entries(work, "returned") == []
    assert pinned.read(work.folder).known["RELEASE"] == ("1.0.0",)


def test_what_served_before_is_older_than_what_serves_and_what_never_did_is_a_new_wish(work: Work) -> None:
    without_tasks(work)
    again = records.release(work.folder, 1)
    stack = replace(again.stack, variables={"RELEASE": "1.0.0", "NEW": "x"})
    records.keep_release(work.folder, replace(release(3, "1.0.0"), stack=stack))
    files.write(work.folder.release(3) / "compose.json", "{}", 0o640)
    work.keep_serving(replace(work.serving(), current=3, standby=2))
    asked = Request("q", again.stack, "me", "fab deploy", AT, verb="deploy", pinned={"RELEASE": "1.0.0"})
    pinned.note(work.folder, records.release(work.folder, 3), asked)
    together.tell(work.folder, CALLED, "back", "web3: cut off")
    unconfirmed.settle(work)
    known = pinned.read(work.folder).known
    assert (work.serving().current, known["RELEASE"][-1], known["NEW"]) == (2, "1.0.0", ())


def test_a_word_about_another_release_is_none(work: Work) -> None:
    without_tasks(work)
    together.tell(work.folder, "another", "confirm")
    unconfirmed.settle(work)
    assert work.serving().current == 1


def test_a_release_that_no_way_leads_back_from_stays_and_people_hear_of_it(work: Work) -> None:
    ran(work.folder, 2, migrated="Running upgrade 0002 -> 0003, drop the old column")
    work.machine.layout.notices.parent.mkdir(parents=True)
    told = {"schema": 1, "environment": "lab", "told": {"page": ["ops"]}, "receivers": {"ops": {"kind": "mail"}}}
    work.machine.layout.notices.write_text(json.dumps(told))
    together.tell(work.folder, CALLED, "back", "web3: cut off")
    unconfirmed.settle(work)
    assert (work.serving().current, work.serving().unconfirmed) == (2, None)
    (said,) = entries(work, "unconfirmed")
    assert "web3: cut off; " in said["text"]
    (path,) = work.machine.layout.outbox.iterdir()
    assert json.loads(path.read_text())["event"] == "not returned"


def test_a_standby_that_does_not_come_up_is_tried_again_and_keeps_no_request_waiting(tmp_path: Path, work: Work) -> None:
    for number in (1, 2):
        made = replace(MADE[number - 1], stack=replace(SHOP, name="demo"), placement=placed(number).placement)
        records.keep_release(work.folder, made)
    (tmp_path / "bin/docker").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SlipwayError):
        unconfirmed.settle(work)
    assert work.serving().unconfirmed is not None, "nothing moved: it is owed still"
    assert turn(work, Turn()).fault is not None
    unconfirmed.settle(replace(work, something_waits=lambda: True))
    assert any("was not taken back" in entry["text"] for entry in entries(work, "warning"))


def test_what_waits_is_told(work: Work) -> None:
    assert "release 2 waits until every host is known to serve it; release 1 serves again" in meeting.told(work.folder)
    work.keep_serving(Serving("demo", current=2))
    assert meeting.told(work.folder) == ""
    (stack,) = status.status(work.machine)["stacks"]
    assert stack["identity"] == meeting.known(work.folder, 2) != meeting.known(work.folder, 1)
    assert stack["together"] == ""


def test_words_that_nobody_waits_for_change_nothing(work: Work) -> None:
    work.keep_serving(Serving("demo", current=2))
    hear = print
    assert meeting.speak(work.machine, "demo", "other", ("look", ""), hear)["verdict"] == "none"
    assert meeting.speak(work.machine, "demo", "other", ("back", "x"), hear)["verdict"] == "none"
    for word in ("go", "confirm"):
        with pytest.raises(ReleaseRefused, match="nothing was begun under this name"):
            meeting.speak(work.machine, "demo", "other", (word, ""), hear)
    assert not (work.folder.path / together.FILE).exists()


def test_a_first_release_needs_no_word(work: Work) -> None:
    Journal(work.folder.journal).append({"event": "begin", "at": AT, "request": "q1", "together": CALLED})
    result = {"verdict": "serving", "release": 2, "changed": True, "code": 0}
    Journal(work.folder.journal).append({"event": "result", "at": AT, "request": "q1", "result": result})
    work.keep_serving(Serving("demo", current=2))
    assert meeting.speak(work.machine, "demo", CALLED, ("go", ""), print) == result, "its answer was lost"
    for word in ("look", "confirm", "back"):
        said: Any = (word, "")
        assert meeting.speak(work.machine, "demo", CALLED, said, print)["verdict"] == "confirmed"


def test_deployers_speak_only_about_stacks_that_were_granted(work: Work) -> None:
    asked = replace(work.machine, asker=Asker(DEPLOY, "ann"))
    with pytest.raises(ReleaseRefused, match="was granted"):
        meeting.speak(asked, "demo", CALLED, ("confirm", ""), print)
    assert work.serving().unconfirmed is not None


def test_nobody_waits_at_the_gate_for_longer_than_others_wait_for_the_lock(work: Work) -> None:
    (step,) = gate(CALLED)
    together.tell(work.folder, CALLED, "look")
    with pytest.raises(HostError, match="other hosts were not prepared within 0 s"):
        together.wait_at_gate(work, replace(step, limit_seconds=0))
    assert step.limit_seconds == 3600
