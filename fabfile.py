"""Slipway: the verbs for every day. `fab --help <verb>` explains one."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from slipway.ops import faults, hosts, operation, plan_text, ssh
from slipway.ops import logs as log_lines
from slipway.ops import plan as plans
from slipway.ops import status as reports

ROOT = Path(__file__).resolve().parent
ENV = "environment: a folder of inventory/, or a path; without it the only one, or lab"
HOST = "name of a host, several with commas between; without it all"
JSON = "answer as JSON, for machines"


@operation.operation(
    env="environment: a folder of inventory/, or a path; without it all but the examples",
    secrets="also ask where secrets come from whether they have a value; none is shown",
    json=JSON,
)
def check(_: Context, env: str = "", secrets: bool = False, json: bool = False) -> None:
    """Check stack files and inventories; touches no host."""
    inventories = faults.chosen(ROOT, env)
    verdicts = faults.check(inventories, ROOT / "compose")
    verdicts = faults.ask_for_secrets(verdicts, inventories, ROOT) if secrets else verdicts
    operation.show(faults.as_json(verdicts) if json else faults.as_text(verdicts))
    operation.end_with(2 if any(verdict.faults for verdict in verdicts) else 0)


@operation.operation(
    env=ENV,
    host=HOST,
    stack="one stack only, and nothing else of the hosts",
    diff="also show the lines of host files that differ",
    json=JSON,
)
def plan(_: Context, env: str = "", host: str = "", stack: str = "", diff: bool = False, json: bool = False) -> None:
    """Show what site.yml would change; changes nothing."""
    found = plans.plan(plans.Question(ROOT, env, host, stack), _ask, operation.tell)
    operation.show(plan_text.as_json(found) if json else plan_text.as_text(found, diff=diff))
    operation.end_with(found.code)


@operation.operation(
    "word",
    word="such as routes, api.routes, watch.error_ratio or acme; without it every value in force",
    all="also show what is at its default",
    env=ENV,
    stack="one stack instead of all",
    json=JSON,
)
def explain(_: Context, word: str = "", all: bool = False, env: str = "", stack: str = "", json: bool = False) -> None:
    """Explain a word, and the value in force with its source."""
    from slipway.ops import explain as answers  # noqa: PLC0415 - `fab --list` shall not wait for it

    asked = answers.Question(ROOT, word, env, stack, everything=all)
    operation.show(answers.as_json(asked) if json else answers.as_text(asked))


@operation.operation(
    from_="the Compose file you have: path/to/docker-compose.yml",
    name="name of the stack; without it the name of the file's folder",
    domain="the site's public name, such as shop.example",
    host="address of the VM",
    env="name of the environment to begin with; one that exists is left as it is",
    registry="where your images are pushed, such as ghcr.io/acme",
    release="the version to deploy: the tag of your images",
    dry_run="only show what would be written",
    json=JSON,
)
def init(  # noqa: PLR0913, PLR0917 - as many options as there are things to say
    _: Context,
    from_: str = "",
    name: str = "",
    domain: str = "",
    host: str = "",
    env: str = "production",
    registry: str = "",
    release: str = "",
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Make a first stack from the Compose file you have."""
    from slipway.ops import init as starts  # noqa: PLC0415 - `fab --list` shall not wait for it

    order = starts.order(from_, name, env, {"domain": domain, "host": host, "registry": registry, "release": release})
    outcome = starts.start(ROOT, from_, order, dry_run=dry_run)
    operation.show(starts.as_json(outcome) if json else starts.as_text(outcome))


@operation.operation(env=ENV, host=HOST, json=JSON)
def users(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show who may log in to each host, and when they last did."""
    from slipway.ops import users as people  # noqa: PLC0415 - `fab --list` shall not wait for it

    found = people.ask_all(_hosts(env, host), _ask)
    operation.show(people.as_json(found) if json else people.as_text(found))
    operation.end_with(3 if any(report.silence for report in found) else 0)


@operation.operation(env=ENV, host=HOST, json=JSON)
def status(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what each host serves and how it is."""
    found = reports.ask_all(_hosts(env, host), _ask)
    operation.show(reports.as_json(found) if json else reports.as_text(found, datetime.now(UTC)))
    operation.end_with(3 if any(report.silence for report in found) else 0)


@operation.operation(env=ENV, host=HOST, json=JSON)
def firewall(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what may reach each host, and where that is not as declared."""
    from slipway.ops import firewall as walls  # noqa: PLC0415 - `fab --list` shall not wait for it

    found = walls.ask_all(ROOT, env, host, _ask)
    operation.show(walls.as_json(found) if json else walls.as_text(found))
    operation.end_with(walls.code(found))


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


namespace = Collection(check, explain, firewall, init, plan, status, users, logs, ssh=ssh_)
operation.answer_mistakes(sys.argv, namespace)
