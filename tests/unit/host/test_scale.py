"""Counts that people choose on a host: kept, followed by what serves, and healed to where a run died."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import HostError
from slipway.host import choices, clock, counts, engine, leaving, records, run, scale, slots, surplus
from slipway.host.choices import By, Choices
from slipway.host.docker import Docker
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.preview import preview
from slipway.host.records import Release, Request
from slipway.host.run import Turn
from slipway.model import Scale
from slipway.plan.counts import BadCount

from .doors import docker_with, empty_docker, has
from .releases import AT, folder, release, stack

LIMITED = {
    name: replace(service, compose={"mem_limit": str(64 << 20)}, memory_mb=64)
    for name, service in stack("1.0.0").services.items()
}
WEB = replace(LIMITED["web"], scale=Scale(1, 3))  # without a route: a worker
MADE = release(1, "1.0.0", stack=replace(stack("1.0.0"), services={**LIMITED, "web": WEB}))
LEAST = ["demo-r1-web-1"]
STORE = "demo-db-1"


def container(name: str, **words: Any) -> dict[str, Any]:
    kind = {"slipway.kind": "store", "slipway.service": "db"} if name == STORE else {"slipway.service": "web"}
    labels = {**kind, "slipway.stack": "demo", "com.docker.compose.project": "demo" if name == STORE else "demo-r1"}
    state = {"Status": "running", "Pid": 1, "ExitCode": 0, "OOMKilled": False, "StartedAt": AT, "Health": {"Status": "healthy"}}
    return {
        "Name": f"/{name}",
        "RestartCount": 0,
        "State": {**state, **words},
        "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}},
        "Config": {"Image": "a/app", "Labels": labels},
    }


def host(root: Path, monkeypatch: pytest.MonkeyPatch, *names: str, docker: str = "") -> Work:
    """Return a stack on a host with these containers; its commands are written down, and do what they say to containers."""
    script = f"""
cd {root}
echo "$@" >> asked
{docker}
verb=$1
for name in "$@"; do
    file=containers/$name.json
    case $verb in
        stop) [ ! -f $file ] || sed -i s/running/exited/ $file ;;
        rm) rm -f $file ;;
        compose) [ ! -f made/demo-$name.json ] || cp made/demo-$name.json containers/ ;;
    esac
