"""The engine killed with all it has started, at any step: one release and one scheduler serve afterwards.

The steps are read from the plans, so a new one is covered by itself. At those that change who serves whoever asked is lost as
well, Docker restarts, and the host loses power.
"""

import contextlib
import functools
import os
import re
import signal
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from slipway.load import load_environment
from slipway.placement import Placed
from slipway.plan import deploy, fit, returning
from slipway.plan.place import Images, Taken, place
from slipway.plan.step import Step
from slipway.render.base import base_project

from .demo_site import ROOT, Site
from .test_bad_releases import given_number
from .test_deploy import FAB, put_files_in_charge
from .test_releases import answers_again, power_cut, releases_of, wait_until
from .test_watch import bad, good, one_serves, submit, visitors

HEAL_SECONDS = 180
KILL = ("systemctl", "kill", "--signal", "KILL", "slipway-run@demo.service")
# Follows the journal as it grows, and runs a command at the first such line that comes after a line of another kind.
KILLER = """
import json, re, subprocess, sys
wanted, state, after, *command = sys.argv[1:]
past = False
with open("/var/lib/slipway/demo/journal.jsonl") as journal:
    journal.seek(0, 2)
    print("ready", flush=True)
    line = ""
    while True:
        line += journal.readline()
        if not line.endswith("\\n"):
            continue
        entry, line = json.loads(line), ""
        name = re.sub(r"-\\d+(?=-|$)", "-N", entry.get("name", ""))
        past = past or entry["event"] == after
        if past and entry["event"] == "step" and (name, entry["state"]) == (wanted, state):
            subprocess.run(command, check=True)
            print("killed", flush=True)
            break
"""


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host and bring the first release back at the end: each test goes on from whatever serves."""
    put_files_in_charge(site, tmp_path_factory.mktemp("files"))
    yield site
    site.playbook().done()


def killed_at(site: Site, name: str, state: str, after: str, command: Sequence[str] = KILL) -> "subprocess.Popen[str]":
    """Have the engine killed as a step of this name comes to this state, once an event of another kind is past."""
    argv = ["docker", "exec", site.host.container, "timeout", "400", "python3", "-c", KILLER, name, state, after, *command]
    killer = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert killer.stdout
    assert killer.stdout.readline() == "ready\n"
    return killer


def was_killed(killer: "subprocess.Popen[str]") -> bool:
    """Say whether the step came, and the kill with it."""
    said, _ = killer.communicate(timeout=HEAL_SECONDS)
    return said == "killed\n"


@functools.cache
def demo(number: int) -> Placed:
    """Return a release of the demo, for the names of its steps."""
    stack = load_environment(ROOT / "molecule/inventory/test", ROOT / "compose").stacks["demo"]
    images = Images({name: f"{service.image.rpartition(':')[0]}@sha256:{'0' * 64}" for name, service in stack.services.items()})
    return Placed(stack, place(stack, number, Taken(), None, images))


def nameless(steps: Sequence[Step]) -> list[str]:
    """Return the names of steps with `N` for the number of a release."""
    return [re.sub(r"-\d+(?=-|$)", "-N", step.name) for step in steps]


def cases(steps: Sequence[Step], always: Collection[tuple[str, str]]) -> list[Any]:
    """Return each step as it begins and once it is done; all but a few belong to the whole sweep."""
    found = [(name, state) for name in dict.fromkeys(nameless(steps)) for state in ("begun", "done")]
    return [pytest.param(*one, id="-".join(one), marks=[] if one in always else [pytest.mark.sweep]) for one in found]


BEFORE = deploy.Before(demo(1), base_project(demo(1).stack, demo(1).placement))
DEPLOY = [fit.step(fit.need(demo(2).stack, demo(1))), *deploy.steps(demo(2), BEFORE, "site")]
RETURN = [*returning.wake(demo(1), runs=True), *returning.steps(demo(1), demo(2), "site")]
LIVE = nameless(DEPLOY).index("record")
EITHER = {("record", "begun"), ("record", "done"), (nameless(DEPLOY)[LIVE - 1], "done")}  # a kill takes a moment to come


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "state"), cases(DEPLOY, {("switch", "begun")}))
def test_killed_at_any_step_of_a_deploy_exactly_one_release_serves(host: Site, tmp_path: Path, name: str, state: str) -> None:
    host.shell("rm -f /var/lib/slipway/demo/revisions.json")  # so that it is asked for
    first, killer = host.serving()["current"], killed_at(host, name, state, "begin")
    with visitors(host) as tally:
        result = submit(good(host, tmp_path))
        assert was_killed(killer)
        wait_until(lambda: not unfinished(host), HEAL_SECONDS, "it heals by itself")
    assert result["verdict"] in ("interrupted", "serving")
    assert tally.failures == []
    current = host.serving()["current"]
    if (name, state) not in EITHER:
        assert (current == first) == (nameless(DEPLOY).index(name) < LIVE)
    one_serves(host, current)


def unfinished(site: Site) -> bool:
    """Say whether something is under way."""
    record = site.serving()
    return bool(record["next"] or record["watch_until"] or record["retiring"] or record["standby"])


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "state"), cases(RETURN, ()))
def test_killed_at_any_step_of_a_return_exactly_one_release_serves(host: Site, tmp_path: Path, name: str, state: str) -> None:
    first = host.serving()["current"]
    with visitors(host):
        killer = killed_at(host, name, state, "result")
        taken_back = submit(bad(host, tmp_path))["release"]
        wait_until(lambda: host.serving()["current"] == first, HEAL_SECONDS, "the host returned")
        assert was_killed(killer)
    assert host.serving()["held"][-1] == taken_back
    one_serves(host, first)


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_a_cold_standby_is_stopped_and_comes_back(host: Site, tmp_path: Path) -> None:
    first = host.serving()["current"]
    taken_back = submit(bad(host, tmp_path, WATCH_STANDBY="cold"))["release"]
    wait_until(lambda: first not in releases_of(host.containers()), 100, "the standby rests")
    assert host.serving()["standby"] == first
    with visitors(host):
        wait_until(lambda: host.serving()["current"] == first, HEAL_SECONDS, "the host returned")
    assert host.serving()["held"][-1] == taken_back
    one_serves(host, first)


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_after_a_power_cut_the_standby_runs_again_and_the_watch_goes_on(host: Site, tmp_path: Path) -> None:
    first = host.serving()["current"]
    taken_back = submit(bad(host, tmp_path, WATCH_SECONDS="300"))["release"]
    power_cut(host.host.name, lambda _: None)
    answers_again(host, 120)
    assert (host.serving()["current"], host.serving()["standby"]) == (taken_back, first)
    wait_until(lambda: releases_of(host.containers()) == {first, taken_back}, 60, "the standby runs again")
    assert len([name for name in host.containers() if "-beat-" in name]) == 1
    with visitors(host):
        wait_until(lambda: host.serving()["current"] == first, HEAL_SECONDS, "the host returned")
    one_serves(host, first)


GO_LIVE = ("record", "switch", "restart-new", "start-schedulers")  # from each on, another release answers, or comes back
NOTHING = ("true",)
# By the numbers of the processes that hold a connection, as when a cable is pulled: nobody says goodbye.
CUT = ("sh", "-c", "ss -Htnp state established '( sport = :22 )' | grep -oE 'pid=[0-9]+' | cut -d= -f2 | sort -u | xargs kill -9")


def test_the_steps_that_change_who_serves_are_there() -> None:
    assert set(GO_LIVE) <= set(nameless(DEPLOY)[LIVE:])


@contextlib.contextmanager
def deploying(wanted: Site) -> "Iterator[subprocess.Popen[str]]":
    """Deploy what an inventory says as a person does, from a process group of its own."""
    argv = [FAB, "deploy", "demo", "--env", str(wanted.inventory)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(argv, cwd=ROOT, start_new_session=True, **pipes) as run:  # type: ignore[call-overload] # by name
        yield run


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", GO_LIVE)
@pytest.mark.parametrize("lost", ["connection", "controller"])
def test_whoever_asked_is_lost_and_the_release_goes_on(host: Site, tmp_path: Path, lost: str, name: str) -> None:
    wanted, number = good(host, tmp_path), given_number(host) + 1
    watcher = killed_at(host, name, "begun", "begin", CUT if lost == "connection" else NOTHING)
    with visitors(host) as tally, deploying(wanted) as run:
        assert was_killed(watcher)
        if lost == "controller":
            os.killpg(run.pid, signal.SIGKILL)
        said, _ = run.communicate(timeout=120)
        wait_until(lambda: host.serving()["current"] == number and not unfinished(host), HEAL_SECONDS, "it goes on by itself")
    assert run.returncode == (3 if lost == "connection" else -signal.SIGKILL), said
    assert lost == "controller" or "was lost; it goes on by itself" in " ".join(said.split())
    assert tally.failures == []
    one_serves(host, number)


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", GO_LIVE)
def test_docker_restarts_as_the_traffic_moves_and_a_resume_leads_to_one_release(host: Site, tmp_path: Path, name: str) -> None:
    watcher = killed_at(host, name, "begun", "begin", ("systemctl", "restart", "docker"))
    result = submit(good(host, tmp_path))
    assert was_killed(watcher)
    assert result["verdict"] in ("serving", "incomplete"), result["error"]
    assert result["release"] == host.serving()["current"]
    wait_until(lambda: not unfinished(host), HEAL_SECONDS, "the watch is over")
    host.shell("slipway resume demo")
    one_serves(host, result["release"])


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", GO_LIVE)
def test_the_host_loses_power_as_the_traffic_moves_and_one_release_comes_back(host: Site, tmp_path: Path, name: str) -> None:
    first, number = host.serving()["current"], given_number(host) + 1
    watcher = killed_at(host, name, "begun", "begin", NOTHING)
    with deploying(good(host, tmp_path)) as run:
        assert was_killed(watcher)
        power_cut(host.host.name, lambda _: None)
        run.communicate(timeout=300)
    answers_again(host, 120)
    wait_until(lambda: not unfinished(host), HEAL_SECONDS, "it heals by itself")
    current = host.serving()["current"]
    assert current in ((first, number) if name == "record" else (number,))
    one_serves(host, current)
