"""Faults of the demo application are read as written, and refused with the reason."""

import pytest

from tests.apps.demo.app.faults import ActiveFaults, Faults, parse, parse_while_running


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_fault_is_no_fault(text: str) -> None:
    assert parse(text) == Faults()


def test_several_faults_are_separated_by_commas() -> None:
    assert parse("never-healthy, slow:250,errors:0.2") == Faults(never_healthy=True, slow_ms=250, error_ratio=0.2)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("loopback-only", Faults(loopback_only=True)),
        ("wrong-port", Faults(wrong_port=True)),
        ("migration-fails", Faults(migration_fails=True)),
        ("migration-hangs", Faults(migration_hangs=True)),
        ("memory:10", Faults(memory_mb_per_second=10)),
        ("crash:0", Faults(crash_seconds=0)),
        ("errors-after:60", Faults(errors_after_seconds=60, error_ratio=1)),
        ("errors-after:60,errors:0.3", Faults(errors_after_seconds=60, error_ratio=0.3)),
    ],
)
def test_each_fault_has_its_field(text: str, faults: Faults) -> None:
    assert parse(text) == faults


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sloow:3", "sloow:3: known faults are never-healthy"),
        ("slow", "slow: needs a number, as in slow:2"),
        ("slow:fast", "slow:fast: needs a number"),
        ("slow:-1", "a number from 0 up"),
        ("crash:nan", "a number from 0 up"),
        ("errors:1.5", "a ratio lies between 0 and 1"),
        ("never-healthy:1", "known faults are"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)


def test_faults_of_the_start_are_refused_while_running() -> None:
    with pytest.raises(ValueError, match="loopback-only, wrong-port: only the environment"):
        parse_while_running("slow:3,wrong-port,loopback-only")


def test_errors_wait_for_their_time_and_heal_on_a_switch() -> None:
    active = ActiveFaults(parse("errors-after:3600"))
    assert not active.fails_now()
    active.switch(parse("errors:1"))
    assert active.fails_now()
    active.switch(Faults())
    assert not active.fails_now()
