"""What a trial of the receivers tells."""

import json
from collections.abc import Sequence

from slipway.ops import notices
from slipway.ops.hosts import Host
from slipway.ops.ssh import Answer

HOST = Host("web1", "192.0.2.1", user="ops", port=22)
GOOD = {"receiver": "pager", "kind": "webhook", "tries": 1, "error": ""}
BAD = {"receiver": "chat", "kind": "slack", "tries": 3, "error": "it answered 404 Not Found"}


def tried(answer: Answer, receiver: str = "") -> tuple[list[notices.Tried], list[Sequence[str]]]:
    asked: list[Sequence[str]] = []

    def ask(_: Host, words: Sequence[str]) -> Answer:
        asked.append(words)
        return answer

    return notices.test_all([HOST], receiver, ask), asked


def test_each_receiver_has_a_line_and_one_that_is_not_reached_is_a_fault() -> None:
    found, asked = tried(Answer(3, json.dumps([GOOD, BAD]), ""))
    assert notices.as_text(found).splitlines() == [
        "web1: pager  webhook  took it",
        "web1: chat   slack    not reached: it answered 404 Not Found",
    ]
    assert notices.code(found) == 3
    assert notices.as_json(found)[0]["deliveries"][1]["error"]
    assert asked == [["sudo", "-n", "/usr/local/sbin/slipway", "notify-test"]]


def test_one_receiver_may_be_asked() -> None:
    found, asked = tried(Answer(0, json.dumps([GOOD | {"tries": 2}]), ""), "pager")
    assert asked[0][-1] == "--receiver=pager"
    assert notices.as_text(found) == "web1: pager  webhook  took it, at try 2"
    assert notices.code(found) == 0


def test_a_host_without_receivers_says_so_itself() -> None:
    found, _ = tried(Answer(3, "", "this host knows no receivers\n  next: name them"))
    assert notices.as_text(found) == "web1: this host knows no receivers\n  next: name them"
    assert notices.code(found) == 3


def test_a_host_that_does_not_answer_is_named() -> None:
    found, _ = tried(Answer(255, "", "ssh: connect to host 192.0.2.1 port 22: Connection refused"))
    assert "nothing listens" in notices.as_text(found)
    assert notices.code(found) == 3
