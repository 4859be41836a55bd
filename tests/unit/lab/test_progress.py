"""What a person sees while the lab works."""

import time

import pytest

from slipway.lab.progress import Progress


def test_a_step_is_one_line_with_its_seconds() -> None:
    lines: list[str] = []
    with Progress(lines.append).step("boot demo"):
        pass
    assert lines == ["   0.0 s  boot demo"]


def test_a_step_that_fails_says_so() -> None:
    lines: list[str] = []
    with pytest.raises(ValueError, match="x"), Progress(lines.append).step("boot demo"):
        raise ValueError("x")
    assert lines[-1].endswith("failed: boot demo")


def test_a_long_step_shows_its_newest_line_from_time_to_time() -> None:
    lines: list[str] = []
    progress = Progress(lines.append, heartbeat_seconds=0.02)
    with progress.step("build"):
        progress.note("Unpacking systemd\n")
        time.sleep(0.1)
    assert "… build: Unpacking systemd" in lines[0]
