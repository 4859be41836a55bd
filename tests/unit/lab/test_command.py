"""Commands that fail say the cause and the next step."""

import sys

import pytest

from slipway.errors import CommandFailed, HostError
from slipway.lab import command

ALLOCATED = (
    "Error response from daemon: driver failed programming external connectivity on endpoint slipway-lab-demo (1a): "
    "Bind for 127.0.0.1:8441 failed: port is already allocated"
)
IN_USE = "Error starting userland proxy: listen tcp4 127.0.0.1:2201: bind: address already in use"


@pytest.mark.parametrize(("output", "port"), [(ALLOCATED, "8441"), (IN_USE, "2201")])
def test_a_taken_port_is_named_with_the_way_to_its_holder(output: str, port: str) -> None:
    error = command.failure(("docker", "start", "x"), 1, output)
    assert f"port 127.0.0.1:{port} is taken" in error.cause
    assert f"sport = :{port}" in error.next_step


def test_a_full_disk_is_told_as_such() -> None:
    error = command.failure(("docker", "build", "."), 1, "write /var/lib/docker/tmp/x: no space left on device")
    assert "the disk is full" in error.cause


def test_any_other_failure_keeps_the_command_and_its_last_lines() -> None:
    with pytest.raises(CommandFailed) as failed:
        command.read((sys.executable, "-c", "import sys; print('first'); sys.exit('second')"))
    assert (failed.value.code, failed.value.tail) == (1, "first\nsecond")


def test_a_long_command_hands_over_each_line() -> None:
    lines: list[str] = []
    command.follow((sys.executable, "-c", "print('a'); print('b')"), lines.append)
    assert lines == ["a\n", "b\n"]


def test_a_command_that_says_nothing_can_be_given_up_early() -> None:
    with pytest.raises(HostError):
        command.follow((sys.executable, "-c", "import time; time.sleep(30)"), print, first_line_seconds=0.2)


def test_a_pipe_fails_with_the_command_that_failed() -> None:
    with pytest.raises(CommandFailed, match="broken"):
        command.pipe((sys.executable, "-c", "import sys; sys.exit('broken')"), ("cat",), lambda _line: None)
