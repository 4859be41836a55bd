"""Secrets on their way from one task to a later one."""

import os
import subprocess
import sys

import pytest

from slipway.sealed import opened, runs, sealed

VALUES = {"DB_PASSWORD": "tr0ub4dor-and-3", "KEY": "ä\n"}


def test_a_task_of_the_same_run_opens_what_another_sealed() -> None:
    text = sealed(VALUES)
    assert opened(text) == VALUES
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"same" if opened(text) == VALUES else b"other")
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        assert answer.read() == "same"


def test_the_text_tells_nothing_and_no_other_process_opens_it() -> None:
    text = sealed(VALUES)
    assert "tr0ub4dor" not in text
    assert sealed(VALUES) != text
    program = "import sys; from slipway.sealed import opened; print(opened(sys.argv[1]))"
    said = subprocess.run([sys.executable, "-c", program, text], capture_output=True, text=True, check=True)
    assert said.stdout == "None\n"


@pytest.mark.parametrize("text", ["", "nothing", "gAAAAABm"])
def test_a_text_that_is_none_opens_to_nothing(text: str) -> None:
    assert opened(text) is None


@pytest.mark.parametrize(
    ("wanted", "skipped", "so"),
    [
        (["all"], [], True),
        (["docker", "stack"], [], True),
        (["tagged"], [], True),
        (["docker"], [], False),
        (["all"], ["stack"], False),
        (["all"], ["docker"], True),
        (["untagged"], [], False),
    ],
)
def test_secrets_are_asked_for_where_the_tag_runs(wanted: list[str], skipped: list[str], so: bool) -> None:
    assert runs("stack", wanted, skipped) is so
