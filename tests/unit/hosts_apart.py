"""Hosts that switch together, each with the engine's own records and words, and a line to each that can be cut.

What runs here is the engine's way from its gate to the confirm; what it would do with images and containers before that is none
of it, so the stack has no service that runs.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway.changes.identity import identity
from slipway.errors import SlipwayError
from slipway.host import meeting, records, submit, unconfirmed
from slipway.host.actions import carry_out
from slipway.host.docker import Docker
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Release, Request
from slipway.host.steps import carry_out_all
from slipway.model import Stack
from slipway.placement import Placement
from slipway.plan.gate import gate
from slipway.plan.step import Step
from slipway.request import read_answer
from slipway.serving import Serving
from slipway.together import Answer, Lost, Member, Table, Word
from tests.unit.host.doors import empty_docker

AT = "2026-11-21T08:00:00.000Z"
CALLED = "c0ffee"


def release(number: int, version: str) -> Release:
    stack = Stack("demo", {}, variables={"RELEASE": version})
    return Release(number, records.fingerprint(stack, 1), stack, Placement(number, secrets_generation=1), "me", "site.yml", AT)


@dataclass
class ApartHost:
    """A host that serves a release, asked for the next one."""

    name: str
    root: Path
    served: int = 1
    wanted: str = "1.1.0"
    cut_at: str = ""
    cut: bool = False
    lost: str = ""
    refuses: str = ""
    dies: bool = False
    words: list[str] = field(default_factory=list)
    engine: threading.Thread | None = None
    faults: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root.mkdir()
        empty_docker(self.root)
        records.keep_release(self.work.folder, release(self.served, "1.0.0"))
        self.work.keep_serving(Serving("demo", current=self.served, since=AT))
        self.work.folder.requests.mkdir()

    @property
    def machine(self) -> Machine:
        return Machine(Layout(self.root), Docker(self.root / "docker.sock"))

    @property
    def work(self) -> Work:
        return Work(self.machine, self.machine.layout.stack("demo"))

    @property
    def serves(self) -> str:
        """Return the version that serves by the record that decides at boot."""
        return records.release(self.work.folder, self.work.serving().current or 0).stack.variables["RELEASE"]

    def member(self, table: Table) -> Member:
        return Member(self.name, table, self.submit, self.speak)

    def submit(self) -> Answer:
        return read(self.asked())

    def speak(self, word: Word, why: str) -> Answer:
        return read(self.told(word, why))

    def asked(self) -> Mapping[str, Any]:
        """Return what the engine answers to a request, before anybody has read it."""
        self._reach("submit")
        if self.refuses:
            return {"verdict": "refused", "changed": False, "error": self.refuses, "code": 5}
        if self.serves == self.wanted:
            return {"verdict": "unchanged", "changed": False, "release": self.served, "code": 0}
        offset = 0
        made = release(self.served + 1, self.wanted)
        records.file_request(self.work.folder, Request("q1", made.stack, "me", "fab deploy", AT, together=CALLED))
        self.engine = threading.Thread(target=self._run, args=(made,), daemon=True)
        self.engine.start()
        follower = submit._Follower(self.machine, self.work.folder, "q1", lambda _: None)
        answer = follower.until(offset, submit.end_or_gate)
        return {**answer, "identity": identity(made.stack, {})}

    def told(self, word: Word, why: str) -> Mapping[str, Any]:
        """Return what the engine answers to a word."""
        self._reach(word)
        try:
            found = meeting.speak(self.machine, "demo", CALLED, (word, why), lambda _: None)
        except SlipwayError as error:
            found = {"verdict": "failed", "changed": False, "error": str(error), "code": error.exit_code}
        self._reach("answer")
        return found

    def _reach(self, word: str) -> None:
        self.words.append(word)
        self.cut = self.cut or word == self.cut_at or (f"{word} {self.words.count(word)}" == self.cut_at)
        if self.cut or f"{word} {self.words.count(word)}" == self.lost:
            raise Lost(f"{self.name} does not answer")

    def _run(self, made: Release) -> None:
        """Do what the engine does with a request that is prepared, and settle it."""
        work = self.work
        work.request, work.release = "q1", made.number
        work.note({"event": "begin", "together": CALLED})
        records.keep_release(work.folder, made)
        try:
            carry_out_all(work, [record("begun", made.number), *gate(CALLED), record("switched", made.number)], carry_out)
            work.note({"event": "result", "result": {"verdict": "serving", "changed": True, "release": made.number, "code": 0}})
        except SlipwayError as error:
            carry_out_all(work, [record("abandoned", made.number)], carry_out)
            said = {"verdict": "refused", "changed": False, "release": self.served, "error": str(error), "code": error.exit_code}
            work.note({"event": "result", "result": said})
        records.drop_request(work.folder, "q1")
        if not self.dies:
            self.settle()

    def settle(self) -> None:
        """Settle as the engine does under its lock."""
        try:
            self.work.folder.lock.touch()
            unconfirmed.settle(self.work)
        except BaseException as error:
            self.faults.append(error)

    def rest(self) -> None:
        """Wait until the host has done all it does by itself."""
        if self.engine:
            self.engine.join(20)
            assert not self.engine.is_alive()
        assert not self.faults, self.faults


def read(found: Mapping[str, Any]) -> Answer:
    return read_answer("demo", int(found.get("code", 0)), json.dumps(dict(found)), "", check=False)


def record(change: str, number: int) -> Step:
    return Step("record", "record", change, arguments={"change": change, "number": number, "watch": 0, "together": CALLED})


def take_part(table: Table, hosts: list[ApartHost]) -> dict[str, Answer]:
    """Have all members take part at once, and return what became of each once the hosts are at rest."""
    answers: dict[str, Answer] = {}
    members = [(host, host.member(table)) for host in hosts]

    def run(host: ApartHost, member: Member) -> None:
        answers[host.name] = member.take_part()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in members]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
        assert not thread.is_alive()
    for host in hosts:
        host.rest()
    return answers
