"""What is looked at, and what counts as a fault; the whole observer is shown on a host."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from slipway.host import clock, records
from slipway.host.docker import Container, Docker
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.observe import (
    Observer,
    Replica,
    fault_of,
    health_paths,
    look_back_seconds,
    memory_seconds,
    pools,
    replicas,
    restarts_of,
)
from slipway.host.records import Release
from slipway.model import Health, Route, Threshold, Watch
from slipway.serving import Canary, Serving
from slipway.watch.judge import judge
from slipway.watch.window import Restarts, Second, Window
from tests.unit.plan.stacks import API, SHOP, release, with_services

RUNS = Container("shop-r1-api-1", 42, "running", "healthy", 0, False, 0, "unless-stopped", "shop/app", {})


class Application(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_a_release_keeps_running_is_looked_at_and_stores_and_tasks_are_not() -> None:
    placed = release(1)
    assert [(item.name, item.container) for item in replicas(placed)] == [
        ("api-1", "shop-r1-api-1"),
        ("api-2", "shop-r1-api-2"),
        ("beat-1", "shop-r1-beat-1"),
        ("worker-1", "shop-r1-worker-1"),
    ]
    targets = {item.name: item.target for item in replicas(placed)}
    assert targets["api-1"] == f"{placed.placement.addresses['api-1']['app']}:8000"
    assert targets["worker-1"] == ""


def test_streams_are_judged_apart_from_plain_requests() -> None:
    assert pools(release(1)) == [("api", "plain"), ("api", "stream")]
    plain = replace(API, routes=(Route("site", 8000),))
    assert pools(release(1, with_services(SHOP, plain))) == [("api", "plain")]
    events = replace(API, routes=(Route("site", 8000, buffering=False),))
    assert pools(release(1, with_services(SHOP, events))) == [("api", "stream")]


def test_a_health_path_is_no_traffic_but_a_start_page_is() -> None:
    assert health_paths([replace(API, health=Health("/health?full=1"))]) == {("api", "/health")}
    assert health_paths([replace(API, health=Health("/"))]) == frozenset()
    assert health_paths([replace(API, health=None)]) == frozenset()


def test_a_healthy_replica_that_answers_has_no_fault(address: str) -> None:
    asked = Replica("api-1", RUNS.name, API, address)
    assert fault_of(asked, RUNS) == ""
    broken = replace(asked, service=replace(API, health=Health("/broken")))
    assert fault_of(broken, RUNS).startswith("answered 503, wanted 200")


def test_a_replica_without_a_route_is_judged_by_docker() -> None:
    worker = Replica("worker-1", "shop-r1-worker-1", replace(API, routes=()))
    assert fault_of(worker, RUNS) == ""
    assert fault_of(worker, replace(RUNS, health="unhealthy", last_check="no pong")) == "no pong"
    assert fault_of(worker, replace(RUNS, health="unhealthy")) == "Docker calls it unhealthy"
    assert fault_of(worker, replace(RUNS, state="exited", exit_code=1)) == "it does not run (exit code 1)"
    killed = replace(RUNS, state="exited", exit_code=137, out_of_memory=True)
    assert fault_of(worker, killed) == "it does not run (exit code 137, out of memory)"
    assert fault_of(worker, None) == "it is gone"


def test_restarts_are_those_that_docker_counts() -> None:
    replica = Replica("api-1", RUNS.name, API)
    assert restarts_of(replica, replace(RUNS, restarts=2, out_of_memory=True)) == Restarts("api-1", 2, "out of memory")
    assert restarts_of(replica, None) == Restarts("api-1")


def test_a_release_that_is_judged_anew_is_not_blamed_for_earlier_restarts(tmp_path: Path) -> None:
    replica = Replica("api-1", RUNS.name, API)
    first, anew = observer(tmp_path / "first", since=SINCE), observer(tmp_path / "anew", since="2030-01-01T00:00:20.000Z")
    counted = [(first, 3, 3), (first, 4, 4), (anew, 3, 0), (anew, 4, 1), (anew, 0, 0), (anew, 2, 2)]
    for watching, found, told in counted:
        seen = watching._seen(1.0, replica, replace(RUNS, restarts=found), "")
        assert seen.restarts == Restarts("api-1", told)
    assert anew._seen(1.0, replica, None, "it is gone").restarts == Restarts("api-1")


SINCE = "2030-01-01T00:00:00.000Z"
AT_20 = "2030-01-01T00:00:20.000Z"


def observer(root: Path, since: str) -> Observer:
    layout = Layout(root)
    work = Work(Machine(layout, Docker(root / "no-docker")), layout.stack("shop"))
    work.keep_serving(Serving("shop", current=2, previous=1, standby=1, since=SINCE, watch_until=SINCE))
    return Observer(work, release(2), since)


def observed(root: Path, standby: int | None = 1, since: str = SINCE, at: float = 60.0) -> Window:
    """Look at a host without Docker whose edge answered a request a second, one in four with a failure."""
    layout = Layout(root)
    switched = clock.parse(SINCE).timestamp()
    layout.edge_log.parent.mkdir(parents=True)
    layout.edge_log.write_text("".join(logged(switched + second, 500 if second % 4 == 0 else 200) for second in range(-90, 60)))
    work = Work(Machine(layout, Docker(root / "no-docker")), layout.stack("shop"))
    work.keep_serving(Serving("shop", current=2, previous=1, standby=standby, since=SINCE, watch_until=SINCE))
    return Observer(work, release(2), since, now=lambda: clock.parse(since) + timedelta(seconds=at)).look()


def logged(ended: float, status: int) -> str:
    times = {"ts": f"{ended:.3f}", "rt": "0.010", "urt": "0.010"}
    line = {**times, "stack": "shop", "service": "api", "kind": "plain", "uri": "/", "status": str(status)}
    return json.dumps(line, separators=(",", ":")) + "\n"


def counts(seconds: Sequence[Second]) -> tuple[int, int]:
    return sum(second.requests for second in seconds), sum(second.failed for second in seconds)


def test_requests_are_booked_by_their_begin_and_those_of_the_first_three_seconds_to_nobody(tmp_path: Path) -> None:
    window = observed(tmp_path)
    plain, stream = window.traffic
    assert window.at == 60
    assert counts(plain.seconds) == (56, 14)  # the request that ended in second 3 began before it
    assert counts(plain.before) == (60, 15)
    assert counts(stream.seconds) == (0, 0)


def test_a_docker_that_does_not_answer_says_nothing_of_the_release(tmp_path: Path) -> None:
    window = observed(tmp_path)
    assert (window.checks, window.restarts, window.memory) == ([], [], ())


def test_what_was_before_counts_only_where_a_return_would_bring_it_back(tmp_path: Path) -> None:
    assert judge(Watch(), observed(tmp_path / "same")).state == "undecided"
    cut_short = observed(tmp_path / "other", standby=None)  # the release before was unproven itself
    assert counts(cut_short.traffic[0].before) == (0, 0)
    assert judge(Watch(), cut_short).trigger == "error_ratio"


def test_a_release_is_not_compared_with_itself_where_it_is_judged_anew(tmp_path: Path) -> None:
    later = observed(tmp_path, since="2030-01-01T00:00:20.000Z", at=40)
    assert counts(later.traffic[0].before) == (0, 0)
    assert counts(later.traffic[0].seconds) == (36, 9)


def test_enough_is_kept_for_the_longest_bound() -> None:
    watch = Watch(p95_ms=Threshold(over=500, for_seconds=120), memory_mb=Threshold(over=500, for_seconds=240))
    assert look_back_seconds(watch) == 120
    assert look_back_seconds(Watch()) == 60
    assert memory_seconds(watch) > 240
    assert memory_seconds(Watch()) > 60


def canary_of(root: Path, at: float = 60.0) -> Observer:
    """Return who looks at a canary, beside which the release that serves answers too; the canary fails at each fourth request."""
    layout, begun = Layout(root), clock.parse(SINCE).timestamp()
    layout.edge_log.parent.mkdir(parents=True)
    found = [
        json.loads(logged(begun + second, 500 if slot == 20003 and second % 4 == 0 else 200))
        | {"upstream": f"10.255.77.1:{slot}"}
        for second in range(-20, 60)
        for slot in (20001, 20003)
    ]
    layout.edge_log.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in found))
    work = Work(Machine(layout, Docker(root / "no-docker")), layout.stack("shop"))
    work.keep_serving(Serving("shop", current=1, since="2029-01-01T00:00:00.000Z", canary=Canary(2, 10, SINCE)))
    slots = frozenset((20003, 20004))
    return Observer(work, release(2), SINCE, now=lambda: clock.parse(SINCE) + timedelta(seconds=at), slots=slots)


def test_what_others_answered_beside_a_canary_is_told_apart_by_the_slot(tmp_path: Path) -> None:
    plain = canary_of(tmp_path).look().traffic[0]
    assert counts(plain.seconds) == (59, 14), "no second of doubt: the slot tells whose it was"
    assert counts(plain.beside) == (59, 0)
    assert counts(plain.before) == (0, 0)


def test_what_a_canary_answered_before_a_switch_is_nothing_that_a_return_brings_back(tmp_path: Path) -> None:
    looking, before = canary_of(tmp_path), release(1)
    work, made = looking.work, replace(before.placement, slots={"api-8000-3": 20007})
    record = Release(1, "f", before.stack, made, "me", "w", SINCE)
    records.keep_release(work.folder, record)
    (work.folder.release(1) / "compose.json").write_text("{}")
    work.keep_serving(Serving("shop", current=2, previous=1, standby=1, since=AT_20, watch_until=AT_20))
    log = work.machine.layout.edge_log
    log.write_text(log.read_text() + log.read_text().replace(":20001", ":20007"))
    plain = Observer(work, release(2), AT_20, now=lambda: clock.parse(AT_20) + timedelta(seconds=40)).look().traffic[0]
    assert counts(plain.before) == (82, 0), "those of the release that served, also of a replica that this one lacks"
    assert counts(plain.beside) == (0, 0), "a release is judged beside nobody"


def test_of_a_canary_only_what_visitors_meet_is_looked_at(tmp_path: Path) -> None:
    looking = canary_of(tmp_path)
    assert [one.name for one in looking.replicas] == ["api-1", "api-2"]
    assert not looking.anew


def test_a_canary_that_runs_for_weeks_is_judged_by_its_last_hour(tmp_path: Path) -> None:
    late = canary_of(tmp_path, at=3630)
    assert counts(late.look().traffic[0].seconds)[0] == 29
