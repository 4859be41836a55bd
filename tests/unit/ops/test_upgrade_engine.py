"""`fab upgrade-engine`: hosts one after another, each proved from outside, and the way back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slipway.ops.hosts import Host
from slipway.ops.ssh import Answer
from slipway.ops.upgrade_engine import Doors, Report, as_json, as_text, code, upgrade_all

WEB, DB = Host("web1", "203.0.113.10", user="ann"), Host("web2", "203.0.113.11", user="ann")
NEWER = {"docker.io": {"installed": "26.1", "candidate": "26.2"}, "runc": {"installed": "1.1", "candidate": "1.1"}}
SAME = {"docker.io": {"installed": "26.2", "candidate": "26.2"}}
URL = "https://shop.example/"
STATUS = {"stacks": [{"name": "shop", "domains": [{"url": URL}]}]}


def said(verdict: str, packages: Mapping[str, Any], **figures: Any) -> Answer:
    outcome = {"verdict": verdict, "packages": packages, "containers": 0, "kept": 0, "seconds": 0.0, "error": "", "code": 0}
    return Answer(int(figures.get("code", 0)), json.dumps(outcome | figures), "")


class Fleet:
    """Hosts that answer by what they were told; keeps what they were asked."""

    def __init__(self, answers: Mapping[str, Answer], visits: Sequence[int] = (200,)) -> None:
        self.answers, self.asked, self.told = answers, [], []
        self.visits: Iterator[int] = iter([*visits, *[visits[-1]] * 100])
        self.doors = Doors(self.ask, lambda _, urls: dict.fromkeys(urls, next(self.visits)), self.told.append, proof_seconds=0)

    asked: list[tuple[str, str]]
    told: list[str]

    def ask(self, host: Host, words: Sequence[str], limit_seconds: float) -> Answer:
        assert limit_seconds > 0
        word = "status" if "status" in words else words[-1].removeprefix("--")
        self.asked.append((host.name, word))
        return self.answers.get(f"{host.name} {word}") or self.answers[word]


DONE = said("upgraded", NEWER, containers=5, kept=5, seconds=21.0)
WELL = {"dry-run": said("would move", NEWER), "upgrade-docker": DONE, "status": Answer(0, json.dumps(STATUS), "")}


def test_hosts_go_one_after_another_with_a_proof_from_outside() -> None:
    fleet = Fleet(WELL)
    reports = upgrade_all([WEB, DB], fleet.doors, dry_run=False)
    assert fleet.asked == [(host, word) for host in ("web1", "web2") for word in ("dry-run", "status", "upgrade-docker")]
    assert as_text(reports).splitlines()[:2] == [
        "web1: upgraded, 5 of 5 containers ran on, 1 site answered from outside (21 s)",
        "  docker.io 26.1 -> 26.2",
    ]
    assert (code(reports), fleet.told[0]) == (0, "web1: docker.io 26.1 -> 26.2")


def test_a_dry_run_tells_versions_and_touches_nothing() -> None:
    fleet = Fleet(WELL)
    reports = upgrade_all([WEB], fleet.doors, dry_run=True)
    assert (fleet.asked, code(reports)) == ([("web1", "dry-run")], 6)
    assert as_json(reports)[0]["packages"][0] == {"name": "docker.io", "installed": "26.1", "candidate": "26.2"}


def test_a_host_with_the_newest_version_is_left_alone() -> None:
    fleet = Fleet({"dry-run": said("unchanged", SAME)})
    reports = upgrade_all([WEB], fleet.doors, dry_run=False)
    assert (fleet.asked, code(reports), as_text(reports)) == ([("web1", "dry-run")], 0, "web1: unchanged")


def test_behind_a_host_that_took_it_back_none_is_touched() -> None:
    bad = said("taken back", NEWER, error="not everything came up healthy: shop/api", code=5)
    fleet = Fleet({**WELL, "web1 upgrade-docker": bad})
    reports = upgrade_all([WEB, DB], fleet.doors, dry_run=False)
    assert {host for host, _ in fleet.asked} == {"web1"}
    assert (code(reports), reports[1]) == (5, Report("web2", "not touched"))
    assert "  not everything came up healthy: shop/api" in as_text(reports)


def test_a_site_that_answers_no_more_takes_the_upgrade_back() -> None:
    fleet = Fleet({**WELL, "back": said("taken back", SAME, code=5)}, visits=(200, 502))
    reports = upgrade_all([WEB], fleet.doors, dry_run=False)
    assert fleet.asked[-1] == ("web1", "back")
    assert (reports[0].code, reports[0].verdict) == (5, "taken back")
    assert f"{URL} did not answer from outside any more" in reports[0].error


def test_a_site_that_did_not_answer_before_proves_nothing_and_stops_nothing() -> None:
    fleet = Fleet(WELL, visits=(0, 0))
    (report,) = upgrade_all([WEB], fleet.doors, dry_run=False)
    assert (report.verdict, report.asked) == ("upgraded", 0)


def test_what_keeps_a_host_from_it_is_told_with_its_code() -> None:
    held = Answer(4, "", "/var/lib/slipway/shop/lock is held by a run\n  next: wait until that run has ended")
    reports = upgrade_all([WEB, DB], Fleet({"dry-run": held}).doors, dry_run=False)
    assert (code(reports), reports[0].verdict, reports[1].verdict) == (4, "refused", "not touched")
    assert "is held by a run" in reports[0].error


def test_a_host_that_does_not_answer_is_told() -> None:
    gone = Answer(255, "", "ssh: connect to host 203.0.113.10 port 22: Connection timed out")
    (report,) = upgrade_all([WEB], Fleet({"dry-run": gone}).doors, dry_run=False)
    assert (report.code, report.verdict) == (3, "refused")
