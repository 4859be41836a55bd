from dataclasses import replace

from slipway.host.journal import Entry
from slipway.host.status import as_text, last_run, service_row
from slipway.model import Route, Scale, Service
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
