"""One message per verdict; what changes nothing for anybody is none."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.notices import message
from slipway.notices.message import Asked

BY = Asked("ann@desk", "fab deploy shop 1.5.0", "abc1234", "deploy", None, 41)


def result(verdict: str, release: int | None, **words: Any) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "release": release,
        "code": 0,
        "seconds": 12.5,
        "error": "",
        "urls": ("https://shop.example/",),
    } | words


def test_a_deploy_is_told_with_who_why_and_how_long() -> None:
    told = message.of_result("shop", result("serving", 42, watch_until="2026-11-21T19:00:00.000Z"), BY)
    assert told is not None
    assert (told.event, told.severity, told.release, told.serves, told.seconds) == ("deployed", "info", 42, 42, 12.5)
    assert (told.who, told.why, told.commit) == ("ann@desk", "fab deploy shop 1.5.0", "abc1234")
    assert told.title == "release 42 serves"
    assert told.text == "release 41 served before"
    assert told.watch_until
    assert told.urls


def test_a_rollback_is_a_warning_that_names_what_it_repeats() -> None:
    asked = Asked("ann@desk", "fab rollback shop", "", "rollback", 40, 41)
    told = message.of_result("shop", result("serving", 42), asked)
    assert told is not None
    assert (told.event, told.severity) == ("rolled back", "warn")
    assert told.title == "rolled back to release 40, as release 42"


@pytest.mark.parametrize(("release", "kept"), [(41, "release 41 serves on"), (None, "nothing serves yet")])
def test_a_refusal_keeps_its_cause_and_names_what_serves(release: int | None, kept: str) -> None:
    told = message.of_result("shop", result("refused", release, code=5, error="web is unhealthy: 500"), BY)
    assert told is not None
    assert (told.event, told.severity, told.release, told.serves) == ("refused", "warn", None, release)
    assert told.title.endswith(kept)
    assert told.text == "web is unhealthy: 500"
    assert told.urls == ()


@pytest.mark.parametrize(
    "found",
    [
        result("unchanged", 41),
        result("serving", 41),  # its containers were brought back, nothing else
        result("left", 41),
        result("refused", 41, code=4, error="somebody is at work"),
    ],
)
def test_nobody_is_bothered_where_nothing_came_of_it(found: dict[str, Any]) -> None:
    assert message.of_result("shop", found, BY) is None


def test_what_needs_somebody_now_is_of_the_highest_severity() -> None:
    told = [
        message.of_result("shop", result("incomplete", 42, error="the worker does not stop"), BY),
        message.returned("shop", 42, 41, "api: 14 of 31 requests failed", numbers={"api": {"failed": 14}}, seconds=0.8),
        message.not_returned("shop", 42, "there is no release to return to", {}),
        message.failed("shop", "a bug in the engine", 41),
    ]
    assert [one.severity for one in told if one] == ["page"] * 4


def test_a_subject_says_where() -> None:
    told = replace(message.returned("shop", 42, 41, "x"), host="web1", environment="production")
    assert told.subject == "shop on web1 (production): release 42 was taken back, release 41 serves again"


def test_a_canary_is_told_with_what_serves_the_others() -> None:
    told = message.of_result("shop", result("canary", 42, changed=True, watch_until="2026-11-21T19:00:00.000Z"), BY)
    assert told is not None
    assert (told.event, told.severity, told.release, told.serves) == ("canary", "info", 42, 41)
    assert (told.title, told.text) == ("release 42 is a canary", "release 41 serves the others")
    assert message.of_result("shop", result("canary", 42, changed=False), BY) is None


def test_an_aborted_canary_is_a_warning_with_the_reason() -> None:
    asked = Asked("ann@desk", "it is late", "", "abort", None, 41)
    told = message.of_result("shop", result("aborted", 41, changed=True), asked)
    assert told is not None
    assert (told.event, told.severity, told.serves) == ("rolled back", "warn", 41)
    assert (told.title, told.text) == ("the canary was taken back, release 41 serves all", "it is late")
