"""A watch ends, also where what it found cannot be acted on; what needs a whole host is shown on one."""

import json
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.host import choices, clock, records
from slipway.host.docker import Docker
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Release
from slipway.host.watching import judged_long_enough, watch
from slipway.model import Scale, Watch
from slipway.serving import Serving
from tests.unit.plan.stacks import SHOP, release, with_services

from .doors import empty_docker, has


def fails_each_request(root: Path, since: float) -> None:
    """Have the edge log failures of the release that serves, one a second."""
    layout = Layout(root)
    layout.edge_log.parent.mkdir(parents=True)
    line = {"rt": "0.010", "urt": "0.010", "stack": "shop", "service": "api", "kind": "plain", "uri": "/", "status": "500"}
    lines = [json.dumps({"ts": f"{since + second:.3f}", **line}, separators=(",", ":")) for second in range(4, 60)]
    layout.edge_log.write_text("\n".join(lines) + "\n")


def watched(root: Path, ends_in: float) -> Work:
    """Return a release that fails, with one beside it that does not start, a minute after the switch."""
    proc = root / "proc"
    (proc / "1").mkdir(parents=True)
    (proc / "stat").write_text("btime 1000000000\n")
    (proc / "1/stat").write_text("1 (init) " + "0 " * 19 + "0\n")
    since = clock.later(-60)
    fails_each_request(root, clock.parse(since).timestamp())
    layout = Layout(root)
    work = Work(Machine(layout, Docker(root / "docker.sock")), layout.stack("shop"))
    for number in (1, 2):
        placed = release(number)
        records.keep_release(work.folder, Release(number, "f", SHOP, placed.placement, who="me", why="site.yml", at=since))
    work.keep_serving(Serving("shop", current=2, previous=1, standby=1, since=since, watch_until=clock.later(ends_in)))
    empty_docker(root)
    return work


def states(work: Work) -> list[str]:
    return [entry["state"] for entry in Journal(work.folder.journal).entries() if entry["event"] == "watch"]


def tells(work: Work, *severities: str) -> None:
    """Have the host tell somebody."""
    told = {"schema": 1, "told": {severity: ["ops"] for severity in severities}, "receivers": {"ops": {"kind": "mail"}}}
    work.machine.layout.notices.parent.mkdir(parents=True)
    work.machine.layout.notices.write_text(json.dumps(told))


def messages(work: Work) -> Sequence[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(work.machine.layout.outbox.glob("*"))]


def test_people_hear_once_that_a_bad_release_goes_on_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 1", nft="exit 0")
    work = watched(tmp_path, ends_in=300)
    tells(work, "page")
    looks = iter([False] * 4 + [True])
    watch(replace(work, something_waits=lambda: next(looks)), lambda _: nullcontext(""))
    (told,) = messages(work)
    assert (told["event"], told["release"], told["stack"]) == ("not returned", 2, "shop")
    assert "requests failed" in str(told["text"])
    assert told["numbers"]


def test_a_standby_comes_back_with_as_many_as_the_stack_file_starts_where_one_more_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(tmp_path, monkeypatch, docker=f'echo "$*" >> {tmp_path}/asked; exit 1', nft="exit 0")
    work = watched(tmp_path, ends_in=300)
    wide = with_services(SHOP, replace(SHOP.services["api"], scale=Scale(2, 4)))
    made = release(1, wide)
    records.keep_release(work.folder, Release(1, "f", wide, made.placement, who="me", why="site.yml", at=clock.later(-60)))
    choices.change(work.folder, "a test", lambda old: replace(old, counts={"api": 3}))
    looks = iter([False, False, True])
    watch(replace(work, something_waits=lambda: next(looks)), lambda _: nullcontext(""))
    asked = [line.split("--no-recreate")[-1].split() for line in (tmp_path / "asked").read_text().splitlines() if " up " in line]
    assert asked[-2:] == [["r1-api-1", "r1-api-2", "r1-api-3", *asked[-1][2:]], ["r1-api-1", "r1-api-2", *asked[-1][2:]]]


def test_past_its_end_a_release_stays_that_is_as_bad_as_what_stands_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 1", nft="exit 0")
    work = watched(tmp_path, ends_in=-1)
    watch(work, lambda _: nullcontext(""))
    assert states(work)[-1] == "bad, and stays"
    serving = work.serving()
    assert (serving.current, serving.watched, serving.retiring) == (2, False, (1,))


def test_a_release_stays_where_the_record_of_what_stands_by_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, nft="exit 0")
    work = watched(tmp_path, ends_in=300)
    shutil.rmtree(work.folder.release(1))
    watch(work, lambda _: nullcontext(""))
    assert states(work)[-1] == "bad, and stays"
    assert not work.serving().watched


def test_before_its_end_such_a_release_is_judged_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 1", nft="exit 0")
    work = watched(tmp_path, ends_in=300)
    looks = iter([False, False, True])  # the watch is asked whether a request waits: before its begin, and before each look
    watch(replace(work, something_waits=lambda: next(looks)), lambda _: nullcontext(""))
    assert states(work)[-1] == "bad, and not returned"
    assert work.serving().watched


@pytest.mark.parametrize(
    ("asked", "judged", "enough"), [(300, 0, False), (300, 29.9, False), (300, 30, True), (10, 9, False), (10, 10, True)]
)
def test_nothing_ends_well_that_was_hardly_looked_at(asked: int, judged: float, enough: bool) -> None:
    assert judged_long_enough(Watch(seconds=asked), judged) is enough
