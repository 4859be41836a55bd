"""Run commands on the controller, in the repository's folder. What they say may be a secret: no error holds a word of it."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SlipwayError

LIMIT_SECONDS = 60.0
LARGEST = 64 * 1024  # a value of this size still fits into the environment of a process, which holds 128 KiB at most
AT_ONCE = 8

Argv = tuple[str, ...]


class NoAnswer(SlipwayError):
    """A command on this machine gave no answer that can be used."""

    exit_code = 2


Answer = bytes | NoAnswer


def run(argv: Sequence[str], folder: Path) -> str:
    """Return the output of a command that must end well."""
    answer = ask_all([argv], folder)[tuple(argv)]
    if isinstance(answer, NoAnswer):
        raise answer
    return answer.decode(errors="replace")


def ask_all(commands: Iterable[Sequence[str]], folder: Path, limit_seconds: float = LIMIT_SECONDS) -> dict[Argv, Answer]:
    """Run each distinct command once, several at a time; return its output, or why there is none."""
    distinct = list(dict.fromkeys(map(tuple, commands)))
    answers: dict[Argv, Answer] = {}
    for first in range(0, len(distinct), AT_ONCE):
        answers |= _batch(distinct[first : first + AT_ONCE], folder, limit_seconds)
    return answers


def _batch(commands: Sequence[Argv], folder: Path, limit_seconds: float) -> Mapping[Argv, Answer]:
    deadline = time.monotonic() + limit_seconds
    calls: list[_Call] = []
    answers: dict[Argv, Answer] = {}
    try:
        for argv in commands:
            try:
                calls.append(_started(argv, folder))
            except OSError as error:
                answers[argv] = _not_started(argv[0], error)
        _listen(calls, deadline)
        return answers | {call.argv: call.answer(deadline, limit_seconds) for call in calls}
    finally:
        for call in calls:
            call.end()


@dataclass(slots=True)
class _Call:
    """A command that runs, and what it said so far."""

    argv: Argv
    process: "subprocess.Popen[bytes]"
    said: bytearray = field(default_factory=bytearray)

    def listen(self) -> bool:
        """Take what it says now; say whether more may come and fits."""
        assert self.process.stdout  # noqa: S101 - always a pipe
        piece = os.read(self.process.stdout.fileno(), LARGEST)
        self.said += piece
        return bool(piece) and len(self.said) <= LARGEST

    def answer(self, deadline: float, limit_seconds: float) -> Answer:
        """Return its output once it has ended, or why it cannot be used."""
        program = self.argv[0]
        if len(self.said) > LARGEST:
            return NoAnswer(f"`{program}` said more than {LARGEST // 1024} KiB", "have it print the value alone")
        try:
            code = self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            waited = f"`{program}` did not end within {limit_seconds:.0f} seconds"
            return NoAnswer(waited, "run it by hand: it must not wait for an answer or a login")
        return _ended_badly(program, code) if code else bytes(self.said)

    def end(self) -> None:
        """Stop it, with everything it started, where it still runs."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(self.process.pid, signal.SIGKILL)
        with self.process:  # closes the pipe and waits
            pass


def _started(argv: Argv, folder: Path) -> _Call:
    process = subprocess.Popen(
        argv,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that it can be ended with everything it started
    )
    return _Call(argv, process)


def _listen(calls: Sequence[_Call], deadline: float) -> None:
    """Hear all commands out, or until the deadline."""
    with selectors.DefaultSelector() as selector:
        for call in calls:
            selector.register(call.process.stdout, selectors.EVENT_READ, call)  # type: ignore[arg-type] # always a pipe
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if not key.data.listen():
                    selector.unregister(key.fileobj)


def _not_started(program: str, error: OSError) -> NoAnswer:
    if isinstance(error, FileNotFoundError):
        where = "there is no such file" if "/" in program else "it is not on the PATH"
        return NoAnswer(f"`{program}` is not installed: {where}", "install it on this machine, or mend the path")
    return NoAnswer(f"`{program}` cannot be run: {error.strerror or 'unknown cause'}", "make it a program this user may run")


def _ended_badly(program: str, code: int) -> NoAnswer:
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
    near = "a program that it calls is not installed" if code == 127 else "run the command by hand to see why"
    return NoAnswer(f"`{program}` {ended}", near)