done
"""
    has(root, monkeypatch, docker=script, nft="exit 0", ip="echo '[]'", systemctl="exit 0")
    docker_with(root, *(container(name) for name in names))
    (root / "made").mkdir()
    for name in ("demo-r1-web-1", "demo-r1-web-2", "demo-r1-web-3"):
        (root / "made" / f"{name}.json").write_text(json.dumps(container(name)))
    found = folder(root, MADE)
    found.requests.mkdir()
    return Work(Machine(Layout(root), Docker(root / "docker.sock")), found)


def wish(work: Work, **wanted: int) -> Request:
    return Request("q1", MADE.stack, "ops (ann@desk)", "the fair", AT, verb="scale", counts=wanted)


def asked(root: Path) -> list[str]:
    file = root / "asked"
    return file.read_text().splitlines() if file.exists() else []


def results(work: Work) -> list[dict[str, Any]]:
    return [entry["result"] for entry in Journal(work.folder.journal).entries() if entry["event"] == "result"]


def have(work: Work, request: Request) -> dict[str, Any]:
    """Run a request with the secrets of the release."""
    work.secrets.receive(request.id, {"DB_PASSWORD": "word"})
    engine.run(work, request)
    return results(work)[-1]


def test_more_replicas_are_started_kept_and_led_to_without_another_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE)
    result = have(work, wish(work, web=2))
    assert (result["verdict"], result["release"], result["changed"]) == ("scaled", 1, True), result["error"]
    assert [step["name"] for step in result["steps"]] == ["start-more", "choose", "switch", "restart-more"]
    made = choices.read(work.folder)
    assert (made.counts, made.counted_by["web"].who, made.counted_by["web"].why) == ({"web": 2}, "ops (ann@desk)", "the fair")
    assert counts.placed(work.folder, MADE).stack.services["web"].replicas_started == 2
    assert records.releases(work.folder) == [1]
    (noted,) = [entry for entry in Journal(work.folder.journal).entries() if entry["event"] == "scaled"]
    assert (noted["counts"], noted["release"]) == ({"web": 2}, 1)
    again = have(work, wish(work, web=2))
    assert (again["verdict"], again["changed"]) == ("unchanged", False)


def test_a_count_of_its_least_forgets_the_choice_and_says_who_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE, "demo-r1-web-2")
    choices.change(work.folder, "a test", lambda old: replace(old, counts={"web": 2}))
    result = have(work, wish(work, web=1))
    assert [step["name"] for step in result["steps"]] == ["choose", "switch", "restart-fewer", "stop-workers"]
    assert choices.read(work.folder).counts == {}
    assert [one.name for one in surplus.present(work)] == ["demo-r1-web-2"]
    until = time.monotonic() + 20  # nobody waits for a stop, so Docker may hear of it a moment later
    while "stop demo-r1-web-2" not in asked(tmp_path):
        assert time.monotonic() < until, asked(tmp_path)
        time.sleep(0.05)


def test_what_does_not_start_leaves_the_counts_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE, docker="echo no room >&2; exit 1")
    result = have(work, wish(work, web=3))
    assert (result["verdict"], result["changed"], result["code"]) == ("not scaled", False, HostError.exit_code)
    assert "no room" in result["error"]
    assert "the counts stay as they were" in result["error"]
    assert choices.read(work.folder) == Choices()


def test_bounds_are_judged_before_anything_is_asked_for_and_again_by_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE)
    with pytest.raises(BadCount, match="web may have 1 to 3 replicas"):
        scale.words(work, {}, {"web": 4})
    result = have(work, wish(work, web=4))
    assert (result["verdict"], result["code"]) == ("not scaled", BadCount.exit_code)


def test_a_wish_for_counts_is_the_words_of_what_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE)
    words = scale.words(work, {"who": "ann@desk", "commit": "abc", "why": "", "stack": "another"}, {"web": 3})
    request, values = records.request_of(words, AT)
    assert (request.stack, request.counts, request.verb, values) == (MADE.stack, {"web": 3}, "scale", {})
    assert (request.who, request.why) == ("ann@desk", "fab scale demo web=3")


def test_nothing_that_serves_cannot_be_scaled(tmp_path: Path) -> None:
    work = Work(Machine(Layout(tmp_path)), folder(tmp_path))
    for ask in (lambda: scale.words(work, {}, {"web": 2}), lambda: scale.rows(work)):
        with pytest.raises(HostError, match="nothing of demo serves here"):
            ask()


def test_a_run_that_died_before_the_choice_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = "demo-r1-web-2"
    work = host(tmp_path, monkeypatch, *LEAST, STORE, gone)
    work.folder.lock.write_text("a run that was killed")
    records.file_request(work.folder, wish(work, web=2))
    Journal(work.folder.journal).append({"event": "begin", "request": "q1", "at": AT})
    assert run.turn(work, Turn()).fault is None
    assert results(work)[0]["verdict"] == "interrupted"
    assert not records.waiting(work.folder)
    told = ["update --restart no demo-r1-web-2", "stop demo-r1-web-2", "rm --force --volumes demo-r1-web-2"]
    assert [line for line in asked(tmp_path) if "web-2" in line] == told
    assert surplus.present(work) == []


def test_a_run_that_died_after_the_choice_is_healed_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE, "demo-r1-web-3")
    choices.change(work.folder, "a test", lambda old: replace(old, counts={"web": 2}))
    work.folder.lock.write_text("a run that was killed")
    assert run.turn(work, Turn()).fault is None
    assert [line for line in asked(tmp_path) if line.endswith("up --detach --no-deps --no-recreate r1-web-1 r1-web-2")]
    assert work.machine.docker.listed("") == [STORE, "demo-r1-web-1", "demo-r1-web-2"], "what was too much is gone"


def test_beside_a_watch_what_is_too_much_leaves_once_its_jobs_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE, "demo-r1-web-2")
    now = clock.now()
    choices.change(work.folder, "a test", lambda old: replace(old, counted_by={"web": By("ann", now)}))
    assert leaving.due(work) == [], "it still works, and has time"
    choices.change(work.folder, "a test", lambda old: replace(old, counted_by={"web": By("ann", AT)}))
    assert "remove-surplus" in [step.name for step in leaving.due(work)]


def test_a_file_that_cannot_be_read_keeps_nothing_from_serving_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE, "demo-r1-web-2")
    (work.folder.path / choices.FILE).write_text("{")
    assert counts.placed(work.folder, MADE).stack == MADE.stack
    assert surplus.present(work) == [], "nobody knows whether it is too much"
    assert "cannot be read" in counts.told(work.folder, MADE.stack)[0]
    result = have(work, wish(work, web=2))
    assert (result["verdict"], result["code"]) == ("refused", HostError.exit_code)


def test_counts_are_shown_with_their_bounds_and_who_chose_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE)
    choices.change(work.folder, "a test", lambda old: Choices({"web": 9}, None, {"web": By("ann", AT, "the fair")}))
    db, web = scale.rows(work)
    assert (web["service"], web["wanted"], web["running"], web["min"], web["max"], web["chosen"]) == ("web", 3, 1, 1, 3, 9)
    assert (web["who"], web["at"], web["why"]) == ("ann", AT, "the fair")
    assert (db["wanted"], db["max"], db["chosen"], db["running"]) == (1, None, None, 1)
    told = ["web runs 3 times: 9 were chosen, but the stack file says 1 to 3; chosen by ann at 2026-11-21T08:00Z: the fair"]
    assert counts.told(work.folder, MADE.stack) == told


def test_a_plan_says_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, STORE)
    choices.change(work.folder, "a test", lambda old: Choices({"web": 2}, None, {"web": By("ann", AT)}))
    work.secrets.settle({"DB_PASSWORD": "word"})
    found = preview(work, Request("q2", MADE.stack, "me", "", AT), {"DB_PASSWORD": "word"}).found
    assert found["chosen"] == ["web runs 2 times, the stack file says 1 to 3; chosen by ann at 2026-11-21T08:00Z"]


def test_replicas_whose_choice_was_lost_lose_the_traffic_before_they_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = host(tmp_path, monkeypatch, *LEAST, "demo-r1-web-2", STORE)
    slots.keep(work.folder, {"20001": ["10.213.1.9", 8000, False]})
    assert surplus.leave(work)[0].name == "switch"
    slots.keep(work.folder, {})
    assert "switch" not in [step.name for step in surplus.leave(work)]


def test_a_release_without_bounds_asks_docker_for_nothing(tmp_path: Path) -> None:
    plain: Release = release(1, "1.0.0")
    work = Work(Machine(Layout(tmp_path), Docker(tmp_path / "docker.sock")), folder(tmp_path, plain))
    assert surplus.present(work) == []
    empty_docker(tmp_path)
    assert surplus.leave(work) == []


def test_old_requests_and_choices_still_read(tmp_path: Path) -> None:
    found = folder(tmp_path, MADE)
    (found.path / choices.FILE).write_text(json.dumps({"counts": {"web": 2}, "maintenance": None, "schema": 1}))
    assert choices.read(found).counted_by == {}
    assert counts.told(found, MADE.stack)[0].endswith("chosen by nobody who was written down")
