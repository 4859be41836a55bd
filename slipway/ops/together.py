"""Release on several hosts at once, each by a thread of its own: prepare all, switch all; one that cannot keeps all from it."""

import json
import secrets
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import request
from ..environment import Environment
from ..errors import HostError, SlipwayError
from ..together import NOT_ASKED, Answer, Lost, Member, Table, Word
from . import releasing
from .hosts import Host
from .operation import BadOption
from .progress import Progress
from .releasing import ENGINE, Doors, Ended, Interrupted, Manner, Outcome, Place
from .silence import told, why_silent

QUICK: tuple[Word, ...] = ("look", "confirm")  # a host answers these at once, or does not
JOIN_SECONDS = 0.2
UNKNOWN = "invalid choice: 'together'"  # what an engine from before says


@dataclass(frozen=True, slots=True)
class Order:
    """What each host is asked: the engine's command with its data, by whom and how."""

    stack: str
    command: Sequence[str]
    data: Mapping[str, Any]
    manner: Manner


def carry_out(where: Place, order: Order, environment: Environment, doors: Doors) -> Outcome:
    """Have one host do it as ever; several switch together."""
    if len(where.hosts) == 1 or order.manner.dry_run:
        return releasing.carry_out(where, order.stack, order.command, order.data, doors)
    if not order.manner.wait:
        cause = f"{len(where.hosts)} hosts switch together, and somebody has to say that all are prepared"
        raise BadOption(cause, "leave out --no-wait, or name one host with --host")
    called = secrets.token_hex(6)
    _all_there(where, order.stack, called, doors)
    folder = Path(tempfile.mkdtemp(prefix="slipway-together-"))
    try:
        table = Table(folder, tuple(sorted(host.name for host in where.hosts)), environment.deploy_order == "one-by-one")
        parts = [_Part(host, order, called, doors, table) for host in where.hosts]
        _run(order.stack, parts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a thread that was left may still write its seat
    return _outcome(order.stack, parts)


def _all_there(where: Place, stack: str, called: str, doors: Doors) -> None:
    """Raise before any host is asked for anything where one does not answer: none would switch without it."""
    command = [*ENGINE, "together", stack, called, "look"]
    with ThreadPoolExecutor(max_workers=min(16, len(where.hosts))) as pool:
        answers = list(pool.map(lambda host: doors.ask(host, command), where.hosts))
    if old := [host.name for host, answer in zip(where.hosts, answers, strict=True) if UNKNOWN in answer.errors]:
        raise HostError(f"{', '.join(old)}: the engine is older than this tree and meets no other host", "run site.yml first")
    silent = [(host, answer) for host, answer in zip(where.hosts, answers, strict=True) if answer.code]
    if len(silent) == 1:
        told(*silent[0])
    if silent:
        causes = "\n".join(f"{host.name}: {why_silent(host, answer).cause}" for host, answer in silent)
        cause = f"{causes}\nthe hosts switch together, so none was asked for anything"
        raise HostError(cause, "mend them, or name the others with --host")


@dataclass(slots=True)
class _Part:
    """One host's thread."""

    host: Host
    order: Order
    called: str
    doors: Doors
    table: Table
    answer: Answer = field(default_factory=dict)
    bug: BaseException | None = None

    def run(self) -> None:
        """Take part, and keep what became of it."""
        try:
            self.answer = Member(self.host.name, self.table, self._submit, self._speak).take_part()
        except BaseException as error:
            self.bug = error

    def _submit(self) -> Answer:
        data = {**self.order.data, "together": self.called}
        return self._converse(self.order.command, data)

    def _speak(self, word: Word, why: str) -> Answer:
        words = ["together", self.order.stack, self.called, word, *(["--why", why] if why else [])]
        if word == "go":
            return self._converse([*words, "--events"], {})
        ask = self.doors.soon if word in QUICK and self.doors.soon else self.doors.ask
        answer = ask(self.host, [*ENGINE, *words])
        if not answer.reached:
            raise Lost(f"{self.host.name} does not answer", "see what keeps it, then look at `fab status`")
        return request.read_answer(self.order.stack, answer.code, answer.output, answer.errors, check=False)

    def _converse(self, command: Sequence[str], data: Mapping[str, Any]) -> Answer:
        hear = Progress(lambda line: self.doors.say(f"{self.host.name:<10} {line}")).line
        answer = self.doors.converse(self.host, [*ENGINE, *command], json.dumps(data).encode(), hear)
        if not answer.reached:
            raise Lost(f"the connection to {self.host.name} was lost", "see what keeps it, then look at `fab status`")
        if not answer.output.strip():
            told(self.host, answer)
        return request.read_answer(self.order.stack, answer.code, answer.output, answer.errors, check=False)


def _run(stack: str, parts: Sequence[_Part]) -> None:
    threads = [threading.Thread(target=part.run, daemon=True) for part in parts]
    try:
        for thread in threads:
            thread.start()
        _join(threads)
    except KeyboardInterrupt:
        raise _left(stack, parts) from None
    for part in parts:
        if part.bug:
            raise part.bug


def _join(threads: Sequence[threading.Thread]) -> None:
    """Wait for all; in short spans, so that Ctrl-C is heard."""
    for thread in threads:
        while thread.is_alive():
            thread.join(JOIN_SECONDS)


def _left(stack: str, parts: Sequence[_Part]) -> SlipwayError:
    error = Interrupted(stack, parts[0].host)
    error.cause = "you left, and nothing was pinned; without you the hosts go on with what they served, within about a minute"
    error.next_step = f"fab status; what all of them serve by then stays: fab pin {stack}"
    return error


def _outcome(stack: str, parts: Sequence[_Part]) -> Outcome:
    """Return how each host ended; those that went back for another one share its exit code."""
    asked = [part for part in parts if part.answer.get("verdict") != NOT_ASKED]
    ends = [Ended(part.host.name, part.answer) for part in asked]
    return Outcome(stack, tuple(ends), tuple(part.host.name for part in parts if part not in asked))
