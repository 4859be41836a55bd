"""Run commands: an argv list in, what it said out. Secrets go in by environment or standard input, never by argv."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import CommandFailed

NOT_FOUND, TIMED_OUT = 127, 124


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

    def begin(self, argv: Sequence[str]) -> None:
        """Start a command and go on; whoever needs its effect waits for that."""
        subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )


def _late(error: subprocess.TimeoutExpired, limit_seconds: float) -> str:
    said = [part.decode(errors="replace") for part in (error.stdout, error.stderr) if isinstance(part, bytes)]
    return "\n".join([*said, f"did not end within {limit_seconds:g} s"])
