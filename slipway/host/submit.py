"""Hand a request to the engine under systemd and follow it: whoever asked may go away, the run goes on."""

import time
from collections.abc import Mapping
from typing import Any

from ..errors import HostError
from . import clock, lock, records
from .journal import Entry, Journal
from .layout import StackFolder
from .machine import Machine, Work

POLL_SECONDS = 0.2
UNIT_EVERY_SECONDS = 1.0
LONGEST_START = 5  # a request filed while a run ends needs another run
LOG_LINES = "20"


def submit(machine: Machine, name: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """File a request, have it run, and return its result."""
    request, values = records.request_of(data, clock.now())
    if request.stack.name != name:
        raise HostError(
            f"the request is for {request.stack.name}, not for {name}", "this is a fault of the controller: report it"
        )
    folder = machine.layout.stack(name)
    offset = Journal(folder.journal).size
    Work(machine, folder).secrets.receive(request.id, values)
    records.file_request(folder, request)
    return _Follower(machine, folder, request.id).result(offset)


class _Follower:
    """Follows one request through the journal."""

    def __init__(self, machine: Machine, folder: StackFolder, request: str) -> None:
        self._machine, self._folder, self._request = machine, folder, request
        self._unit = f"slipway-run@{folder.name}.service"
        self._starts, self._told = 0, ""

    def result(self, offset: int) -> Mapping[str, Any]:
        looked = 0.0
        while True:
            entries, offset = Journal(self._folder.journal).read(offset)
            mine = [entry for entry in entries if entry.get("request") == self._request]
            for entry in mine:
                self._tell(entry)
                if entry["event"] == "result":
                    return dict(entry["result"])
            if time.monotonic() - looked > UNIT_EVERY_SECONDS:
                looked = time.monotonic()
                self._keep_running(offset)
            time.sleep(POLL_SECONDS)

    def _tell(self, entry: Entry) -> None:
        if entry["event"] == "step" and entry["state"] == "begun":
            self._machine.say(entry["why"])

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
            self._machine.say(f"waiting for {owner}")

    def _last_lines(self) -> str:
        return self._machine.runner.attempt(("journalctl", "--unit", self._unit, "--lines", LOG_LINES, "--output", "cat")).text
