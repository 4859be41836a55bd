"""Slipway: the verbs for every day. `fab --help <verb>` explains one."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from slipway.ops import faults, hosts, operation, ssh
from slipway.ops import logs as log_lines
from slipway.ops import status as reports

ROOT = Path(__file__).resolve().parent
ENV = "environment: a folder of inventory/, or a path; without it the only one, or lab"
HOST = "name of a host, several with commas between; without it all"
JSON = "answer as JSON, for machines"


@operation.operation(env="environment: a folder of inventory/, or a path; without it all but the examples", json=JSON)
def check(_: Context, env: str = "", json: bool = False) -> None:
    """Check stack files and inventories; touches no host."""
    verdicts = faults.check(faults.chosen(ROOT, env), ROOT / "compose")
    operation.show(faults.as_json(verdicts) if json else faults.as_text(verdicts))
    operation.end_with(2 if any(verdict.faults for verdict in verdicts) else 0)


@operation.operation(env=ENV, host=HOST, json=JSON)
def status(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what each host serves and how it is."""
    found = reports.ask_all(_hosts(env, host), _ask)
    operation.show(reports.as_json(found) if json else reports.as_text(found, datetime.now(UTC)))
    operation.end_with(3 if any(report.silence for report in found) else 0)


@operation.operation(
    stack="name of the stack",
    service="one service instead of all",
    tail="how many of the last lines",
    since="only from then on: 10m, 2h, 2026-01-31T08:00:00",
    follow="keep showing new lines until Ctrl-C",
    env=ENV,
    host=HOST,
)
def logs(
    _: Context,
    stack: str,
    service: str = "",
    tail: str = "100",
    since: str = "",
    follow: bool = False,
    env: str = "",
    host: str = "",
) -> None:
    """Show a stack's logs, or one service's."""
    lines = operation.number("--tail", tail)
    found = log_lines.hosts_of(stack, _hosts(env, host), _ask)
    if follow:
        one = hosts.only(found, "follows logs")
        ssh.become(one, _settings(), log_lines.command(stack, service, lines, since, ["--follow"]), _terminal())
    for one in found:
        operation.show(log_lines.asserted(one, _ask(one, log_lines.command(stack, service, lines, since, []))))


@operation.operation(env=ENV, host="name of the host; without it the only one", command="run this there instead of a shell")
def ssh_(_: Context, env: str = "", host: str = "", command: str = "") -> None:
    """Log in to a host, or run a command there."""
    one = hosts.only(_hosts(env, host), "logs in")
    ssh.become(one, _settings(), ["sh", "-c", command] if command else [], _terminal())


def _hosts(env: str, host: str) -> list[hosts.Host]:
    return hosts.choose_hosts(hosts.choose_environment(ROOT, env), host)


def _settings() -> ssh.Settings:
    return ssh.read_settings(ROOT / "ansible.cfg")


def _ask(host: hosts.Host, command: Sequence[str]) -> ssh.Answer:
    return ssh.ask(host, _settings(), command)


def _terminal() -> list[str]:
    return ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []


namespace = Collection(check, status, logs, ssh=ssh_)
operation.answer_mistakes(sys.argv, namespace)
