"""The program as the host runs it: one at a time, killed at any moment, its answer lost."""

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from slipway.file_set import PROGRAM
from slipway.host_entries import Entry, entry_json
from slipway.host_files import main
from slipway.host_program import packed
from tests.unit.host_files.places import in_own_mounts, mount

FILES = 30


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "program.zip"
    path.write_bytes(packed("host_files", PROGRAM))
    assert zipfile.is_zipfile(io.BytesIO(path.read_bytes()))
    return path


def on_a_host(tmp_path: Path, act: Callable[[Path], None]) -> None:
    """Run as root where /run, /var/lib and /etc are empty folders of our own."""

    def alone() -> None:
        for place in ("/run", "/var/lib"):
            mount("tmpfs", place, "tmpfs")
        (tmp_path / "etc").mkdir()
        act(tmp_path / "etc")

    in_own_mounts(alone)


def asked(folder: Path, text: str, validate: Sequence[str] = (), check: bool = False) -> bytes:
    entries = [Entry(str(folder / f"{number}"), "file", text.encode(), 0o644, "0", "0") for number in range(FILES)]
    words = {"exclusive": [], "validate": list(validate), "guard": None, "check": check, "diff": False}
    return zlib.compress(json.dumps({"entries": [entry_json(entry) for entry in entries], **words}).encode())


def begin(archive: Path, text: bytes, output: Any = subprocess.PIPE) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-I", "-S", str(archive)]
    call = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE)
    assert call.stdin
    call.stdin.write(text)
    call.stdin.close()
    call.stdin = None
    return call


def ask(archive: Path, text: bytes) -> dict[str, Any]:
    output, errors = begin(archive, text).communicate(timeout=60)
    assert output, errors.decode()
    answer: dict[str, Any] = json.loads(output)
    return answer


def contents(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.iterdir()}


def test_it_writes_then_has_nothing_to_do(tmp_path: Path, archive: Path) -> None:
    def act(folder: Path) -> None:
        assert ask(archive, asked(folder, "one"))["changed"] is True
        assert ask(archive, asked(folder, "one")) == {"changed": False, "paths": [], "not_judged": []}
        assert (contents(folder), len(list(folder.iterdir()))) == ({"one"}, FILES)

    on_a_host(tmp_path, act)


def test_killed_at_any_moment_the_next_call_brings_the_set_whole(tmp_path: Path, archive: Path) -> None:
    def act(folder: Path) -> None:
        moments, half = random.Random(7), 0  # noqa: S311 - moments, no secrets
        began = time.monotonic()
        ask(archive, asked(folder, "0"))
        whole = time.monotonic() - began
        for round_ in range(1, 7):
            text = asked(folder, str(round_))
            call = begin(archive, text)
            time.sleep(moments.uniform(0.3, 1.1) * whole)
            call.kill()
            call.communicate()
            in_place = {(folder / str(number)).read_text() for number in range(FILES)}  # what is staged beside may be cut
            half += len(in_place - {str(round_), str(round_ - 1)})
            foretold = ask(archive, asked(folder, str(round_), check=True))
            assert ask(archive, text) == foretold
            assert (contents(folder), len(list(folder.iterdir()))) == ({str(round_)}, FILES)
        assert half == 0

    on_a_host(tmp_path, act)


def test_two_calls_at_once_run_one_after_the_other(tmp_path: Path, archive: Path) -> None:
    def act(folder: Path) -> None:
        for _ in range(3):
            calls = [begin(archive, asked(folder, text)) for text in ("left", "right")]
            answers = [json.loads(call.communicate(timeout=60)[0]) for call in calls]
            assert all("changed" in answer for answer in answers)
            assert contents(folder) in ({"left"}, {"right"})

    on_a_host(tmp_path, act)


def test_an_answer_into_a_closed_connection_is_given_again(tmp_path: Path, archive: Path) -> None:
    def act(folder: Path) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        call = begin(archive, asked(folder, "one"), writing)
        assert call.communicate(timeout=60)[1] == b""
        assert call.returncode == 1
        assert contents(folder) == {"one"}
        assert len(ask(archive, asked(folder, "one"))["paths"]) == FILES
        assert ask(archive, asked(folder, "one"))["changed"] is False

    on_a_host(tmp_path, act)


def runs(number: int) -> bool:
    status = Path(f"/proc/{number}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


def test_a_killed_call_takes_its_checker_along_and_the_next_goes_on(tmp_path: Path, archive: Path) -> None:
    def act(folder: Path) -> None:
        checker = ["sh", "-c", f"echo $$ > {tmp_path}/checker; exec sleep 50"]
        call = begin(archive, asked(folder, "one", checker))
        while not (tmp_path / "checker").exists() or not (tmp_path / "checker").read_text().strip():
            time.sleep(0.02)
        number = int((tmp_path / "checker").read_text())
        call.kill()
        call.communicate()
        time.sleep(0.2)
        assert not runs(number)
        assert ask(archive, asked(folder, "one"))["changed"] is True

    on_a_host(tmp_path, act)


def test_a_bad_place_is_a_refusal_with_its_cause_not_a_traceback(tmp_path: Path, archive: Path) -> None:
    def act(folder: Path) -> None:
        (folder / "3").symlink_to("3")
        (folder / "loop").symlink_to("loop")
        answer = ask(archive, asked(folder / "loop", "one"))
        assert "Too many levels of symbolic links; nothing was changed" in answer["refused"]

    on_a_host(tmp_path, act)


def test_without_root_it_says_what_is_missing() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(Exception):  # a child must not go on as a second pytest
            os.dup2(writing, 1)
            if os.geteuid() == 0:
                os.setuid(65534)
            os._exit(main())
        os._exit(70)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert "set `become: true`" in json.loads(answer.read())["refused"]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
