"""The verbs that bring nothing new: heal a host, restart and lock a stack, run something beside a release, look inside."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..request import SCHEMA
from . import releasing
from .hosts import Host
from .operation import BadOption
from .releasing import ENGINE, Doors, Manner, Outcome, Place
from .silence import told, why_silent

LONGEST_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Healed:
    """What a resume did on a host, or why it could not."""

    host: str
    code: int
    said: tuple[str, ...]
    error: str = ""


def resume(hosts: Sequence[Host], stack: str, doors: Doors) -> list[Healed]:
    """Make each host true to its records."""
    return [_resumed(host, stack, doors) for host in hosts]


def _resumed(host: Host, stack: str, doors: Doors) -> Healed:
    answer = doors.converse(host, [*ENGINE, "resume", *([stack] if stack else [])], b"", doors.say)
    lines = tuple(answer.output.splitlines())
    if not answer.code:
        return Healed(host.name, 0, lines)
    if answer.reached and lines:
        return Healed(host.name, answer.code, lines, answer.errors.strip())
    reason = why_silent(host, answer)
    return Healed(host.name, answer.code if answer.reached else 3, lines, f"{reason.cause}\n  next: {reason.next_step}")


def healed_json(found: Sequence[Healed]) -> list[dict[str, Any]]:
    """Return what was healed for machines."""
    return [asdict(one) for one in found]


def healed_text(found: Sequence[Healed]) -> str:
    """Return what could not be healed; what was, is told as it happens."""
    return "\n".join(f"{one.host}: {one.error}" for one in found if one.error)


def restart(where: Place, stack: str, services: Sequence[str], manner: Manner, doors: Doors) -> Outcome:
    """Start a stack anew as another release like the one that serves, or services of it in their place."""
    origin = releasing.origin(where)
    data = {"schema": SCHEMA, "who": origin.who, "commit": origin.commit, "why": manner.why}
    command = ["restart", stack, *services, *releasing.following(manner)]
    return releasing.carry_out(where, stack, command, data, doors)


def task(stack: str, service: str, command: str, seconds: int) -> list[str]:
    """Return the host's own command that runs a task, or a command as a person wrote it."""
    if seconds > LONGEST_SECONDS:
        raise BadOption(f"--seconds is {seconds}, more than a day", "run what takes longer as a service")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadOption(f"--command cannot be read: {error}", "close its quotes") from error
    limit = ["--seconds", str(seconds)] if seconds else []
    return [*ENGINE, "task", stack, service, *limit, *(["--", *words] if words else [])]


def lock(where: Place, stack: str, why: str, doors: Doors) -> list[str]:
    """Have nothing of a stack released until it is unlocked; return what each host says."""
    told_by = ["--who", releasing.origin(where).who, *([f"--why={why}"] if why else [])]
    return [_line(host, ["lock", stack, *told_by], doors) for host in where.hosts]


def unlock(where: Place, stack: str, doors: Doors) -> list[str]:
    """Have a stack released again; return what each host says."""
    return [_line(host, ["unlock", stack], doors) for host in where.hosts]


def _line(host: Host, command: Sequence[str], doors: Doors) -> str:
    answer = doors.ask(host, [*ENGINE, *command])
    if answer.code:
        told(host, answer)
    return f"{host.name}: {answer.output.strip()}"


def shell(stack: str, service: str) -> list[str]:
    """Return the host's own command that opens a shell in a service's container."""
    return [*ENGINE, "shell", stack, service]
