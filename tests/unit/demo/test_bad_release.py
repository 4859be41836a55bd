"""What a newcomer is told while a bad release is shown; the showing itself happens on the demo's host."""

from pathlib import Path

import pytest

from slipway.demo import bad_release
from slipway.errors import HostError
from slipway.ops.hosts import Host
from slipway.ops.releasing import Doors, Place
from slipway.ops.ssh import Answer

ROOT = Path(__file__).resolve().parents[3]


def doors(answer: Answer) -> Doors:
    return Doors(lambda *_: answer, lambda *_: answer, lambda _: None)


def shown(answer: Answer) -> bad_release.Show:
    return bad_release.Show(Place(ROOT, ROOT / "inventory/lab", (Host("demo", "127.0.0.1"),)), doors(answer))


@pytest.mark.parametrize("name", ["", "good-release"])
def test_only_scenarios_that_exist_are_shown(name: str) -> None:
    with pytest.raises(bad_release.NoScenario, match="scenario") as refused:
        bad_release.show(ROOT, name, doors(Answer(0, "", "")))
    assert refused.value.exit_code == 2
    assert "fab demo --scenario bad-release" in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Answer(255, "", "ssh: connect to host 127.0.0.1 port 2201: Connection refused"), "the demo does not run"),
        (Answer(0, '{"stacks": []}', ""), "serves nothing"),
        (Answer(0, '{"stacks": [{"name": "demo", "release": null}]}', ""), "serves nothing"),
    ],
)
def test_without_a_demo_it_says_how_to_make_one(answer: Answer, cause: str) -> None:
    with pytest.raises(HostError, match=cause) as refused:
        shown(answer).stack()
    assert refused.value.next_step == "make demo"


def test_the_verdict_and_the_return_are_told_and_steps_are_not() -> None:
    verdict = {"event": "watch", "state": "bad", "text": "api: 14 of 31 requests failed", "release": 2}
    assert bad_release.told_of(verdict) == "the host's verdict: bad: api: 14 of 31 requests failed"
    back = {"event": "returned", "from": 2, "to": 1, "seconds": 0.84}
    assert bad_release.told_of(back) == "the host went back from release 2 to 1, scheduler and workers too, in 0.8 s"
    assert bad_release.told_of({"event": "notice", "state": "sent", "receiver": "chat"}) == "chat was told"
    assert bad_release.told_of({"event": "step", "name": "map", "state": "done"}) == ""
    assert bad_release.told_of({"event": "watch", "state": "hindered", "text": "Docker is away"}) == ""


def test_each_look_at_the_journal_tells_only_what_is_new() -> None:
    one = shown(Answer(0, '[{"event": "begin"}, {"event": "result"}]', ""))
    assert [entry["event"] for entry in one.journal()] == ["begin", "result"]
    assert one.journal() == []


def test_the_demos_files_are_copied_and_stay_as_they_are(tmp_path: Path) -> None:
    home = tmp_path / "inventory/lab/group_vars/all"
    home.mkdir(parents=True)
    (home / "stacks.yml").write_text("production: false\n")
    stale = tmp_path / bad_release.COPY / "group_vars/all/releases.yml"
    stale.parent.mkdir(parents=True)
    stale.write_text("of the last showing")
    bad_release._copy(tmp_path)
    assert (tmp_path / bad_release.COPY / "group_vars/all/stacks.yml").read_text() == "production: false\n"
    assert not stale.exists()
