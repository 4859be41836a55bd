"""Commands on the controller: what they say comes back exactly, what goes wrong is said without a word of it."""

import time
from pathlib import Path

import pytest

from slipway.local_command import AT_ONCE, LARGEST, NoAnswer, ask_all, run

HUNTER = "hunter2"


def answer(*argv: str, folder: Path = Path(), seconds: float = 20) -> bytes | NoAnswer:
    return ask_all([argv], folder, seconds)[argv]


def trouble(*argv: str, folder: Path = Path(), seconds: float = 20) -> str:
    found = answer(*argv, folder=folder, seconds=seconds)
    assert isinstance(found, NoAnswer)
    assert found.next_step
    assert HUNTER not in str(found)
    return str(found)


def test_every_byte_comes_back() -> None:
    said = b" a'\"$HOME `x` \xc3\xa9\r\n\xff\n\n"
    assert answer("printf", "%b", "".join(f"\\0{byte:03o}" for byte in said)) == said


def test_a_command_runs_in_the_folder_and_gets_no_input(tmp_path: Path) -> None:
    assert answer("sh", "-c", "pwd; cat", folder=tmp_path) == f"{tmp_path}\n".encode()


def test_each_distinct_command_runs_once_and_all_of_them_at_the_same_time(tmp_path: Path) -> None:
    one = ("sh", "-c", "echo ran >>ran; sleep 1; printf one")
    many = [("sh", "-c", f"sleep 1; printf {number}") for number in range(AT_ONCE - 1)]
    started = time.monotonic()
    found = ask_all([one, *many, one], tmp_path)
    assert time.monotonic() - started < 4, "eight seconds one after another"
    assert (found[one], found[many[3]]) == (b"one", b"3")
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_more_commands_than_run_at_once_are_all_asked() -> None:
    commands = [("printf", "%s", str(number)) for number in range(2 * AT_ONCE + 1)]
    assert [ask_all(commands, Path())[argv] for argv in commands] == [argv[-1].encode() for argv in commands]


def test_a_program_that_is_not_installed_says_so(tmp_path: Path) -> None:
    assert "`no-such-program` is not installed: it is not on the PATH\n  next: install it" in trouble("no-such-program", HUNTER)
    assert "there is no such file" in trouble("./no-such-program", HUNTER, folder=tmp_path)
    (tmp_path / "text").write_text("x")
    assert "cannot be run: Permission denied" in trouble("./text", folder=tmp_path)


def test_a_command_that_fails_says_its_code_and_nothing_it_said() -> None:
    assert "`sh` ended with 7" in trouble("sh", "-c", f"echo {HUNTER}; echo {HUNTER} >&2; exit 7")
    assert "a program that it calls is not installed" in trouble("sh", "-c", "no-such-program")
    assert "was killed by signal 9" in trouble("sh", "-c", "kill -9 $$")


@pytest.mark.parametrize("wait", ["sleep 60", "exec >&-; sleep 60", "sleep 60 & wait"])
def test_a_command_that_does_not_end_is_ended_with_all_it_started(wait: str, tmp_path: Path) -> None:
    started = time.monotonic()
    said = trouble("sh", "-c", f"echo $$ >pid; printf {HUNTER}; {wait}", folder=tmp_path, seconds=0.5)
    assert "did not end within" in said
    assert time.monotonic() - started < 10
    group = (tmp_path / "pid").read_text().strip()
    deadline = time.monotonic() + 5
    while group in running_groups():
        assert time.monotonic() < deadline, "something of it runs on"
        time.sleep(0.05)


def running_groups() -> set[str]:
    """Return the process groups with a process that is no zombie."""
    groups = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        groups |= {group} if state != "Z" else set()
    return groups


def test_an_endless_output_is_cut_off() -> None:
    assert "said more than 64 KiB" in trouble("sh", "-c", f"while :; do echo {HUNTER}; done")
    assert answer("head", "-c", str(LARGEST), "/dev/zero") == bytes(LARGEST)


def test_no_pipe_or_process_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    ask_all([("true",), ("no-such-program",), ("sh", "-c", "exit 3")], Path())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_command_that_must_end_well_raises_what_was_wrong() -> None:
    assert run(("printf", "a\n"), Path()) == "a\n"
    with pytest.raises(NoAnswer, match="`false` ended with 1"):
        run(("false",), Path())
