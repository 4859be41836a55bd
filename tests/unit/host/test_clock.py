from datetime import timedelta
from pathlib import Path

import pytest

from slipway.host import clock
from slipway.host.layout import Layout
from slipway.host.machine import Machine


def test_a_time_to_come_is_counted_down_and_never_below_nothing() -> None:
    assert 58 < clock.seconds_until(clock.later(60)) <= 60
    assert clock.seconds_until(clock.later(-5)) == 0
    assert 4.9 < clock.seconds_since(clock.later(-5)) < 10


def test_written_times_can_be_read_and_sort_as_text() -> None:
    now, later = clock.now(), clock.later(1)
    assert now < later
    assert now.endswith("Z")
    assert clock.parse(later) - clock.parse(now) < timedelta(seconds=2)


def test_a_host_began_when_its_first_process_did(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    (proc / "1").mkdir(parents=True)
    (proc / "stat").write_text("cpu  1 2 3\nbtime 1767225600\nprocesses 9\n")
    fields = ["S", *("0" for _ in range(18)), "25000", "0"]
    (proc / "1/stat").write_text(f"1 (an init) of ) kinds) {' '.join(fields)}\n")
    booted = Machine(Layout(tmp_path)).booted()
    assert booted.isoformat() == "2026-01-01T00:04:10+00:00"


@pytest.mark.skipif(not Path("/proc/1/stat").exists(), reason="no Linux")
def test_this_machine_began_before_now() -> None:
    assert Machine().booted() < clock.utc()
