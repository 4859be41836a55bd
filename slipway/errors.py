"""Everything that can go wrong, one class per exit code; each says the cause and the next step."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in the user's files."""

    file: str
    line: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line: path: what is wrong; did you mean …`."""
        text = f"{self.file}:{self.line}: {self.path}: {self.message}"
        return f"{text}; {self.hint}" if self.hint else text


class SlipwayError(Exception):
    """Something went wrong that a person must know; a bug where no subclass fits."""

    exit_code = 1

    def __init__(self, cause: str, next_step: str = "") -> None:
        """Keep the cause and what to do about it, both whole sentences without a full stop."""
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        """Return the cause and the next step, each on a line."""
        return f"{self.cause}\n  next: {self.next_step}" if self.next_step else self.cause


class StackError(SlipwayError):
    """The user's files hold faults; nothing was changed."""

    exit_code = 2
    untouched = "no host was touched"

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep all faults, sorted by place."""
        self.faults = tuple(sorted(set(faults)))
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__("\n".join([*map(str, self.faults), f"{count}; {self.untouched}"]))


class HostError(SlipwayError):
    """The host is not in a state to do this: disk, memory, a daemon that does not answer."""

    exit_code = 3


class LockHeld(SlipwayError):
    """Somebody else is at work on the stack."""

    exit_code = 4


class ReleaseRefused(SlipwayError):
    """The release did not prove itself, or the policy forbids it; the old one serves on."""

    exit_code = 5


class CommandFailed(HostError):
    """A command ended badly; holds argv, exit code and its last 20 lines."""

    def __init__(self, argv: Sequence[str], code: int, output: str, next_step: str = "") -> None:
        """Keep what ran and how it ended; `output` is cut to its last 20 lines."""
        self.argv, self.code = tuple(argv), code
        self.tail = "\n".join(output.rstrip().splitlines()[-20:])
        super().__init__(f"`{shlex.join(self.argv)}` ended with {code}:\n{self.tail}", next_step)
