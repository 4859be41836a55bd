"""What hosts serve, as people and machines read it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.ops import status
from slipway.ops.hosts import Host
from slipway.ops.ssh import Answer

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
GOOD, GONE = Host("good", "192.0.2.1", user="ops"), Host("gone", "192.0.2.2")
STACK: dict[str, Any] = {
    "name": "demo",
    "release": 3,
    "since": "2026-05-01T11:48:00+00:00",
    "who": "ann@laptop",
    "why": "site.yml",
    "services": [
        {"name": "api", "kind": "web", "image": "x:1", "replicas": 2, "running": 2, "healthy": 1},
        {"name": "db", "kind": "store", "image": "y:1", "replicas": 1, "running": 1, "healthy": 1},
        {"name": "migrate", "kind": "task", "image": "x:1", "replicas": 1, "running": 0, "healthy": 0},
    ],
    "domains": [
        {
            "name": "a.example",
            "url": "https://a.example/",
            "certificate": "C=US, O=Test, CN=Test CA",
            "expires": "2026-07-30T12:00:00Z",
        },
        {"name": "b.example", "url": "https://b.example/", "certificate": "stop-gap", "expires": "2026-05-08T12:00:00Z"},
    ],
    "last_run": {"verdict": "serving", "at": "2026-05-01T11:48:00", "seconds": 41.4, "error": None},
}


def answer(host: Host, command: Sequence[str]) -> Answer:
    assert command == status.COMMAND
    if host == GONE:
        return Answer(255, "", "ssh: connect to host 192.0.2.2 port 22: Connection refused")
    return Answer(0, json.dumps({"host": host.name, "stacks": [STACK]}), "")


def test_people_see_release_health_addresses_certificates_and_the_last_run() -> None:
    assert status.as_text(status.ask_all([GOOD], answer), NOW).splitlines() == [
        "good (ops@192.0.2.1)",
        "  demo: release 3 since 2026-05-01 11:48 UTC (12 min ago) by ann@laptop (site.yml)",
        "    services   2/3 healthy (api, db); not all of api 1/2",
        "    address    https://a.example/  certificate of Test CA, 90 days left",
        "    address    https://b.example/  stop-gap certificate: none was issued yet; the host tries again by itself",
        "    last run   serving, 41 s, 2026-05-01 11:48 UTC (12 min ago)",
    ]


def test_what_people_chose_is_shown_below_the_services() -> None:
    said = "api runs 3 times, the stack file says 2 to 4; chosen by ann"
    report = status.Report(GOOD, ({**STACK, "counts": [said]},))
    lines = status.as_text([report], NOW).splitlines()
    assert lines[lines.index("    services   2/3 healthy (api, db); not all of api 1/2") + 1] == f"    count      {said}"


def test_a_host_without_an_answer_is_named_with_cause_and_next_step_beside_the_others() -> None:
    reports = status.ask_all([GOOD, GONE], answer)
    assert (
        "gone (192.0.2.2)\n  no answer    192.0.2.2:22: the host answers, but nothing listens on this port\n  next"
        in status.as_text(reports, NOW)
    )
    assert [sorted(entry) for entry in status.as_json(reports)] == [["host", "reboot", "stacks"], ["error", "host"]]
    assert status.as_json(reports)[0]["stacks"] == [STACK]


def test_a_host_of_another_version_is_said_to_be_one() -> None:
    assert "same version" in status.as_text([status.report(GOOD, Answer(0, "serving: demo", ""))], NOW)


def test_a_stack_that_never_served_is_shown_without_a_release() -> None:
    text = status.as_text([status.Report(GOOD, ({"name": "demo", "release": None, "since": ""},))], NOW)
    assert "demo: release none since never" in text
    assert "last run   none yet" in text


def test_a_failed_run_is_told_in_one_line() -> None:
    run = {
        "verdict": "refused",
        "at": "2026-05-01T11:59:30Z",
        "seconds": 74.7,
        "error": "demo-r1-migrate ended with 1\nTraceback …",
    }
    text = status.as_text([status.Report(GOOD, ({**STACK, "last_run": run},))], NOW)
    assert text.endswith("last run   refused, 75 s, 2026-05-01 11:59 UTC (30 s ago): demo-r1-migrate ended with 1")


def test_a_host_without_stacks_says_what_to_do() -> None:
    assert "no stack runs here" in status.as_text([status.Report(GOOD)], NOW)


def test_spans_are_told_in_the_largest_unit_that_fits() -> None:
    assert [status.age(seconds) for seconds in (-1, 59, 60, 7200, 200000)] == [
        "0 s ago",
        "59 s ago",
        "1 min ago",
        "2 h ago",
        "2 d ago",
    ]


def test_people_see_how_a_release_proves_itself_and_what_is_held() -> None:
    def line(**told: Any) -> str:
        shown = status.as_text([status.Report(GOOD, ({**STACK, **told},))], NOW).splitlines()
        return next((line.strip() for line in shown if line.strip().startswith("watch ")), "")

    assert line() == ""
    watched = {"state": "watching", "until": "2026-05-01T12:01:30Z", "text": ""}
    assert line(watch=watched, standby=2) == "watch      watching for another 90 s, release 2 stands by"
    returned = {"state": "returned from release 4", "at": "2026-05-01T11:48:00Z", "text": "api: 9 of 20 failed"}
    assert line(watch=returned, held=[4]) == (
        "watch      returned from release 4, 2026-05-01 11:48 UTC (12 min ago): api: 9 of 20 failed; "
        "held: 4 (`--again` lets it through)"
    )


def test_a_locked_stack_says_by_whom_and_how_it_is_unlocked() -> None:
    (report,) = status.ask_all([GOOD], answer)
    shut = status.Report(GOOD, ({**report.stacks[0], "locked": "ops (ann@desk) at 2026-05-01T11:00Z: the fair"},))
    said = status.as_text([shut], NOW)
    assert (
        "    locked     by ops (ann@desk) at 2026-05-01T11:00Z: the fair; to release again: fab unlock demo" in said.splitlines()
    )


@pytest.mark.parametrize("wanted", [(), ("an update asks for it: linux-image-amd64",)])
def test_a_host_that_wants_a_reboot_says_so(wanted: tuple[str, ...]) -> None:
    told = status.report(GOOD, Answer(0, json.dumps({"stacks": [STACK], "reboot": list(wanted)}), ""))
    assert told.reboot == wanted
    lines = [line for line in status.as_text([told], NOW).splitlines() if "reboot" in line]
    assert lines == [f"  reboot       wanted: {why} (docs/updates.md says when)" for why in wanted]


def test_people_see_that_visitors_see_a_page() -> None:
    shut = {"since": "2026-05-01T11:48:00.000Z", "who": "ops (ann@desk)", "why": "a new disk"}
    assert status.maintenance(shut, "demo", NOW) == (
        "visitors see a page since 2026-05-01 11:48 UTC (12 min ago) by ops (ann@desk) (a new disk); "
        "to end it: fab maintenance demo off"
    )
    assert status.maintenance({}, "demo", NOW) == ""
    assert status.maintenance({"fault": "it cannot be read\n  next: remove it"}, "demo", NOW).startswith("it cannot be read; ")
