"""A host's part in a play that releases on several hosts: each has a process of its own, and all meet at a table of the run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from . import request
from .errors import HostError
from .together import Answer, Member, Table, Word

NO_OTHER = ("unchanged", "left", "would bring back")  # what a look says where no other release would come of it
Do = Callable[[str, bytes], tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Play:
    """A task of a play: its hosts, those that dropped out before, how many it does at once, and the folder of the run."""

    run: Path
    task: str
    hosts: tuple[str, ...]
    gone: tuple[str, ...]
    forks: int
    one_by_one: bool = True

    def table(self, stack: str) -> tuple[str, Table]:
        """Return where the members of a stack meet, and what the hosts call that release."""
        called = sha256(f"{self.run} {self.task} {stack}".encode()).hexdigest()[:12]
        folder = self.run / f"together-{called}"
        folder.mkdir(parents=True, exist_ok=True)
        return called, Table(folder, tuple(sorted(self.hosts)), self.one_by_one)


def release(play: Play, host: str, data: Mapping[str, Any], do: Do) -> Answer:
    """Bring a stack to its release on one host, together with the others of the play; `do` runs a command of the host's shell."""
    stack = str(data["stack"]["name"])
    if len(play.hosts) == 1:
        return told(stack, data, do)
    if play.gone:
        return _without(play, stack, data, do)
    if play.forks < len(play.hosts):
        cause = f"{len(play.hosts)} hosts switch {stack} together, and this run does {play.forks} at once"
        raise HostError(cause, f"add --forks {len(play.hosts)}")
    called, table = play.table(stack)

    def speak(word: Word, why: str) -> Answer:
        return _read(stack, *do(request.word(stack, called, word, why), b""), check=False)

    return Member(host, table, lambda: told(stack, {**data, "together": called}, do), speak).take_part()


def told(stack: str, data: Mapping[str, Any], do: Do, *, check: bool = False) -> Answer:
    """Hand a request over, and return what became of it."""
    return _read(stack, *do(request.command(stack, check=check), json.dumps(data).encode()), check=check)


def _read(stack: str, code: int, output: str, errors: str, *, check: bool) -> Answer:
    return request.read_answer(stack, code, output, errors, check=check)


def _without(play: Play, stack: str, data: Mapping[str, Any], do: Do) -> Answer:
    """Release nothing where a host dropped out; what serves is seen to all the same."""
    found = told(stack, data, do, check=True)
    if found.get("verdict") in NO_OTHER:
        return told(stack, data, do)
    if found.get("failed"):
        return found
    cause = f"{stack}: {', '.join(play.gone)} dropped out of this run, and the hosts switch together: nothing was released"
    raise HostError(cause, "mend that, or leave it out with --limit, then run this again")
