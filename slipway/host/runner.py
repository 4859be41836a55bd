"""Run commands: an argv list in, what it said out. Secrets go in by environment or standard input, never by argv."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CommandFailed

NOT_FOUND, TIMED_OUT = 127, 124
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Return all it said, errors last."""
        return "\n".join(part for part in (self.stdout.rstrip(), self.stderr.rstrip()) if part)


def _unmasked(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs commands with an environment of its own; `mask` takes secrets out of everything that is kept or shown."""

    environment: Mapping[str, str] = field(default_factory=dict)
    mask: Callable[[str], str] = _unmasked

    def attempt(self, argv: Sequence[str], *, limit_seconds: float = 60, stdin: str | None = None) -> Outcome:
        """Run a command and return how it ended, well or badly."""
        try:
            done = subprocess.run(  # noqa: PLW1510 - the caller judges the code
                list(argv),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit_seconds,
                env={**os.environ, "LC_ALL": "C.UTF-8", **self.environment},
            )
        except FileNotFoundError as error:
            return Outcome(tuple(argv), NOT_FOUND, "", str(error))
        except subprocess.TimeoutExpired as error:
            return Outcome(tuple(argv), TIMED_OUT, "", self.mask(_late(error, limit_seconds)))
        return Outcome(tuple(argv), done.returncode, self.mask(done.stdout), self.mask(done.stderr))

    def run(self, argv: Sequence[str], *, limit_seconds: float = 60, stdin: str | None = None) -> str:
        """Run a command that must end well; return its standard output."""
        outcome = self.attempt(argv, limit_seconds=limit_seconds, stdin=stdin)
        if outcome.code:
            raise CommandFailed(outcome.argv, outcome.code, outcome.text)
        return outcome.stdout

    def run_bytes(self, argv: Sequence[str], *, largest: int, limit_seconds: float = 60) -> bytes:
        """Run a command that must end well and writes bytes that are no text; return the first, and end it where it writes on."""
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as command,
        ):
            late = threading.Timer(limit_seconds, command.kill)
            late.start()
            found = command.stdout.read(largest) if command.stdout else b""
            if len(found) == largest:
                command.kill()
                late.cancel()
                return found
            code = command.wait()
            late.cancel()
            said.seek(0)
            if code:
                raise CommandFailed(argv, code, self.mask(said.read().decode(errors="replace")))
        return found

    def run_into(self, argv: Sequence[str], path: Path, *, limit_seconds: float, hindered: Callable[[], str]) -> None:
        """Have a command that must end well write a new file, for root alone; end it once something hinders that."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            self._through(argv, subprocess.DEVNULL, file.fileno(), limit_seconds, hindered)
            os.fsync(file.fileno())

    def run_from(self, argv: Sequence[str], path: Path, *, limit_seconds: float) -> str:
        """Have a command that must end well read a file; return what it said on standard error."""
        with path.open("rb") as file:
            return self._through(argv, file.fileno(), subprocess.DEVNULL, limit_seconds, str)

    def _through(self, argv: Sequence[str], source: int, target: int, limit_seconds: float, hindered: Callable[[], str]) -> str:
        deadline, why = time.monotonic() + limit_seconds, ""
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(list(argv), stdin=source, stdout=target, stderr=said) as command,
        ):
            while _runs(command):
                why = hindered() or (f"did not end within {limit_seconds:g} s" if time.monotonic() > deadline else "")
                if why:
                    command.kill()
            said.seek(0)
            text = self.mask(said.read().decode(errors="replace"))
        if command.returncode:
            raise CommandFailed(argv, command.returncode, f"{text}\n{why}".strip())
        return text

    def begin(self, argv: Sequence[str]) -> None:
        """Start a command and go on; whoever needs its effect waits for that."""
        subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )


def _runs(command: "subprocess.Popen[bytes]") -> bool:
    """Wait a little for the end of a command; say whether it runs on."""
    try:
        command.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _late(error: subprocess.TimeoutExpired, limit_seconds: float) -> str:
    said = [part.decode(errors="replace") for part in (error.stdout, error.stderr) if isinstance(part, bytes)]
    return "\n".join([*said, f"did not end within {limit_seconds:g} s"])
