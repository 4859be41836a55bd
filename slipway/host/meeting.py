"""What `slipway together` does: tell the engine a word about a release of several hosts, and say how it stands here."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..changes.identity import identity
from ..errors import HostError, ReleaseRefused
from . import policy, records, submit, together
from .journal import Journal
from .layout import StackFolder
from .machine import Machine, serving_of
from .submit import Hear
from .together import Word

SETTLE_SECONDS = 30  # recording a word takes a moment; the way back a few seconds, until the traffic is back
POLL_SECONDS = 0.1
MADE = ("serving", "incomplete")
PREPARED, UNCONFIRMED, CONFIRMED, NONE = submit.PREPARED, "unconfirmed", "confirmed", "none"


def speak(machine: Machine, stack: str, called: str, said: tuple[Word, str], hear: Hear) -> Mapping[str, Any]:
    """Tell a host's engine a word and why, and return what came of it."""
    policy.check_stack(machine.layout, stack, machine.asker)
    folder, (word, why) = machine.layout.stack(stack), said
    offset, asked = Journal(folder.journal).size, asked_for(folder, called)
    found = state(folder, asked)
    if word == "go" and asked.result and found in (UNCONFIRMED, CONFIRMED):
        return dict(asked.result)  # it went already, and its answer was lost
    if found not in (PREPARED, UNCONFIRMED):
        return _over(folder, asked, found, word)
    if word == "confirm" and found == PREPARED:
        raise HostError(f"{stack} is prepared here and has not switched", "this is a fault of the controller: report it")
    together.tell(folder, called, word, records.plain(why))
    if word == "look":
        return answer(folder, found)
    if found == PREPARED or word == "go":
        return submit.result(machine, folder, asked.request, hear, offset)
    machine.runner.run(("systemctl", "start", "--no-block", f"slipway-run@{stack}.service"))
    return _settled(folder, called)


def named(machine: Machine, stack: str, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a result with what tells its release apart on all hosts."""
    return {**result, "identity": known(machine.layout.stack(stack), result.get("release"))}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of this host under a name, and what became of it; all is empty where nothing was."""

    called: str
    request: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    returned: str = ""


def asked_for(folder: StackFolder, called: str) -> Asked:
    """Return what the journal says of a release of several hosts."""
    entries = Journal(folder.journal).entries()
    begun = [entry["request"] for entry in entries if entry["event"] == "begin" and entry.get("together") == called]
    request = str(begun[-1]) if begun else ""
    results = [entry["result"] for entry in entries if entry["event"] == "result" and entry.get("request") == request]
    returned = [entry for entry in entries if entry["event"] == "returned" and entry.get("together") == called]
    told = f"release {returned[-1]['from']} was taken back: {returned[-1]['text']}" if returned else ""
    return Asked(called, request, results[-1] if request and results else {}, told)


def state(folder: StackFolder, asked: Asked) -> str:
    """Return how far this host is with a release of several hosts; what has nothing to go back to needs no word."""
    serving = serving_of(folder)
    if serving.unconfirmed is not None and serving.unconfirmed.together == asked.called:
        return UNCONFIRMED
    if asked.result:
        serves = serving.current is not None and asked.result.get("release") == serving.current
        return CONFIRMED if serves and asked.result["verdict"] in MADE else NONE
    return PREPARED if any(item.id == asked.request for item in records.waiting(folder)) else NONE


def answer(folder: StackFolder, found: str) -> Mapping[str, Any]:
    """Return how it stands here, with what would serve or does."""
    serving = serving_of(folder)
    number = serving.next if found == PREPARED else serving.current
    return {"verdict": found, "changed": False, "release": number, "identity": known(folder, number), "code": 0}


def told(folder: StackFolder) -> str:
    """Return what this host waits for as one of several, nothing where it does not."""
    serving = serving_of(folder)
    if serving.unconfirmed is not None:
        back = f"release {serving.standby} serves again" if serving.standby else "it stays"
        return f"release {serving.current} waits until every host is known to serve it; {back} if that is not said"
    waits = serving.next is not None and any(item.together for item in records.waiting(folder))
    return f"release {serving.next} is made, and switches together with other hosts" if waits else ""


def known(folder: StackFolder, number: int | None) -> str:
    """Return the identity of a release by its record."""
    if number is None or number not in records.releases(folder):
        return ""
    release = records.release(folder, number)
    return identity(release.stack, release.placement.images)


def _over(folder: StackFolder, asked: Asked, found: str, word: Word) -> Mapping[str, Any]:
    """Return how it ended here; raise where a word comes too late for what it asks."""
    if word in ("look", "back") or (word == "confirm" and found == CONFIRMED):
        return answer(folder, found)
    cause = f"it is over here: {_ended(folder, asked).splitlines()[0]}"
    raise ReleaseRefused(cause, f"look at `fab status`, then deploy {folder.name} again")


def _ended(folder: StackFolder, asked: Asked) -> str:
    """Return how it ended; a way back that still goes on is in no journal yet."""
    if asked.returned or asked.result.get("verdict") in MADE:
        why = together.heard(folder, asked.called).why
        return asked.returned or f"release {asked.result['release']} was taken back{f': {why}' if why else ''}"
    return str(asked.result.get("error") or asked.result.get("verdict") or "nothing was begun under this name")


def _settled(folder: StackFolder, called: str) -> Mapping[str, Any]:
    """Wait until the engine has heard a word, and return what serves then."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (found := state(folder, asked_for(folder, called))) == UNCONFIRMED:
        if time.monotonic() > deadline:
            raise HostError(f"{folder.name} has not settled what serves yet", f"look at `slipway journal {folder.name}`")
        time.sleep(POLL_SECONDS)
    return answer(folder, found)
