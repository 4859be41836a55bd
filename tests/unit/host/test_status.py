from dataclasses import replace

from slipway.host.journal import Entry
from slipway.host.status import as_text, last_run, maintenance_line, service_row, watch, watch_line
from slipway.model import Route, Scale, Service
from slipway.serving import Serving
from tests.unit.host.test_containers import RUNNING

API = Service(name="api", image="a/b:1", replicas=2, routes=(Route("site", 80),))
MINE = replace(RUNNING, labels={"slipway.service": "api"})


def test_what_should_run_stands_beside_what_does() -> None:
    present = [replace(MINE, health="healthy"), replace(MINE, health="starting"), replace(MINE, state="exited"), RUNNING]
    row = service_row(API, present)
    assert (row["replicas"], row["running"], row["healthy"]) == (2, 2, 1)
    assert (row["name"], row["kind"], row["image"]) == ("api", "web", "a/b:1")


def test_a_scaled_service_should_run_its_least() -> None:
    assert service_row(replace(API, scale=Scale(3, 9)), [])["replicas"] == 3


def test_the_last_run_is_the_last_result() -> None:
    entries: list[Entry] = [
        {"event": "result", "at": "1", "result": {"verdict": "serving", "seconds": 3.0}},
        {"event": "result", "at": "2", "result": {"verdict": "refused", "seconds": 9.0, "error": "why"}},
        {"event": "step", "at": "3"},
    ]
    assert last_run(entries) == {"verdict": "refused", "at": "2", "seconds": 9.0, "error": "why"}
    assert last_run([]) == {}


def test_an_empty_host_says_so() -> None:
    assert as_text({"stacks": []}) == "no stack runs here"
    assert as_text({"stacks": [], "reboot": ["why"]}) == "no stack runs here\na reboot is wanted: why"


ENDED: list[Entry] = [
    {"event": "watch", "at": "1", "release": 1, "state": "passed", "text": "held for 300 s", "numbers": {}},
    {"event": "watch", "at": "2", "release": 2, "state": "bad", "text": "api: 9 of 20 failed", "numbers": {"failed": 9}},
    {"event": "returned", "at": "3", "release": 2, "from": 2, "to": 1},
]


def test_a_watch_is_shown_while_it_lasts_and_how_it_ended_afterwards() -> None:
    serving = Serving("shop", current=2, standby=1, watch_until="later")
    assert watch(serving, ENDED) == {"state": "watching", "until": "later", "text": ""}
    assert watch_line({"watch": watch(serving, ENDED), "standby": 1}) == "watching until later, release 1 stands by"
    back = watch(Serving("shop", current=1, held=(2,)), ENDED)
    assert (back["state"], back["numbers"]) == ("returned from release 2", {"failed": 9})
    assert watch_line({"watch": back, "held": [2]}) == "returned from release 2; api: 9 of 20 failed; held: 2"
    assert watch(Serving("shop", current=1), ENDED[:1])["state"] == "passed"
    assert watch(Serving("shop", current=3), ENDED) == {}
    assert watch_line({}) == ""


def test_a_stack_that_is_shut_is_told_with_who_and_why() -> None:
    shut = {"maintenance": {"since": "then", "who": "ann", "why": "a new disk"}}
    assert maintenance_line(shut) == "visitors see a page since then by ann: a new disk"
    assert maintenance_line({"maintenance": {"fault": "unreadable\n  next: remove it"}}) == "unreadable;   next: remove it"
    assert maintenance_line({"maintenance": {}}) == maintenance_line({}) == ""
