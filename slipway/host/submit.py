"""Hand a request to the engine under systemd and follow it: whoever asked may go away, the run goes on."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import HostError
from ..plan.gate import GATE
from . import clock, lock, policy, records
from .docker import Silent
from .journal import Entry, Journal
from .layout import StackFolder
from .machine import Machine, Work
from .mask import masking

POLL_SECONDS = 0.2
UNIT_EVERY_SECONDS = 1.0
LONGEST_START = 5  # a request filed while a run ends needs another run
PATIENCE_SECONDS = 3.0  # a step that takes longer says what it waits for
REPEAT_SECONDS = 10.0  # and says it again where that has changed
BEGIN_SECONDS = 5.0
LOG_LINES = "20"
TOLD = ("step", "warning", "waits")
PREPARED = "prepared"  # the verdict of a host that waits for the others

Hear = Callable[[Entry], None]


def submit(machine: Machine, name: str, data: Mapping[str, Any], hear: Hear | None = None) -> Mapping[str, Any]:
    """File a request, have it run, and return its result; one of several hosts ends where they meet."""
    folder, offset = machine.layout.stack(name), Journal(machine.layout.stack(name).journal).size
    return _Follower(machine, folder, file(machine, name, data), hear or saying(machine)).until(offset, end_or_gate)


def begin(machine: Machine, name: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """File a request, see that a run takes it up, and wait for nothing."""
    folder, request = machine.layout.stack(name), file(machine, name, data)
    _Follower(machine, folder, request, saying(machine)).see_begun()
    return {"verdict": "begun", "changed": True, "request": request, "code": 0}


def follow(machine: Machine, name: str, hear: Hear) -> Mapping[str, Any]:
    """Follow the run that is at work, or return how the last one ended."""
    folder = machine.layout.stack(name)
    entries = Journal(folder.journal).entries()
    ended = {entry["request"]: entry for entry in entries if entry["event"] == "result"}
    open_ones = [request.id for request in records.waiting(folder) if request.id not in ended]
    if open_ones:
        return result(machine, folder, open_ones[0], hear, 0)
    if not ended:
        raise HostError(f"nothing was ever deployed of {name} here", f"fab deploy {name}")
    return dict(next(reversed(ended.values()))["result"])


def result(machine: Machine, folder: StackFolder, request: str, hear: Hear, offset: int) -> Mapping[str, Any]:
    """Follow a request from an offset of the journal on to its result."""
    return _Follower(machine, folder, request, hear).until(offset, end)


def end(entry: Entry) -> Mapping[str, Any] | None:
    """Return the result that an entry of the journal holds."""
    return dict(entry["result"]) if entry["event"] == "result" else None


def end_or_gate(entry: Entry) -> Mapping[str, Any] | None:
    """Return the result that an entry of the journal holds, or that the host is prepared and waits for the others."""
    if entry["event"] == "step" and entry["name"] == GATE and entry["state"] == "begun":
        return {"verdict": PREPARED, "changed": True, "release": entry["release"], "code": 0}
    return end(entry)


def file(machine: Machine, name: str, data: Mapping[str, Any]) -> str:
    """Put a request and its secrets where the engine finds them; return its id."""
    request, values = records.request_of(data, clock.now())
    if request.stack.name != name:
        raise HostError(
            f"the request is for {request.stack.name}, not for {name}", "this is a fault of the controller: report it"
        )
    folder, asker = machine.layout.stack(name), machine.asker
    policy.check_stack(machine.layout, name, asker)
    request = replace(request, who=asker.signed(request.who), deployer=asker.deployer)
    Work(machine, folder).secrets.receive(request.id, values)
    records.file_request(folder, request)
    return request.id


def saying(machine: Machine) -> Hear:
    """Return what tells whoever reads standard error what is done."""

    def hear(entry: Entry) -> None:
        if entry["event"] == "step" and entry["state"] == "begun":
            machine.say(entry["why"])
        elif entry["event"] == "waits":
            machine.say(entry["text"])

    return hear


class _Follower:
    """Follows one request through the journal."""

    def __init__(self, machine: Machine, folder: StackFolder, request: str, hear: Hear) -> None:
        self._machine, self._folder, self._request, self._hear = machine, folder, request, hear
        self._unit = f"slipway-run@{folder.name}.service"
        self._starts, self._told, self._since, self._told_at = 0, "", 0.0, 0.0
        self._step: Entry = {}

    def see_begun(self) -> None:
        """See that a run takes the request up, or that a living one stands before it."""
        deadline = time.monotonic() + BEGIN_SECONDS
        while self._request not in records.begun_requests(self._folder) and time.monotonic() < deadline:
            self._keep_running(0)
            time.sleep(POLL_SECONDS)

    def until(self, offset: int, ends: Callable[[Entry], Mapping[str, Any] | None]) -> Mapping[str, Any]:
        """Tell how far the request is until an entry of the journal ends it; return what that says."""
        looked = 0.0
        while True:
            entries, offset = Journal(self._folder.journal).read(offset)
            mine = [entry for entry in entries if entry.get("request") == self._request]
            for entry in mine:
                self._tell(entry)
                if found := ends(entry):
                    return found
            if time.monotonic() - looked > UNIT_EVERY_SECONDS:
                looked = time.monotonic()
                self._keep_running(offset)
                self._tell_patience()
            time.sleep(POLL_SECONDS)

    def _tell(self, entry: Entry) -> None:
        if entry["event"] == "step":
            self._step, self._since = (entry if entry["state"] == "begun" else {}), time.monotonic()
        if entry["event"] in TOLD:
            self._hear(entry)

    def _tell_patience(self) -> None:
        """Say what a long step waits for: the containers that are not ready, with the last answer of their health check."""
        if not self._step or time.monotonic() - self._since < PATIENCE_SECONDS:
            return
        try:
            found = waits_for(self._machine, self._folder.name, self._step.get("release"))
        except Silent:
            found = []  # a host under load may leave a question open; the run goes on
        text = self._mask("; ".join(found)) or self._step["why"]
        if text != self._told and time.monotonic() - self._told_at > REPEAT_SECONDS:
            self._told, self._told_at = text, time.monotonic()
            self._hear({"event": "waits", "name": self._step["name"], "text": text})

    def _mask(self, text: str) -> str:
        secrets = Work(self._machine, self._folder).secrets
        known = [secrets.values(number) for number in secrets.generations()]
        return masking(value for values in known for value in values.values())(text)

    def _keep_running(self, offset: int) -> None:
        if self._active():
            self._tell_owner()
        elif self._waits() and self._starts < LONGEST_START:
            self._starts += 1
            self._machine.runner.run(("systemctl", "start", "--no-block", self._unit))
        elif not Journal(self._folder.journal).entries(offset):
            raise HostError(
                f"the run of {self._folder.name} died without a result:\n{self._last_lines()}", "run this again: it heals first"
            )

    def _active(self) -> bool:
        state = self._machine.runner.run(("systemctl", "show", "--property", "ActiveState", "--value", self._unit)).strip()
        return state in ("active", "activating", "deactivating", "reloading")

    def _waits(self) -> bool:
        begun = records.begun_requests(self._folder)
        return self._request not in begun and any(item.id == self._request for item in records.waiting(self._folder))

    def _tell_owner(self) -> None:
        owner = lock.owner_of(self._folder.lock)
        if owner and self._request not in owner and owner != self._told:
            self._told = owner
            self._hear({"event": "waits", "name": "lock", "text": f"waiting for {owner}"})

    def _last_lines(self) -> str:
        return self._machine.runner.attempt(("journalctl", "--unit", self._unit, "--lines", LOG_LINES, "--output", "cat")).text


def waits_for(machine: Machine, stack: str, release: int | None) -> list[str]:
    """Return the containers of a release that run and are not healthy yet, each with its last answer."""
    found = [
        item
        for item in machine.docker.containers(f"slipway.stack={stack}")
        if item.labels.get("slipway.release") == str(release) and item.running and item.health not in ("", "healthy")
    ]
    return [f"{item.name} is {item.health}{f': {item.last_check.splitlines()[-1]}' if item.last_check else ''}" for item in found]
