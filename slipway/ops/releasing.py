"""What all verbs that make a release have in common: where they act, how the host's engine is asked and followed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from .. import local_command, request
from ..environment import Environment
from ..errors import HostError, SlipwayError
from ..load.secrets import SecretsMissing, missing
from ..plan import migration
from . import secrets
from .hosts import Host, choose_environment, choose_hosts
from .progress import Progress
from .silence import told
from .ssh import Answer
from .status import Ask
from .suggest import did_you_mean

ENGINE = ("sudo", "-n", request.ENGINE)
DONE = ("serving", "unchanged")
SOON_SECONDS = 10  # a host that is reached answers a look in less than one; a cut line is noticed by ssh after 45
Converse = Callable[[Host, Sequence[str], bytes, Callable[[str], None]], Answer]


class StackUnknown(SlipwayError):
    """The environment has no stack of this name; no host was asked."""

    exit_code = 2


class Interrupted(SlipwayError):
    """A person left; the engine goes on."""

    exit_code = 130

    def __init__(self, stack: str, host: Host) -> None:
        """Say how to follow the run and how to stop it."""
        stop = f"fab ssh --host {host.name} --command 'sudo systemctl stop slipway-run@{stack}', then fab resume {stack}"
        super().__init__(
            f"you left; {host.name} goes on with {stack} by itself, and nothing was pinned",
            f"fab follow {stack}, then fab pin {stack}\n  stop: {stop}",
        )


@dataclass(frozen=True, slots=True)
class Doors:
    """How hosts are asked and people told; `soon` waits only shortly for an answer."""

    ask: Ask
    converse: Converse
    say: Callable[[str], None]
    soon: Ask | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verb acts: the repository, the environment's folder, its hosts."""

    root: Path
    inventory: Path
    hosts: tuple[Host, ...]

    @property
    def compose(self) -> Path:
        """Return the folder of the stack files."""
        return self.root / "compose"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a person wants it done."""

    why: str = ""
    base: bool = False
    again: bool = False
    dry_run: bool = False
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """How a host ended a request."""

    host: str
    answer: Mapping[str, Any]

    @property
    def code(self) -> int:
        """Return the exit code."""
        failed = self.answer.get("failed")
        return int(self.answer.get("exit_code") or 1) if failed else 0

    @property
    def verdict(self) -> str:
        """Return what became of the request."""
        return str(self.answer.get("verdict") or "failed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb came to: each host's end, the hosts that were not asked any more, and the file whose pin changed."""

    stack: str
    ends: tuple[Ended, ...] = ()
    unasked: tuple[str, ...] = ()
    pin: str = ""

    @property
    def code(self) -> int:
        """Return the exit code: that of the host which ended it."""
        return next((end.code for end in self.ends if end.code), 0)

    @property
    def serves(self) -> bool:
        """Say whether all hosts serve what was wanted."""
        return bool(self.ends) and not self.unasked and all(not end.code and end.verdict in DONE for end in self.ends)

    def pinned(self, file: Path | None, root: Path) -> "Outcome":
        """Return the same with the file that now holds another pin."""
        return replace(self, pin=shown(file, root))


def shown(file: Path | None, root: Path) -> str:
    """Return a file's path as a person writes it, empty for none."""
    if file is None:
        return ""
    return str(file.relative_to(root) if file.is_relative_to(root) else file)


def place(root: Path, env: str, host: str) -> Place:
    """Return where a verb acts."""
    inventory = choose_environment(root, env)
    return Place(root, inventory, tuple(choose_hosts(inventory, host)))


def known(stack: str, environment: Environment) -> None:
    """Raise where an environment has no such stack."""
    names = sorted(environment.instances)
    if stack not in names:
        hint = f"stacks of {environment.name}: {', '.join(names)}" if names else "list one under `stacks:` in the inventory"
        raise StackUnknown(f"{environment.name} has no stack {stack!r}{did_you_mean(stack, names)}", hint)


def secret_values(environment: Environment, stack: str, where: Place) -> dict[str, str]:
    """Return the values of a stack's secrets; raise for all that have none."""
    asked = secrets.ask(environment, [stack], where.inventory, where.root)
    if faults := missing(asked):
        raise SecretsMissing(faults)
    return {one.name: one.value for one in asked}


