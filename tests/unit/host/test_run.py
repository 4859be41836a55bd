"""What a run does while Docker is away: nothing is lost, nothing goes, and whoever asked gets a verdict."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import HostError
from slipway.host import engine, pinned, records, resume
from slipway.host.docker import Docker, Silent
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Request
from slipway.host.run import HERE, Superseded, Turn, turn
from slipway.model import Domain, Service, Stack

from .doors import empty_docker, has
from .releases import AT, folder, release

LATER = "2026-11-21T08:00:01.000Z"
RETURNED: dict[str, Any] = {"current": 1, "retiring": (2,), "held": (2,)}
MADE = (release(1, "1.0.0"), release(2, "1.1.0"))


def away(root: Path, *made: records.Release, **serving: Any) -> Work:
    """Return a stack on a host whose Docker does not answer."""
    found = folder(root, *made, **serving)
    found.requests.mkdir()
    work = Work(Machine(Layout(root), Docker(root / "docker.sock")), found)
    return replace(work, something_waits=lambda: bool(records.waiting(found)))


def ask(work: Work) -> None:
    web = Service("web", "a/app:1.2.0", {"mem_limit": str(64 << 20)}, memory_mb=64)
    asked = Stack("demo", {"web": web}, domains={"site": Domain("demo.example")})
    records.file_request(work.folder, Request("q1", asked, "me", "site.yml", AT))
    work.secrets.receive("q1", {})


def dies(work: Work) -> None:
    work.folder.lock.write_text("a run that was killed")


def results(work: Work) -> list[dict[str, Any]]:
    return [entry["result"] for entry in Journal(work.folder.journal).entries() if entry["event"] == "result"]


def test_a_return_that_was_cut_short_is_healed_before_anything_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 1", nft="exit 0")
    work = away(tmp_path, *MADE, **RETURNED)
    empty_docker(tmp_path)
    assert isinstance(turn(work, Turn()).fault, HostError)
    assert work.serving().retiring == (2,)
    Journal(work.folder.journal).append({"event": "resumed", "at": LATER})
    turn(work, Turn())
    assert work.serving().retiring == (), "healed, so that the bad release may go"


@pytest.mark.parametrize("event", ["returned", "resumed"])
def test_people_hear_of_a_return_whose_run_was_killed_once_it_is_healed(tmp_path: Path, event: str) -> None:
    work = away(tmp_path, *MADE, **RETURNED)
    Journal(work.folder.journal).append(
        {"event": "watch", "state": "bad", "text": "14 failed", "release": 2, "at": "2026-11-21T07"}
    )
    told = resume.unfinished_return(work)
    assert told is not None
    assert (told.title, told.text) == ("release 2 was taken back, release 1 serves again", "14 failed")
    Journal(work.folder.journal).append({"event": event, "at": LATER})
    assert resume.unfinished_return(work) is None, "they heard of it"


def test_a_way_back_whose_run_was_killed_is_closed_by_the_heal_as_that_run_would_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(tmp_path, monkeypatch, docker="exit 0", nft="exit 0", nginx="exit 0")
    stores = {name: one for name, one in MADE[0].stack.services.items() if one.store}
    bare = [replace(made, stack=replace(made.stack, services=stores)) for made in MADE]
    work = away(tmp_path, *bare, **{**RETURNED, "held": ()})
    empty_docker(tmp_path)
    begun: dict[str, Any] = {"at": "2026-11-21T07", "request": "q2"}
    Journal(work.folder.journal).append({**begun, "event": "begin", "together": "c0ffee"})
    Journal(work.folder.journal).append({**begun, "event": "step", "name": "begin", "state": "done", "release": 2})
    pinned.note(work.folder, bare[1], Request("q2", bare[1].stack, "me", "", AT, verb="deploy", pinned={"RELEASE": "1.1.0"}))
    for _ in "twice":
        resume.heal(work)
    (back,) = [entry for entry in Journal(work.folder.journal).entries() if entry["event"] == "returned"]
    assert (back["from"], back["to"], back["together"]) == (2, 1, "c0ffee")
    assert pinned.read(work.folder).known["RELEASE"] == ("1.0.0",)


def test_nobody_hears_of_a_return_where_there_was_none(tmp_path: Path) -> None:
    assert resume.unfinished_return(away(tmp_path, *MADE, retiring=(1,))) is None


def test_a_refused_request_leaves_a_message(tmp_path: Path) -> None:
    work = away(tmp_path, *MADE)
    work.machine.layout.notices.parent.mkdir(parents=True)
    told = {"schema": 1, "environment": "lab", "told": {"warn": ["ops"]}, "receivers": {"ops": {"kind": "mail"}}}
    work.machine.layout.notices.write_text(json.dumps(told))
    ask(work)
    assert engine.run(work, records.waiting(work.folder)[0]).verdict == "refused"
    (path,) = work.machine.layout.outbox.iterdir()
    message = json.loads(path.read_text())
    assert (message["event"], message["serves"], message["request"], message["who"]) == ("refused", 2, "q1", "me")


def test_a_watch_is_followed_by_another_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 0", nft="exit 0")
    empty_docker(tmp_path)
    work = away(tmp_path, *MADE, current=2, standby=1, watch_until="2999-01-01T00:00:00.000Z")
    assert turn(replace(work, something_waits=lambda: True), Turn()).watched, "what ended the watch is still to be done"
    work.keep_serving(replace(work.serving(), standby=None, watch_until=""))
    assert not turn(work, Turn()).watched


def test_a_request_gets_its_own_verdict_while_nothing_can_be_healed(tmp_path: Path) -> None:
    work = away(tmp_path, *MADE, **RETURNED)
    ask(work)
    assert isinstance(turn(work, Turn()).fault, Silent)
    (result,) = results(work)
    assert (result["verdict"], result["code"]) == ("refused", HostError.exit_code), result["error"]
    assert records.waiting(work.folder) == []


def test_what_cannot_be_healed_is_said_and_the_request_is_judged_on_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(tmp_path, monkeypatch, docker="echo no room >&2; exit 1")
    work = away(tmp_path, *MADE, retiring=(1,))
    empty_docker(tmp_path)
    ask(work)
    engine.run(work, records.waiting(work.folder)[0])
    (result,) = results(work)
    assert result["verdict"] == "refused"
    assert result["warnings"][0].startswith("what an earlier run left could not be healed")
    assert "nginx does not run" in result["error"], "it came as far as its own release"


def test_a_request_that_came_after_a_heal_that_failed_is_run_first(tmp_path: Path) -> None:
    work = away(tmp_path, *MADE, **RETURNED)
    fault = HostError("a turn before")
    ask(work)
    assert turn(work, Turn(fault=fault)).fault is fault, "the heal is owed still"
    assert records.waiting(work.folder) == []


def test_what_died_is_healed_even_with_a_first_release_that_has_none_beside_it(tmp_path: Path) -> None:
    work = away(tmp_path, MADE[0])
    assert turn(work, Turn()).fault is None, "nobody died"
    dies(work)
    assert isinstance(turn(work, Turn()).fault, Silent)
    assert isinstance(turn(work, Turn(fault=HostError("a turn before"))).fault, Silent), "owed until it was done"


@pytest.mark.parametrize(
    ("entry", "cut"),
    [
        ({"event": "returned", "at": LATER, "failed": ""}, False),
        ({"event": "returned", "at": LATER, "failed": "Docker does not answer"}, True),
        ({"event": "resumed", "at": LATER}, False),
        ({"event": "resumed", "at": "2026-11-21T07:00:00.000Z"}, True),
        ({"event": "step", "at": LATER}, True),
    ],
)
def test_a_return_is_whole_once_its_last_step_was_done_or_it_was_healed(tmp_path: Path, entry: dict[str, Any], cut: bool) -> None:
    work = away(tmp_path, *MADE, **RETURNED)
    Journal(work.folder.journal).append(entry)
    assert resume.cut_short(work) is cut


def test_a_release_in_the_making_was_cut_short_and_an_old_one_that_drains_was_not(tmp_path: Path) -> None:
    assert resume.cut_short(away(tmp_path / "made", *MADE, current=1, next=2))
    assert not resume.cut_short(away(tmp_path / "old", *MADE, retiring=(1,)))


def test_a_release_that_was_killed_in_the_making_never_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 1")
    work = away(tmp_path, *MADE, current=1, next=2)
    empty_docker(tmp_path)
    with pytest.raises(HostError):
        resume.heal(work)
    assert records.served(work.folder) == [1]
    assert records.release(work.folder, 2).number == 2, "its record stays: it says which slots were given out"


@pytest.mark.parametrize(
    ("serving", "started"),
    [({"watch_until": LATER}, True), (RETURNED, True), ({"retiring": (1,)}, False)],
    ids=["watched", "returned", "served for long"],
)
def test_the_unit_goes_on_where_a_resume_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serving: dict[str, Any], started: bool
) -> None:
    has(tmp_path, monkeypatch, systemctl=f'echo "$@" >> {tmp_path}/asked')
    work = away(tmp_path, *MADE, **serving)
    with pytest.raises(Silent):
        resume.resume(work.machine, "demo", "a test", boot=True)
    asked = tmp_path / "asked"
    assert (asked.read_text().split()[-1] if asked.exists() else "") == ("slipway-run@demo.service" if started else "")


@pytest.mark.parametrize("same", [True, False])
def test_a_request_that_comes_after_another_engine_waits_for_that_one(tmp_path: Path, *, same: bool) -> None:
    work = away(tmp_path, *MADE, current=1)
    empty_docker(tmp_path)
    ask(work)
    other = tmp_path / "usr/local/lib/slipway/other"
    other.mkdir(parents=True)
    work.machine.layout.engine.symlink_to(HERE if same else other)
    if same:
        turn(work, Turn())
    else:
        with pytest.raises(Superseded):
            turn(work, Turn())
    assert bool(records.waiting(work.folder)) is not same
    assert [entry for entry in Journal(work.folder.journal).entries() if entry["event"] == "begin"] == [] or same
    assert not work.folder.lock.read_text()
