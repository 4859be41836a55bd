"""Accounts of people: what is run for which difference, and who may log in until when."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from slipway.host_accounts import (
    NEVER,
    SHUT,
    Account,
    Kept,
    answered,
    days,
    drift,
    farewells,
    last_logins,
    read_kept,
    record,
    steps,
)

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


KNOWN: dict[str, Any] = {
    "found": {"ann": [LAST + 1, True], "ben": [NEVER, False], "cy": [SHUT, False]},
    "ours": ["ann", "ben", "cy"],
}
KNOWN["written"] = ["ann", "ben"]


def test_a_host_where_all_accounts_are_right_need_not_be_asked_again() -> None:
    nothing = {"changed": False, "commands": []}
    assert answered({"ann": "2027-01-31", "ben": ""}, KNOWN) == {**nothing, "gone": []}
    assert answered({"ann": "2027-01-31"}, KNOWN) == {**nothing, "gone": ["ben"]}


@pytest.mark.parametrize(
    ("wanted", "known"),
    [
        ({"ann": ""}, KNOWN),
        ({"dee": ""}, KNOWN),
        ({"cy": ""}, KNOWN),
        ({"ben": ""}, {**KNOWN, "written": []}),
        ({"ben": ""}, {**KNOWN, "found": {}}),
        ({"ben": ""}, {}),
    ],
)
def test_a_host_where_something_is_to_do_or_to_record_is_asked(wanted: Mapping[str, str], known: Mapping[str, Any]) -> None:
    assert answered(wanted, known) is None


def by_hand(found: Mapping[str, Account], ours: Mapping[str, Kept], wanted: Mapping[str, str]) -> dict[str, str]:
    gone = [name for name in ours if name not in wanted]
    return drift(found, ours, [*steps(found, wanted), *farewells(found, gone)])


def test_an_account_whose_shell_lets_nobody_in_gets_its_shell_back() -> None:
    found = {"ann": Account(NEVER, False, "/usr/sbin/nologin"), "ben": Account(NEVER, False, "/usr/bin/zsh")}
    assert commands(found, {"ann": "", "ben": ""}) == ["usermod --shell /bin/bash ann"]


def test_what_somebody_changed_at_an_account_is_told() -> None:
    ours = {name: Kept("then", NEVER) for name in ("ann", "ben", "cy")} | {"dee": Kept("then", SHUT), "eve": Kept("then", SHUT)}
    found = {
        "ben": Account(LAST + 1),
        "cy": Account(NEVER, False, "/bin/false"),
        "dee": Account(NEVER),
        "eve": Account(SHUT, at_work=True),
    }
    assert by_hand(found, ours, {"ann": "", "ben": "", "cy": ""}) == {
        "ann": "is gone",
        "ben": "ends 2027-01-31, not never",
        "cy": "its shell is /bin/false",
        "dee": "was shut, and is open again",
        "eve": "was shut, and is at work",
    }


def test_what_the_inventory_changed_at_an_account_is_no_drift() -> None:
    ours = {"ann": Kept("then", NEVER), "dee": Kept("then", SHUT), "old": Kept("then")}
    found = {"ann": Account(NEVER), "dee": Account(SHUT), "old": Account(NEVER), "gone": Account(NEVER, at_work=True)}
    assert by_hand(found, ours, {"ann": "2027-01-31", "dee": "", "old": "2027-01-31", "new": ""}) == {}
    assert by_hand(found, {"gone": Kept("then", NEVER)}, {}) == {}, "taken out of the inventory, not yet shut"


def test_the_record_keeps_since_when_and_the_day_an_account_was_last_made_to_end() -> None:
    ours = {"ann": Kept("then", NEVER), "ben": read_kept("long ago")}
    kept = record(ours, {"ann": "2027-01-31", "cy": ""}, ["ben"])
    assert (kept["ann"], kept["ben"]) == (Kept("then", LAST + 1), Kept("long ago", SHUT))
    assert (kept["cy"].ends, kept["cy"].since[:2]) == (NEVER, "20")
    assert record(ours, {"ann": ""}, [])["ben"] == Kept("long ago"), "not shut yet"
    assert read_kept({"since": "then", "ends": NEVER}) == Kept("then", NEVER)
