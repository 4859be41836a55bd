from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slipway.host.containers import fault_of, killed, ready
from slipway.host.docker import Container

STARTED = datetime(2026, 11, 21, 8, tzinfo=UTC)
RUNNING = Container(
    name="demo-r3-api-1",
    pid=77,
    state="running",
    health="",
    exit_code=0,
    out_of_memory=False,
    restarts=0,
    restart_rule="no",
    image="slipway.local/demo/api:r3",
    labels={},
    started=STARTED.isoformat(),
)


def test_a_container_with_a_health_check_is_ready_when_healthy() -> None:
    assert not ready(replace(RUNNING, health="starting"), STARTED + timedelta(minutes=5))
    assert ready(replace(RUNNING, health="healthy"), STARTED)


def test_a_container_without_one_is_ready_when_it_stayed_up() -> None:
    assert not ready(RUNNING, STARTED + timedelta(seconds=1))
    assert ready(RUNNING, STARTED + timedelta(seconds=3))
    assert not ready(replace(RUNNING, state="created"), STARTED + timedelta(seconds=3))


def test_a_start_that_cannot_succeed_is_named_at_once() -> None:
    assert fault_of(RUNNING, 0) == ""
    assert "ended with 3" in fault_of(replace(RUNNING, state="exited", exit_code=3), 0)
    assert "restarted" in fault_of(replace(RUNNING, restarts=2), 1)
    assert "out of memory" in fault_of(replace(RUNNING, state="exited", exit_code=137, out_of_memory=True), 0)
    assert "is unhealthy: boom" in fault_of(replace(RUNNING, health="unhealthy", last_check="boom"), 0)


def test_what_happened_before_is_no_fault() -> None:
    assert fault_of(replace(RUNNING, restarts=4), 4) == ""
    assert fault_of(replace(RUNNING, out_of_memory=True), 0) == "", "a child was killed, the container lives"


def test_who_was_killed_lost_work() -> None:
    assert killed({"b": 137, "a": 0, "c": 143}) == ["b"]
