"""Tell people what became of a release: put a message into the outbox, and, in a process of its own, send what lies there.

Putting takes a file and never keeps a release from anything. systemd starts the sending whenever the outbox is not empty, so
a message outlives the run that wrote it, and a reboot. A message leaves the outbox when every receiver has it or was tried
three times; the journal says which.
"""

import contextlib
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from ..codec import from_json, to_json
from ..errors import HostError
from ..notices import message as messages
from ..notices.message import Message
from ..notices.settings import SCHEMA, Settings
from . import clock, files
from .journal import Journal
from .layout import Layout
from .machine import Machine, Work
from .mask import masking
from .receivers import NotReached, deliver

PAUSES_SECONDS = (2.0, 8.0)  # between three tries
LIMIT_SECONDS, TRIAL_SECONDS = 60.0, 45.0  # whoever tries waits for it
LONGEST_REASON, LONGEST_TEXT, MOST_WAITING = 200, 20000, 500
RANKS = {"page": 0, "warn": 1, "info": 2}  # what wakes somebody goes before what can wait
SKIPPED = "not tried: it was not reached a moment ago"
ANEW = "run site.yml, whose role `stack` writes it anew"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a receiver was reached, or why not."""

    receiver: str
    kind: str
    tries: int
    error: str = ""


def tell(work: Work, message: Message | None) -> None:
    """Put a message where the sending finds it; a fault is only said, for no release may fail by it."""
    if message is None:
        return
    try:
        settings = read(work.machine.layout)
        if settings.told.get(message.severity):
            _put(work, replace(message, at=clock.now(), host=socket.gethostname(), environment=settings.environment))
    except (OSError, HostError) as error:
        work.machine.say(f"nobody is told of this: {error}")


def _put(work: Work, message: Message) -> None:
    outbox = work.machine.layout.outbox
    stamp = message.at.replace("-", "").replace(":", "").replace(".", "")
    name = f"{RANKS[message.severity]}-{stamp}-{message.stack}-{secrets.token_hex(3)}.json"
    whole = outbox.parent / name  # made beside the outbox: systemd takes whatever lies in it for a message
    masked = work.masked(to_json(replace(message, request=work.request)))
    outbox.mkdir(parents=True, exist_ok=True)
    if message.severity == "info" and len(_waiting(work.machine.layout)) >= MOST_WAITING:
        raise HostError(f"{MOST_WAITING} messages wait already", "see why they are not sent: journalctl -u slipway-notices")
    files.write(whole, json.dumps({**masked, "text": masked["text"][:LONGEST_TEXT]}), 0o600)
    whole.replace(outbox / name)
    files.sync_folder(outbox)


def read(layout: Layout) -> Settings:
    """Return whom this host tells: nobody where site.yml never said."""
    if not layout.notices.is_file():
        return Settings()
    try:
        settings = from_json(Settings, json.loads(layout.notices.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise HostError(f"{layout.notices.name} cannot be read: {type(error).__name__}", ANEW) from None
    if settings.schema != SCHEMA:
        raise HostError(f"{layout.notices.name} is of schema {settings.schema}, this engine knows {SCHEMA}", ANEW)
    return settings


def send_waiting(machine: Machine, sleep: Callable[[float], None] = time.sleep) -> int:
    """Send all that waits, the most urgent first; return how many messages there were.

    A receiver that was not reached is not tried for the rest: others would wait for it with each message.
    """
    sent, dead = 0, set[str]()
    while waiting := _waiting(machine.layout):
        dead |= _send_one(machine, waiting[0], sleep, dead)
        waiting[0].unlink(missing_ok=True)
        sent += 1
    return sent


def _waiting(layout: Layout) -> list[Path]:
    return sorted(layout.outbox.iterdir()) if layout.outbox.is_dir() else []


def _send_one(machine: Machine, path: Path, sleep: Callable[[float], None], dead: set[str]) -> set[str]:
    """Send a message; return the receivers that were not reached."""
    try:
        settings = read(machine.layout)
        message = from_json(Message, json.loads(path.read_text(encoding="utf-8")))
        names = settings.told.get(message.severity, ())
    except (OSError, HostError, TypeError, ValueError) as error:
        machine.say(f"{path.name} is dropped, it cannot be sent: {error}")
        return set()
    left = [Delivery(name, settings.receivers[name].kind, 0, SKIPPED) for name in names if name in dead & {*settings.receivers}]
    found = [*send(settings, [name for name in names if name not in dead], message, sleep), *left]
    for delivery in found:
        _note(machine, message, delivery)
    return {delivery.receiver for delivery in found if delivery.error}


def send(
    settings: Settings,
    names: Sequence[str],
    message: Message,
    sleep: Callable[[float], None],
    limit_seconds: float = LIMIT_SECONDS,
) -> Iterator[Delivery]:
    """Hand a message to receivers, all at once; one that drips its answer for ever is left behind."""
    known = [name for name in names if name in settings.receivers]
    found: dict[str, Delivery] = {}
    threads = [
        Thread(target=lambda name=name: found.setdefault(name, _try(settings, name, message, sleep)), daemon=True)
        for name in known
    ]
    deadline = time.monotonic() + limit_seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    late = f"its answer did not end within {limit_seconds:.0f} s"
    for name in known:
        yield found.get(name) or Delivery(name, settings.receivers[name].kind, 1, late)


def _try(settings: Settings, name: str, message: Message, sleep: Callable[[float], None]) -> Delivery:
    target, mask, error = settings.receivers[name], masking(settings.secrets), ""
    for number, pause in enumerate((*PAUSES_SECONDS, 0.0), 1):
        try:
            deliver(settings, target, message)
            return Delivery(name, target.kind, number)
        except NotReached as refusal:
            error = mask(refusal.cause)[:LONGEST_REASON]
        sleep(pause)
    return Delivery(name, target.kind, len(PAUSES_SECONDS) + 1, error)


def _note(machine: Machine, message: Message, delivery: Delivery) -> None:
    """Keep in the stack's journal who was told, and who could not be."""
    entry = {
        "at": clock.now(),
        "event": "notice",
        "request": message.request,
        "release": message.release,
        "state": "failed" if delivery.error else "sent",
        "of": message.event,
        "severity": message.severity,
        "receiver": delivery.receiver,
        "kind": delivery.kind,
        "tries": delivery.tries,
        "text": delivery.error,
    }
    if delivery.error:
        machine.say(f"{delivery.receiver} was not told that {message.subject}: {delivery.error}")
    folder = machine.layout.stack(message.stack)
    with contextlib.suppress(OSError):  # a full disk: the next receiver is told nevertheless
        if folder.path.is_dir():
            Journal(folder.journal).append(entry)


def test(machine: Machine, only: str = "") -> list[Delivery]:
    """Send every receiver, or one, a message that means nothing; return how that went."""
    settings = read(machine.layout)
    names = [name for name in sorted(settings.receivers) if only in ("", name)]
    if not names:
        known = ", ".join(sorted(settings.receivers)) or "none"
        raise HostError(
            f"this host knows {f'no receiver {only!r}, only {known}' if only else 'no receivers'}",
            "name them under `receivers` and `notices` in the inventory, then run site.yml",
        )
    message = replace(messages.test(socket.gethostname(), settings.environment), at=clock.now())
    return list(send(settings, names, message, lambda _: None, TRIAL_SECONDS))
