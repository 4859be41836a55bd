from pathlib import Path

import pytest

from slipway.errors import CommandFailed
from slipway.host.mask import masking
from slipway.host.runner import NOT_FOUND, TIMED_OUT, Runner


def test_a_command_gets_its_input_and_its_environment() -> None:
    runner = Runner(environment={"SECRET": "x y"})
    assert runner.run(("sh", "-c", 'cat; printf %s "$SECRET"'), stdin="in ") == "in x y"


def test_a_failure_keeps_argv_code_and_the_last_lines() -> None:
    with pytest.raises(CommandFailed) as caught:
        Runner().run(("sh", "-c", "seq 30; echo bad >&2; exit 4"))
    assert caught.value.code == 4
    assert caught.value.tail.splitlines()[-1] == "bad"
    assert len(caught.value.tail.splitlines()) == 20


def test_secrets_are_taken_out_of_what_a_command_said() -> None:
    runner = Runner(environment={"SECRET": "hunter22"}, mask=masking(["hunter22"]))
    assert runner.run(("sh", "-c", "echo $SECRET")) == "[secret]\n"
    with pytest.raises(CommandFailed) as caught:
        runner.run(("sh", "-c", "echo $SECRET >&2; exit 1"))
    assert "hunter22" not in str(caught.value)


def test_a_program_that_is_not_there_and_one_that_is_late_are_told_apart() -> None:
    assert Runner().attempt(("slipway-no-such-program",)).code == NOT_FOUND
    late = Runner().attempt(("sh", "-c", "echo begun; sleep 9"), limit_seconds=0.3)
    assert late.code == TIMED_OUT
    assert "did not end within 0.3 s" in late.text


def test_bytes_of_a_command_are_read_no_further_than_wanted() -> None:
    assert Runner().run_bytes(("yes",), largest=4) == b"y\ny\n"
    assert Runner().run_bytes(("printf", r"\377\0"), largest=4) == b"\xff\0"


def test_a_command_for_bytes_that_fails_or_is_late_is_told() -> None:
    with pytest.raises(CommandFailed, match="no such thing"):
        Runner().run_bytes(("sh", "-c", "echo no such thing >&2; exit 3"), largest=4)
    with pytest.raises(CommandFailed):
        Runner().run_bytes(("sleep", "9"), largest=4, limit_seconds=0.3)


def test_a_command_writes_a_file_for_root_alone_and_another_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "out"
    Runner().run_into(("printf", r"\377\0"), file, limit_seconds=9, hindered=str)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"\xff\0", 0o600)
    assert Runner().run_from(("sh", "-c", "wc -c >&2"), file, limit_seconds=9).strip() == "2"
    with pytest.raises(FileExistsError):
        Runner().run_into(("true",), file, limit_seconds=9, hindered=str)


def test_a_command_that_writes_a_file_is_ended_when_late_or_hindered(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="the disk is full"):
        Runner().run_into(("sleep", "9"), tmp_path / "one", limit_seconds=9, hindered=lambda: "the disk is full")
    with pytest.raises(CommandFailed, match=r"did not end within 0\.1 s"):
        Runner().run_into(("sleep", "9"), tmp_path / "two", limit_seconds=0.1, hindered=str)
    with pytest.raises(CommandFailed, match="no such thing"):
        Runner().run_from(("sh", "-c", "echo no such thing >&2; exit 3"), tmp_path / "one", limit_seconds=9)
