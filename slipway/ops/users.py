"""Who may log in to the hosts of an environment: asked over SSH at once, shown as text or JSON."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..entry import Refusal
from .hosts import Host
from .silence import why_silent
from .ssh import Answer

PROGRAM = Path(__file__).resolve().parents[1] / "host_accounts.py"
Ask = Callable[[Host, Sequence[str]], Answer]


@dataclass(frozen=True, slots=True)
class Report:
    """The accounts of a host, or why it said nothing."""

    host: Host
    users: tuple[Mapping[str, Any], ...] = ()
    silence: Refusal | None = None


def ask_all(hosts: Sequence[Host], ask: Ask) -> list[Report]:
    """Ask every host at the same time; the program comes along, so a host needs nothing but Python."""
    command = ("sudo", "-n", "/usr/bin/python3", "-I", "-S", "-c", PROGRAM.read_text())
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(hosts)))) as pool:
        return list(pool.map(lambda host: report(host, ask(host, command)), hosts))


def report(host: Host, answer: Answer) -> Report:
    """Turn an answer into a report."""
    if answer.code:
        return Report(host, silence=why_silent(host, answer))
    return Report(host, tuple(json.loads(answer.output)["users"]))


def as_json(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Return the reports for machines."""
    return [
        {"host": report.host.name, "error": {"cause": report.silence.cause, "next": report.silence.next_step}}
        if report.silence
        else {"host": report.host.name, "users": list(report.users)}
        for report in reports
    ]


def as_text(reports: Sequence[Report]) -> str:
    """Return the reports for people."""
    return "\n\n".join("\n".join(_host(report)) for report in reports)


def _host(report: Report) -> Iterator[str]:
    yield f"{report.host.name} ({report.host})"
    if report.silence:
        yield f"  no answer    {report.silence.cause}"
        yield f"  next         {report.silence.next_step}"
        return
    if not report.users:
        yield "  nobody       run site.yml: it makes the accounts of `admins`"
    yield from map(_user, report.users)


def _user(user: Mapping[str, Any]) -> str:
    keys = f"{user['keys']} key{'' if user['keys'] == 1 else 's'}"
    since = f"since {user['since'][:10]}" if user["since"] else "since before it was written down"
    until = f"until {user['last_day']}" if user["last_day"] else "no last day"
    last = (
        f"last login {user['last_login'][:16].replace('T', ' ')} UTC from {user['from']}"
        if user["last_login"]
        else "no login yet"
    )
    return f"  {user['name']:<12} {keys}, {since}, {until}, {last}"
