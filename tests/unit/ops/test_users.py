"""`fab users`: what hosts answer, as people and machines read it."""

from slipway.ops.hosts import Host
from slipway.ops.ssh import Answer
from slipway.ops.users import Report, as_json, as_text, report

HOST = Host("web1", "203.0.113.10", user="ann")
ANN = (
    '{"name": "ann", "keys": 1, "since": "2026-01-31T09:00:00Z", "last_day": "2027-01-31", '
    '"last_login": "2026-02-01T08:09:10Z", "from": "203.0.113.7"}'
)
BEN = '{"name": "ben", "keys": 2, "since": "", "last_day": "", "last_login": "", "from": ""}'


def test_each_account_is_one_line() -> None:
    shown = as_text([report(HOST, Answer(0, f'{{"users": [{ANN}, {BEN}]}}', ""))])
    assert shown.splitlines() == [
        "web1 (ann@203.0.113.10)",
        "  ann          1 key, since 2026-01-31, until 2027-01-31, last login 2026-02-01 08:09 UTC from 203.0.113.7",
        "  ben          2 keys, since before it was written down, no last day, no login yet",
    ]


def test_machines_get_what_the_host_said() -> None:
    found = as_json([report(HOST, Answer(0, f'{{"users": [{BEN}]}}', ""))])
    assert found[0]["host"] == "web1"
    assert found[0]["users"][0]["keys"] == 2


def test_a_host_that_says_nothing_says_why() -> None:
    found = report(HOST, Answer(255, "", "ssh: connect to host 203.0.113.10 port 22: Connection refused"))
    assert "nothing listens on this port" in as_text([found])
    assert "systemctl status ssh" in as_json([found])[0]["error"]["next"]


def test_a_host_without_accounts_of_ours_says_what_makes_them() -> None:
    assert "run site.yml" in as_text([Report(HOST)])
