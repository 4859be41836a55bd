"""Slipway: the verbs for every day. `fab --help <verb>` explains one."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.ops import hosts, operation, ssh
from slipway.ops import logs as log_lines
from slipway.ops import status as reports

if TYPE_CHECKING:
    from slipway.ops.releasing import Doors, Outcome

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
    from slipway.ops import faults

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
    from slipway.ops import plan as plans
    from slipway.ops import plan_text

    found = plans.plan(plans.Question(ROOT, env, host, stack), _ask, operation.tell)
    operation.show(plan_text.as_json(found) if json else plan_text.as_text(found, diff=diff))
    operation.end_with(found.code)


@operation.operation(env=ENV, host=HOST, json=JSON)
def drift(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what was changed on the hosts by hand; changes nothing."""
    from slipway.ops import drift as drifts
    from slipway.ops import drift_text, plan

    found = drifts.drift(plan.Question(ROOT, env, host), _ask, operation.tell)
    operation.show(drift_text.as_json(found) if json else drift_text.as_text(found))
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
    from slipway.ops import explain as answers

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
def init(
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
    from slipway.ops import init as starts

    order = starts.order(from_, name, env, {"domain": domain, "host": host, "registry": registry, "release": release})
    outcome = starts.start(ROOT, from_, order, dry_run=dry_run)
    operation.show(starts.as_json(outcome) if json else starts.as_text(outcome))


@operation.operation(env=ENV, host=HOST, json=JSON)
def users(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show who may log in to each host, and when they last did."""
    from slipway.ops import users as people

    found = people.ask_all(_hosts(env, host), _ask)
    operation.show(people.as_json(found) if json else people.as_text(found))
    operation.end_with(3 if any(report.silence for report in found) else 0)


@operation.operation(env=ENV, host=HOST, json=JSON)
def status(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what each host serves and how it is."""
    found = reports.ask_all(_hosts(env, host), _ask)
    operation.show(reports.as_json(found) if json else reports.as_text(found, datetime.now(UTC)))
    operation.end_with(3 if any(report.silence for report in found) else 0)


@operation.operation(env=ENV, host=HOST, dry_run="only show the versions and what keeps hosts from them", json=JSON)
def upgrade_engine(_: Context, env: str = "", host: str = "", dry_run: bool = False, json: bool = False) -> None:
    """Move Docker to a newer version, and back where that fails."""
    from slipway.ops import outside
    from slipway.ops import upgrade_engine as upgrades

    doors = upgrades.Doors(lambda one, words, limit: ssh.ask(one, _settings(), words, limit), outside.ask, operation.tell)
    found = upgrades.upgrade_all(_hosts(env, host), doors, dry_run=dry_run)
    operation.show(upgrades.as_json(found) if json else upgrades.as_text(found))
    operation.end_with(upgrades.code(found))


@operation.operation(env=ENV, host=HOST, json=JSON)
def firewall(_: Context, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what may reach each host, and where it should not."""
    from slipway.ops import firewall as walls

    found = walls.ask_all(ROOT, env, host, _ask)
    operation.show(walls.as_json(found) if json else walls.as_text(found))
    operation.end_with(walls.code(found))


@operation.operation(
    stack="name of the stack",
    service="one service instead of all",
    tail="how many of the last lines",
    since="only from then on: 10m, 2h, 2026-01-31T08:00:00",
    grep="only lines in which this pattern is found",
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
    grep: str = "",
    follow: bool = False,
    env: str = "",
    host: str = "",
) -> None:
    """Show a stack's logs, or one service's."""
    lines = operation.number("--tail", tail)
    found = log_lines.hosts_of(stack, _hosts(env, host), _ask)
    if follow:
        one = hosts.only(found, "follows logs")
        ssh.become(one, _settings(), log_lines.command(stack, service, lines, since, ["--follow"], grep), _terminal())
    for one in found:
        operation.relay(log_lines.asserted(one, _ask(one, log_lines.command(stack, service, lines, since, [], grep))))


@operation.operation(env=ENV, host="name of the host; without it the only one", command="run this there instead of a shell")
def ssh_(_: Context, env: str = "", host: str = "", command: str = "") -> None:
    """Log in to a host, or run a command there."""
    one = hosts.only(_hosts(env, host), "logs in")
    ssh.become(one, _settings(), ["sh", "-c", command] if command else [], _terminal())


@operation.operation(
    "version",
    stack="name of the stack",
    version="what the tags of its images are to be; without it what the files say",
    variable="NAME=VALUE of the inventory, may be repeated; it is kept in the pin",
    env=ENV,
    host=HOST,
    why="the reason, for the journal",
    base="stores may restart, where their definition changed",
    again="also where the host has taken this release back",
    canary="share of the visitors, in percent, that meets it first; 0 for none, whatever the stack file says",
    dry_run="only show the steps",
    wait="follow it to its end",
    json=JSON,
)
def deploy(
    _: Context,
    stack: str,
    version: str = "",
    variable: Sequence[str] = (),
    env: str = "",
    host: str = "",
    why: str = "",
    base: bool = False,
    again: bool = False,
    canary: str = "",
    dry_run: bool = False,
    wait: bool = True,
    json: bool = False,
) -> None:
    """Deploy a version of a stack, and pin it."""
    from slipway.ops import deploy as deploys
    from slipway.ops import releasing

    order = deploys.Order(stack, version, operation.pairs("--variable", variable), deploys.share(canary))
    manner = releasing.Manner(why, base, again, dry_run, wait)
    _end(deploys.deploy(releasing.place(ROOT, env, host), order, manner, _doors()), json=json)


@operation.operation(
    stack="name of the stack",
    to="number of the release; without it the one before",
    env=ENV,
    host=HOST,
    why="the reason, for the journal",
    base="stores may restart, where their definition changed",
    again="also where the host has taken this release back",
    dry_run="only show the steps",
    wait="follow it to its end",
    json=JSON,
)
def rollback(
    _: Context,
    stack: str,
    to: str = "",
    env: str = "",
    host: str = "",
    why: str = "",
    base: bool = False,
    again: bool = False,
    dry_run: bool = False,
    wait: bool = True,
    json: bool = False,
) -> None:
    """Go back to a release the host keeps, and pin it."""
    from slipway.ops import releasing
    from slipway.ops import rollback as ways_back

    number = operation.number("--to", to) if to else None
    manner = releasing.Manner(why, base, again, dry_run, wait)
    _end(ways_back.rollback(releasing.place(ROOT, env, host), stack, number, manner, _doors()), json=json)


@operation.operation(
    stack="name of the stack", env=ENV, host=HOST, why="the reason, for the journal", wait="follow it to its end", json=JSON
)
def promote(_: Context, stack: str, env: str = "", host: str = "", why: str = "", wait: bool = True, json: bool = False) -> None:
    """Have a stack's canary serve all visitors, and pin it."""
    from slipway.ops import canary, releasing

    _end(canary.promote(releasing.place(ROOT, env, host), stack, releasing.Manner(why, wait=wait), _doors()), json=json)


@operation.operation(
    stack="name of the stack", env=ENV, host=HOST, why="the reason, for the journal", wait="follow it to its end", json=JSON
)
def abort(_: Context, stack: str, env: str = "", host: str = "", why: str = "", wait: bool = True, json: bool = False) -> None:
    """Take a stack's canary back; what serves stays."""
    from slipway.ops import canary, releasing

    _end(canary.abort(releasing.place(ROOT, env, host), stack, releasing.Manner(why, wait=wait), _doors()), json=json)


@operation.operation(stack="name of the stack", env=ENV, host=HOST, json=JSON)
def follow(_: Context, stack: str, env: str = "", host: str = "", json: bool = False) -> None:
    """Follow the release that is being made."""
    from slipway.ops import releasing

    where = releasing.place(ROOT, env, host)
    _end(releasing.carry_out(where, stack, ["follow", stack], {}, _doors()), json=json)


@operation.operation(stack="name of the stack", env=ENV, host=HOST, json=JSON)
def releases(_: Context, stack: str, env: str = "", host: str = "", json: bool = False) -> None:
    """Show the releases of a stack: state, who, when, why."""
    from slipway.ops import releases as past

    found = past.listings(stack, _hosts(env, host), _doors())
    operation.show(past.as_json(found) if json else past.as_text(found, datetime.now(UTC)))


@operation.operation(
    stack="name of the stack", before="number of a release", after="number of another", env=ENV, host=HOST, json=JSON
)
def diff(_: Context, stack: str, before: str, after: str, env: str = "", host: str = "", json: bool = False) -> None:
    """Show what differs between two releases."""
    from slipway.ops import releases as past

    pair = operation.number("BEFORE", before), operation.number("AFTER", after)
    one = log_lines.hosts_of(stack, _hosts(env, host), _ask)[0]
    found = past.differences(stack, pair, one, _doors())
    operation.show([asdict(change) for change in found] if json else past.diff_text(stack, pair, found))


@operation.operation(
    stack="name of the stack",
    refresh="ask the registries where the tags lead today, and pin that; deploys nothing",
    env=ENV,
    host=HOST,
    json=JSON,
)
def pin(_: Context, stack: str, refresh: bool = False, env: str = "", host: str = "", json: bool = False) -> None:
    """Write down what serves, as the inventory's pin."""
    from slipway.ops import pinning, releasing

    do = pinning.refresh if refresh else pinning.pin
    taken = do(releasing.place(ROOT, env, host), stack, _doors())
    operation.show(asdict(taken) if json else pinning.as_text(taken))


@operation.operation("stack", stack="one stack instead of all", env=ENV, host=HOST, json=JSON)
def resume(_: Context, stack: str = "", env: str = "", host: str = "", json: bool = False) -> None:
    """Heal hosts: end what a run left, start what is down."""
    from slipway.ops import errands

    found = errands.resume(_hosts(env, host), stack, _doors())
    operation.show(errands.healed_json(found) if json else errands.healed_text(found))
    operation.end_with(max(one.code for one in found))


@operation.operation(
    "counts",
    stack="name of the stack",
    counts="SERVICE=COUNT, such as api=3, as many as you like; without any show what runs",
    why="the reason, for the journal",
    wait="follow it to its end",
    env=ENV,
    host=HOST,
    json=JSON,
)
def scale(
    _: Context,
    stack: str,
    counts: Sequence[str] = (),
    why: str = "",
    wait: bool = True,
    env: str = "",
    host: str = "",
    json: bool = False,
) -> None:
    """Have more or fewer replicas of services, or show them."""
    from slipway.ops import releasing, scaling

    where = releasing.place(ROOT, env, host)
    outcome = scaling.scale(where, stack, counts, releasing.Manner(why, wait=wait), _doors()) if counts else None
    found = scaling.listings(stack, where.hosts, _doors()) if outcome is None or not outcome.code else []
    operation.show(scaling.as_json(found, outcome) if json else scaling.as_text(found, datetime.now(UTC), outcome))
    operation.end_with(outcome.code if outcome else 0)


@operation.operation(stack="name of the stack", why="the reason, for whoever wants to deploy", env=ENV, host=HOST, json=JSON)
def lock(_: Context, stack: str, why: str = "", env: str = "", host: str = "", json: bool = False) -> None:
    """Have nothing of a stack released until it is unlocked."""
    from slipway.ops import errands, releasing

    said = errands.lock(releasing.place(ROOT, env, host), stack, why, _doors())
    operation.show(said if json else "\n".join(said))


@operation.operation(stack="name of the stack", env=ENV, host=HOST, json=JSON)
def unlock(_: Context, stack: str, env: str = "", host: str = "", json: bool = False) -> None:
    """Have a stack released again."""
    from slipway.ops import errands, releasing

    said = errands.unlock(releasing.place(ROOT, env, host), stack, _doors())
    operation.show(said if json else "\n".join(said))


@operation.operation(
    "state",
    stack="name of the stack",
    state="on or off; without it only say how it stands",
    why="the reason, for colleagues; visitors do not see it",
    retry_seconds="when visitors may come again, for browsers and search engines",
    env=ENV,
    host=HOST,
    json=JSON,
)
def maintenance(
    _: Context,
    stack: str,
    state: str = "",
    why: str = "",
    retry_seconds: str = "600",
    env: str = "",
    host: str = "",
    json: bool = False,
) -> None:
    """Show visitors a page instead of a stack, or the stack again."""
    from slipway.ops import maintenance as pages
    from slipway.ops import releasing

    wish = pages.Wish(state, why, operation.number("--retry-seconds", retry_seconds))
    found = pages.maintain(releasing.place(ROOT, env, host), stack, wish, _doors())
    operation.show(pages.as_json(found) if json else pages.as_text(found))


@operation.operation(
    "service",
    stack="name of the stack",
    service="names of services, to restart them in their place; without any all are started anew beside the old",
    env=ENV,
    host=HOST,
    why="the reason, for the journal",
    wait="follow it to its end",
    json=JSON,
)
def restart(
    _: Context,
    stack: str,
    service: Sequence[str] = (),
    env: str = "",
    host: str = "",
    why: str = "",
    wait: bool = True,
    json: bool = False,
) -> None:
    """Restart a stack or services of it; no request is lost."""
    from slipway.ops import errands, releasing

    manner = releasing.Manner(why, wait=wait)
    _end(errands.restart(releasing.place(ROOT, env, host), stack, service, manner, _doors()), json=json)


@operation.operation(
    stack="name of the stack",
    service="a task of the stack file, or the service whose place the command takes",
    command="what to run in a new container; without it the task's own command",
    seconds="how long it may take; without it as long as the task says, or an hour",
    env=ENV,
    host=HOST,
)
def run(_: Context, stack: str, service: str, command: str = "", seconds: str = "0", env: str = "", host: str = "") -> None:
    """Run a task or a command in a new container, and show it."""
    from slipway.ops import errands

    words = errands.task(stack, service, command, operation.number("--seconds", seconds))
    one = hosts.only(log_lines.hosts_of(stack, _hosts(env, host), _ask), "runs")
    ssh.become(one, _settings(), words, _terminal())


@operation.operation(scenario="what to show: bad-release, which the host takes back by itself")
def demo(_: Context, scenario: str = "") -> None:
    """Show on the demo's host what happens in a bad moment."""
    from slipway.demo import bad_release

    bad_release.show(ROOT, scenario, _doors())


@operation.operation(receiver="one receiver instead of all", env=ENV, host=HOST, json=JSON)
def notify_test(_: Context, receiver: str = "", env: str = "", host: str = "", json: bool = False) -> None:
    """Send a test message to those who hear of releases."""
    from slipway.ops import notices

    found = notices.test_all(_hosts(env, host), receiver, _ask)
    operation.show(notices.as_json(found) if json else notices.as_text(found))
    operation.end_with(notices.code(found))


@operation.operation(stack="name of the stack", service="name of the service, stores too", env=ENV, host=HOST)
def shell(_: Context, stack: str, service: str, env: str = "", host: str = "") -> None:
    """Open a shell in a running container of a service."""
    from slipway.ops import errands

    one = hosts.only(log_lines.hosts_of(stack, _hosts(env, host), _ask), "opens a shell")
    ssh.become(one, _settings(), errands.shell(stack, service), _terminal())


def _end(outcome: "Outcome", *, json: bool) -> None:
    from slipway.ops import releasing

    operation.show(releasing.as_json(outcome) if json else releasing.as_text(outcome))
    operation.end_with(outcome.code)


def _doors() -> "Doors":
    from slipway.ops import releasing

    def soon(host: hosts.Host, command: Sequence[str]) -> ssh.Answer:
        return ssh.ask(host, _settings(), command, releasing.SOON_SECONDS)

    return releasing.Doors(_ask, lambda host, *words: ssh.converse(host, _settings(), *words), operation.tell, soon)


def _hosts(env: str, host: str) -> list[hosts.Host]:
    return hosts.choose_hosts(hosts.choose_environment(ROOT, env), host)


def _settings() -> ssh.Settings:
    return ssh.read_settings(ROOT / "ansible.cfg")


def _ask(host: hosts.Host, command: Sequence[str]) -> ssh.Answer:
    return ssh.ask(host, _settings(), command)


def _terminal() -> list[str]:
    return ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []


namespace = Collection(
    abort,
    check,
    demo,
    deploy,
    diff,
    drift,
    explain,
    firewall,
    follow,
    init,
    lock,
    maintenance,
    notify_test,
    pin,
    plan,
    promote,
    releases,
    restart,
    resume,
    rollback,
    run,
    scale,
    shell,
    status,
    unlock,
    upgrade_engine,
    users,
    logs,
    ssh=ssh_,
)
operation.answer_mistakes(sys.argv, namespace)
