"""The command `slipway` on a host: parses argv, calls one function, turns errors into exit codes."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import ReleaseRefused, SlipwayError
from ..policy.forms import is_stack_name
from ..printable import one_line
from . import docker, logs, notice_commands, records, release_commands, resume, run, status, update_commands
from .actions import issue
from .asker import Asker, by_sudo
from .engine import Result
from .journal import Journal
from .machine import Machine, Work
from .release_commands import print_line

ANSWERING = (
    "submit",
    "plan",
    "rollback",
    "promote",
    "abort",
    "follow",
    "scale",
    "restart",
    "together",
)  # a controller reads their last line, also where they fail
Arguments = argparse.Namespace


def main(argv: Sequence[str], asker: Asker | None = None) -> int:
    """Run a command; return its exit code."""
    arguments = _parser().parse_args(argv)
    os.umask(0o022)
    os.chdir("/")  # Compose reads a `.env` where it is started
    try:
        _judge_name(getattr(arguments, "stack", ""))
        code: int = arguments.command(Machine(asker=asker or by_sudo(os.environ)), arguments)
    except SlipwayError as error:
        return _failed(arguments, error)
    return code


def _judge_name(stack: str) -> None:
    """Refuse a stack's name that would lead to another folder."""
    if stack and not is_stack_name(stack):
        raise ReleaseRefused(f"{stack!r} is no name for a stack", "`slipway status` lists the stacks of this host")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slipway", description="The engine of this host: runs releases of stacks.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    release_commands.add(commands, _add)
    _add(commands, "run", _run, "run the requests that wait (started by systemd)", "stack")
    resumed = _add(commands, "resume", _resume, "make the host true to its records")
    resumed.add_argument("stack", nargs="?", default="")
    resumed.add_argument("--boot", action="store_true", help="give up the requests that waited when the host went down")
    _add(commands, "status", _status, "say what serves").add_argument("--json", action="store_true")
    _add_logs(_add(commands, "logs", _logs, "show what a stack's containers wrote", "stack"))
    certs = _add(commands, "certs", _certs, "issue the certificates that are missing or due")
    certs.add_argument("--patient", action="store_true", help="leave out what failed a short while ago (for the timer)")
    _add(commands, "live", _live, "let nginx use what certbot renewed (certbot calls this)")
    update_commands.add(commands, _add)
    notice_commands.add(commands, _add)
    _add(commands, "journal", _journal, "show what happened to a stack", "stack").add_argument("--json", action="store_true")
    return parser


def _add(
    commands: Any, name: str, command: Callable[[Machine, Arguments], int], what: str, *positional: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    parser.set_defaults(command=command, name=name)
    for word in positional:
        parser.add_argument(word)
    return parser


def _add_logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", default="")
    parser.add_argument("--tail", type=int, default=100)
    parser.add_argument("--since", default="")
    parser.add_argument("--grep", default="")
    parser.add_argument("--follow", action="store_true")


def _failed(arguments: Arguments, error: SlipwayError) -> int:
    sys.stderr.write(f"{error}\n")
    if arguments.name in ANSWERING:
        known: Mapping[type[SlipwayError], str] = {records.OtherVersion: "other version", docker.Silent: "no docker"}
        verdict = known.get(type(error), "failed")
        print_line(json.dumps(asdict(Result(verdict, changed=False, error=str(error), code=error.exit_code))))
    return error.exit_code


def _run(machine: Machine, arguments: Arguments) -> int:
    try:
        return run.run_waiting(machine, arguments.stack)
    except run.Superseded:
        machine.say("another engine came into place: it goes on")
        os.execv(sys.argv[0], sys.argv)  # noqa: S606 - the same command, under the same unit


def _resume(machine: Machine, arguments: Arguments) -> int:
    resume.load_switch(machine)
    names = [arguments.stack] if arguments.stack else [folder.name for folder in machine.layout.stacks()]
    return max((_resume_one(machine, name, arguments) for name in names), default=0)


def _resume_one(machine: Machine, name: str, arguments: Arguments) -> int:
    try:
        done = resume.resume(machine, name, run.owner(name, "slipway resume"), boot=arguments.boot)
    except SlipwayError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return error.exit_code
    print_line(f"{name}: {', '.join(step.name for step in done) or 'nothing to do'}")
    return 0


def _status(machine: Machine, arguments: Arguments) -> int:
    found = status.status(machine)
    print_line(json.dumps(found, indent=1) if arguments.json else status.as_text(found))
    return 0


def _logs(machine: Machine, arguments: Arguments) -> int:
    wanted = logs.Wanted(arguments.service, arguments.tail, arguments.since, arguments.grep)
    show = logs.follow if arguments.follow else logs.show
    show(machine, arguments.stack, wanted)
    return 0


def _certs(machine: Machine, arguments: Arguments) -> int:
    found = [current for folder in machine.layout.stacks() if (current := resume.current_release(Work(machine, folder)))]
    all_domains = [current.stack.domains[key] for current in found for key in sorted(current.stack.domains)]
    retry = machine.edge.retry_seconds if arguments.patient and all_domains else 0
    domains = [domain for domain in all_domains if machine.certificates.asked_seconds_ago(domain.name) >= retry]
    warnings = [warning for domain in domains if (warning := issue(machine, domain.name, [domain.name, *domain.redirect_from]))]
    for warning in warnings:
        sys.stderr.write(f"{warning}\n")
    return 3 if warnings else 0


def _live(machine: Machine, arguments: Arguments) -> int:  # noqa: ARG001 - the form of every command
    machine.certificates.follow(Path(os.environ["RENEWED_LINEAGE"]).name)
    machine.nginx.reload()
    return 0


def _journal(machine: Machine, arguments: Arguments) -> int:
    entries = Journal(machine.layout.stack(arguments.stack).journal).entries()
    if arguments.json:
        print_line(json.dumps(entries, indent=1, ensure_ascii=False))
        return 0
    for entry in entries:
        print_line(journal_line(entry))
    return 0


def journal_line(entry: Mapping[str, Any]) -> str:
    """Return an entry for people."""
    shown = {
        key: value
        for key, value in entry.items()
        if key not in ("at", "event", "request", "release", "numbers") and value not in ("", None)
    }
    if entry["event"] == "result":
        shown = {key: shown["result"].get(key) for key in ("verdict", "release", "seconds", "error") if shown["result"].get(key)}
    words = "  ".join(f"{key}={one_line(str(value))}" for key, value in shown.items())
    return f"{entry['at']}  {entry['event']:<8}  {words}"
