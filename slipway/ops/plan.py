"""Ask hosts, read-only, what site.yml would change: a check of it, told by events, and what runs there besides."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import join
from typing import Any

from ..environment import Environment
from ..errors import HostError, SlipwayError
from . import playbook
from .hosts import Host, choose_environment, choose_hosts
from .plan_events import Event, host_plans, with_strays
from .plan_reading import Plan
from .status import Ask, ask_all
from .suggest import did_you_mean

LOG = "build/plan/events.log"
HEARTBEAT_SECONDS = 10.0
LAST_LINES = 15


class InputRefused(SlipwayError):
    """What was asked for, or what the files say, cannot be planned; no host was asked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked for; empty words mean all of it."""

    root: Path
    env: str = ""
    host: str = ""
    stack: str = ""


@dataclass(slots=True)
class Listener:
    """Takes a run's events in, and gives a sign of life for each host's role and whenever it is quiet for long."""

    say: Callable[[str], None]
    clock: Callable[[], float]
    events: list[Event] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    _begun: float = field(init=False)
    _spoke: float = field(init=False)
    _role: str = field(default="", init=False)
    _task: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._begun = self._spoke = self.clock()

    def line(self, text: str) -> None:
        """Take one line of output."""
        event = _event(text)
        if event is None:
            self.other += [text] if text.strip() else []
            return
        self.events.append(event)
        if event["event"] == "task":
            self._task = str(event["task"])
            self._enter(str(event["role"] or event["task"]))

    def beat(self) -> None:
        """Give a sign of life when nothing was said for a while."""
        if self.clock() - self._spoke >= HEARTBEAT_SECONDS:
            self._tell(f"… {self._task or 'starting'}")

    def end(self) -> None:
        """Say that the hosts have answered."""
        self._tell("all asked")

    def _enter(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self._tell(f"ask: {role}")

    def _tell(self, text: str) -> None:
        self._spoke = self.clock()
        self.say(f"{self.clock() - self._begun:6.1f} s  {text}")


def _event(text: str) -> dict[str, Any] | None:
    with suppress(ValueError):
        found = json.loads(text) if text.startswith('{"event":') else None
        return found if isinstance(found, dict) else None
    return None


def plan(question: Question, ask: Ask, say: Callable[[str], None]) -> Plan:
    """Return what site.yml would change; raises StackError for all faults of the files before any host is asked."""
    from ..load import load_environment  # noqa: PLC0415 - `fab --list` shall not wait for it

    inventory = choose_environment(question.root, question.env)
    hosts = choose_hosts(inventory, question.host)
    environment = load_environment(inventory, question.root / "compose")
    _judge_stack(question.stack, environment)
    listener = Listener(say, time.monotonic)
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), *check_words(inventory, question)]
    code = playbook.run(argv, question.root, question.root / LOG, listener, _settings(question.root))
    _judge_run(code, listener, question.root / LOG)
    plans = host_plans(listener.events, environment.stacks)
    running = {} if question.stack else _running(hosts, ask)
    return Plan(environment.name, tuple(with_strays(plans, running, environment.stacks)), command(inventory, question))


def _judge_stack(stack: str, environment: Environment) -> None:
    if stack and stack not in environment.stacks:
        names = sorted(environment.stacks)
        known = f"use --stack with one of: {', '.join(names)}" if names else "list one under `stacks:` in the inventory"
        raise InputRefused(f"{environment.name} has no stack {stack!r}{did_you_mean(stack, names)}", known)


def check_words(inventory: Path, question: Question) -> list[str]:
    """Return the words of the check that tells what would change."""
    limit = _limit(question)
    one = ["--tags", "stack", "--extra-vars", json.dumps({"stack_names": [question.stack]})] if question.stack else []
    return ["-i", str(inventory), "site.yml", "--check", "--diff", *limit, *one]


def command(inventory: Path, question: Question) -> str:
    """Return the command that makes the changes."""
    shown = inventory.relative_to(question.root) if inventory.is_relative_to(question.root) else inventory
    limit = _limit(question)
    return join(["ansible-playbook", "-i", str(shown), "site.yml", *limit, *(["--tags", "stack"] if question.stack else [])])


def _limit(question: Question) -> list[str]:
    return ["--limit", ",".join(question.host.replace(",", " ").split())] if question.host else []


def _settings(root: Path) -> Mapping[str, str]:
    return {"ANSIBLE_CALLBACK_PLUGINS": str(root / "plugins/callback"), "ANSIBLE_STDOUT_CALLBACK": "run_events"}


def _judge_run(code: int, listener: Listener, log: Path) -> None:
    """Raise where Ansible ended before any host was asked: secrets without a value, or what it could not read."""
    for event in listener.events:
        if event["event"] == "result" and event["verdict"] == "failed" and event["action"] == "check_stacks":
            raise InputRefused(str(event["result"]["msg"]))
    if code and not any(event["event"] == "result" for event in listener.events):
        said = "\n".join(f"  {line}" for line in listener.other[-LAST_LINES:])
        raise HostError(f"the check of site.yml ended with {code} before it asked a host:\n{said}", f"read all of it in {log}")


def _running(hosts: Sequence[Host], ask: Ask) -> dict[str, list[str]]:
    """Return which stacks serve on each host; a host that does not say has none that could be told."""
    reports = ask_all(hosts, ask)
    return {report.host.name: [str(stack["name"]) for stack in report.stacks if stack.get("release")] for report in reports}
