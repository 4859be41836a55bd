"""Accounts of people: what is run for which difference, and who may log in until when."""

import json
from collections.abc import Mapping

import pytest

from slipway.host_accounts import NEVER, SHUT, Account, days, farewells, last_logins, steps

LAST = 20849  # 2027-01-31 in days since 1970, so that the day after is the first one outside


def commands(found: Mapping[str, Account], wanted: Mapping[str, str]) -> list[str]:
    return [" ".join(argv) for argv in steps(found, wanted)]


def test_the_last_day_still_lets_in() -> None:
    assert days("2027-01-31") == LAST + 1
    assert days("") == NEVER
    with pytest.raises(ValueError, match="Invalid isoformat"):
        days("soon")


def test_accounts_are_made_and_dated_and_then_there_is_nothing_to_do() -> None:
    assert commands({}, {"ann": "2027-01-31", "ben": ""}) == [
        "useradd --create-home --shell /bin/bash ann",
        f"usermod --expiredate {LAST + 1} ann",
        "useradd --create-home --shell /bin/bash ben",
    ]
    assert commands({"ann": Account(LAST + 1), "ben": Account(NEVER)}, {"ann": "2027-01-31", "ben": ""}) == []


def test_somebody_who_comes_back_or_stays_longer_gets_in_again() -> None:
    assert commands({"ann": Account(SHUT)}, {"ann": ""}) == ["usermod --expiredate -1 ann"]
    assert commands({"ann": Account(LAST + 1)}, {"ann": ""}) == ["usermod --expiredate -1 ann"]


def test_who_is_gone_is_shut_and_whatever_runs_as_them_ends_once() -> None:
    found = {"ann": Account(NEVER, at_work=True), "ben": Account(SHUT, at_work=True), "cy": Account(SHUT), "dee": Account(NEVER)}
    run = [" ".join(argv) for argv in farewells(found, ["ann", "ben", "cy", "never-made"])]
    assert run == ["usermod --expiredate 1 ann", "loginctl terminate-user ann", "loginctl terminate-user ben"]


def test_the_last_login_is_the_latest_line_of_the_journal() -> None:
    lines = [
        {"MESSAGE": "Accepted publickey for ann from 203.0.113.9 port 50122 ssh2: ED25519 SHA256:x", "__REALTIME_TIMESTAMP": "1"},
        {"MESSAGE": "Accepted publickey for ben from 2001:db8::1 port 9 ssh2", "__REALTIME_TIMESTAMP": "1769850000000000"},
        {"MESSAGE": "Accepted publickey for ann from 203.0.113.7 port 9 ssh2", "__REALTIME_TIMESTAMP": "1769853600000000"},
        {"MESSAGE": [1, 2], "__REALTIME_TIMESTAMP": "2"},
    ]
    assert last_logins(map(json.dumps, lines)) == {
        "ben": ("2026-01-31T09:00:00Z", "2001:db8::1"),
        "ann": ("2026-01-31T10:00:00Z", "203.0.113.7"),
    }