def origin(where: Place) -> request.Origin:
    """Return who works here and on which commit."""
    return request.origin(partial(local_command.run, folder=where.root))


def following(manner: Manner) -> list[str]:
    """Return how the host's command is to tell what it does."""
    return ["--events"] if manner.wait else ["--events", "--no-wait"]


def carry_out(where: Place, stack: str, command: Sequence[str], data: Mapping[str, Any], doors: Doors) -> Outcome:
    """Have each host do it, one after another; the first that fails ends it."""
    ends: list[Ended] = []
    for host in where.hosts:
        ends.append(_on(host, stack, command, data, doors))
        if ends[-1].code:
            break
    return Outcome(stack, tuple(ends), tuple(host.name for host in where.hosts[len(ends) :]))


def _on(host: Host, stack: str, command: Sequence[str], data: Mapping[str, Any], doors: Doors) -> Ended:
    try:
        answer = doors.converse(host, [*ENGINE, *command], json.dumps(data).encode(), Progress(doors.say).line)
    except KeyboardInterrupt:
        raise Interrupted(stack, host) from None
    if not answer.output.strip():
        told(host, answer)
    if not answer.reached:
        raise HostError(
            f"the connection to {host.name} was lost; it goes on by itself", f"fab follow {stack}, then fab pin {stack}"
        )
    asked = command[0] == "plan" or "--check" in command
    return Ended(host.name, request.read_answer(stack, answer.code, answer.output, answer.errors, check=asked))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome for machines."""
    hosts = [{"host": end.host, **{name: value for name, value in end.answer.items() if name != "diff"}} for end in outcome.ends]
    return {"stack": outcome.stack, "code": outcome.code, "hosts": hosts, "not_asked": list(outcome.unasked), "pin": outcome.pin}


def as_text(outcome: Outcome) -> str:
    """Return the outcome for people."""
    lines = [line for end in outcome.ends for line in _lines(outcome.stack, end)]
    lines += [f"not asked any more: {', '.join(outcome.unasked)}"] if outcome.unasked else []
    lines += [f"pinned in {outcome.pin}: commit it"] if outcome.pin else []
    return "\n".join(lines)


def _lines(stack: str, end: Ended) -> list[str]:
    answer, release = end.answer, end.answer.get("release")
    saved = [f"  {migration.told(one)}" for one in answer.get("saved") or []]
    if end.code:
        return [f"{end.host}: {end.verdict}: {answer.get('msg')}", *saved]
    if "found" in answer:
        return [f"{end.host}: {_would(stack, answer)}", *_steps(answer)]
    spent = f" ({float(answer.get('seconds') or 0):.1f} s)"
    said = {
        "serving": f"release {release} of {stack} serves{spent}",
        "unchanged": f"release {release} of {stack} serves this already",
        "scaled": f"the counts of {stack} are as chosen{spent}; what is too much ends once its connections and jobs have",
        "restarted": f"what was named of {stack} was restarted, release {release} serves{spent}",
        "canary": f"release {release} of {stack} is a canary{spent}",
        "aborted": f"release {release} of {stack} serves all visitors, the canary is held{spent}",
        "begun": f"{stack} is being released, nobody waits\n  follow: fab follow {stack}\n  then:   fab pin {stack}",
    }
    watched = [f"  watched until {answer['watch_until']}"] if answer.get("watch_until") and end.verdict != "canary" else []
    notes = [f"  note: {text}" for text in answer.get("warnings") or []]
    return [
        f"{end.host}: {said.get(end.verdict, end.verdict)}",
        *(f"  {url}" for url in answer.get("urls") or []),
        *watched,
        *saved,
        *notes,
    ]


def _would(stack: str, answer: Mapping[str, Any]) -> str:
    if answer.get("verdict") == "would deploy":
        return f"release {answer.get('release')} of {stack} would be made in {len(answer['steps'])} steps; nothing was changed"
    return f"{stack}: {answer.get('verdict')}; nothing was changed"


def _steps(answer: Mapping[str, Any]) -> list[str]:
    lines = []
    for count, step in enumerate(answer.get("steps") or [], 1):
        lines.append(f"  {count:>2}  {step['name']:<20} {step['why']}")
        lines += [f"        {' '.join(step['argv'])}"] if step.get("argv") else []
    return lines
