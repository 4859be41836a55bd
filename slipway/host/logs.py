"""Show the logs of a stack's containers, merged by time; masked like all else the engine shows."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..errors import HostError, SlipwayError
from . import resume
from .machine import Machine, Work


class NoPattern(SlipwayError):
    """What lines are looked for by is no pattern."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted."""

    service: str = ""
    tail: int = 100
    since: str = ""
    grep: str = ""

    @property
    def fits(self) -> Callable[[str], bool]:
        """Return whether a line is wanted."""
        try:
            pattern = re.compile(self.grep)
        except re.error as error:
            raise NoPattern(
                f"--grep is {self.grep!r}, which cannot be read: {error}", "escape brackets and dots as \\[ and \\."
            ) from error
        return lambda line: pattern.search(line) is not None


def show(machine: Machine, name: str, wanted: Wanted) -> None:
    """Print the lines there are, in the order of their times."""
    work, containers = _found(machine, name, wanted)
    fits = wanted.fits
    lines = [line for container in containers for line in _lines(work, container, wanted) if fits(line[1])]
    for _, text in sorted(lines)[-wanted.tail :]:
        _print(text)


def follow(machine: Machine, name: str, wanted: Wanted) -> None:
    """Print the lines as they come, until nobody reads them or the containers end."""
    work, containers = _found(machine, name, wanted)
    fits = wanted.fits

    def show_line(text: str) -> None:
        if fits(text):
            _print(text)

    readers = [threading.Thread(target=_follow, args=(work, item, wanted, show_line), daemon=True) for item in containers]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()


def _found(machine: Machine, name: str, wanted: Wanted) -> tuple[Work, Sequence[str]]:
    work = resume.in_force(Work(machine, machine.layout.stack(name)))
    number = str(work.serving().current)
    present = machine.docker.containers(f"slipway.stack={name}")
    ours = [item for item in present if item.labels.get("slipway.release", number) == number]
    found = [item.name for item in ours if not wanted.service or item.labels.get("slipway.service") == wanted.service]
    if not found:
        known = sorted({item.labels.get("slipway.service", "") for item in ours})
        what = f"service {wanted.service!r} of {name}" if wanted.service else name
        raise HostError(f"nothing runs of {what}", f"services that do: {', '.join(known) or 'none'}")
    return work, found


def _argv(container: str, wanted: Wanted, *more: str) -> list[str]:
    since = ["--since", wanted.since] if wanted.since else []
    tail = "all" if wanted.grep and not more else str(wanted.tail)  # the last lines of those that fit
    return ["docker", "logs", "--timestamps", "--tail", tail, *since, *more, container]


def _lines(work: Work, container: str, wanted: Wanted) -> Iterable[tuple[str, str]]:
    outcome = work.machine.runner.attempt(_argv(container, wanted))
    for line in [*outcome.stdout.splitlines(), *outcome.stderr.splitlines()]:
        yield line.partition(" ")[0], _named(work, container, line)


def _follow(work: Work, container: str, wanted: Wanted, show_line: Callable[[str], None]) -> None:
    argv = _argv(container, wanted, "--follow")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as reader:
        for line in reader.stdout or ():
            show_line(_named(work, container, work.mask(line.rstrip("\n"))))


def _named(work: Work, container: str, line: str) -> str:
    return f"{container.removeprefix(work.folder.name + '-')} | {line.partition(' ')[2]}"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
