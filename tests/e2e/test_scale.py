"""More and fewer replicas while a stack runs: nobody notices, no release is made, and nothing but another choice ends it."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway import lab
from slipway.plan import counts, scale
from slipway.plan.step import Step
from tests.load import sockets

from .demo_site import Site
from .test_deploy import fab, put_files_in_charge
from .test_kills import HEAL_SECONDS, cases, demo, killed_at, was_killed
from .test_releases import answers_again, power_cut, visitors, wait_until
from .test_watch import one_serves
from .test_watch import visitors as asking

RETURN_SECONDS = 180
LEAST, MORE = {"api": 2, "worker": 1}, {"api": 3, "worker": 2}
CHOSEN = replace(demo(1), stack=counts.chosen(demo(1).stack, MORE))
UP, DOWN = scale.steps(demo(1), CHOSEN, (), {}), scale.steps(CHOSEN, demo(1), (), {})


def running(site: Site) -> dict[str, int]:
    """Return how many containers run of what can be scaled."""
    return {service: sum(bool(re.match(rf"demo-r\d+-{service}-", name)) for name in site.containers()) for service in LEAST}


def runs(site: Site, *, api: int, worker: int) -> None:
    """Assert that so many run soon, whole and as the only ones, with one scheduler."""
    wait_until(lambda: running(site) == {"api": api, "worker": worker}, 120, f"{api} of api and {worker} of worker run")
    one_serves(site, site.serving()["current"])


def that_answer(site: Site, wanted: int) -> set[str]:
    """Ask below the limit until so many replicas have answered, for half a minute; return who did."""
    seen, deadline = set[str](), time.monotonic() + 30
    while len(seen) < wanted and time.monotonic() < deadline:
        seen.add(site.client().get("/").json()["replica"])
        time.sleep(1)
    return seen


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host, as it was at the end."""
    yield site
    fab(site, "scale", "demo", "api=2", "worker=1").done()
    runs(site, **LEAST)


@pytest.fixture
def files(host: Site, tmp_path: Path) -> Iterator[Site]:
    """Return the host with an inventory to pin in, and put the files in charge afterwards."""
    yield host.varied(tmp_path / "team")
    put_files_in_charge(host, tmp_path)


@pytest.mark.feature("F32")
@pytest.mark.timeout(300)
def test_more_and_fewer_are_had_without_a_failed_request_and_no_job_is_lost(host: Site) -> None:
    number, api = host.serving()["current"], host.client()
    with visitors(host) as tallies:
        more = fab(host, "scale", "demo", "api=3", "worker=2", "--why", "the fair").done()
        assert len(that_answer(host, 3)) == 3, "all take traffic"
        with sockets(host.websocket, 6) as held:
            jobs = [api.post("/jobs", json={"seconds": 4}).json()["id"] for _ in range(4)]
            wait_until(lambda: all(api.get(f"/jobs/{job}").json()["starts"] for job in jobs), 30, "all of them have begun")
            fab(host, "scale", "demo", "api=2", "worker=1").done()
            time.sleep(3)
        runs(host, **LEAST)
        assert len(that_answer(host, 2)) == 2, "and those that stay take it again"
    assert [tally.failures for tally in tallies] == [[], []]
    assert held.cut == [], "sockets of the replica that left end by themselves"
    assert {(row["state"], row["starts"]) for job in jobs for row in [api.get(f"/jobs/{job}").json()]} == {("done", 1)}
    assert host.serving()["current"] == number, "no release was made"
    assert "2 to 4" in more.text
    assert ": the fair" in more.text


def test_what_cannot_be_had_is_refused_with_the_bounds_and_touches_nothing(host: Site) -> None:
    before = host.containers()
    refused = fab(host, "scale", "demo", "api=9", "beat=2", "db=2", "web=2")
    assert refused.code == 2
    for said in ("api may have 2 to 4 replicas", "never two at once", "db is a store", "web has no bounds"):
        assert said in refused.text
    (shown,) = fab(host, "scale", "demo", "--json").done().data
    rows: dict[str, Any] = {row["service"]: row for row in shown["counts"]}
    assert (rows["api"]["min"], rows["api"]["max"], rows["api"]["wanted"], rows["api"]["chosen"]) == (2, 4, 2, None)
    assert (rows["beat"]["running"], rows["db"]["running"]) == (1, 1)
    assert host.containers() == before


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "state"), cases(UP, {("choose", "done")}))
def test_killed_on_the_way_up_exactly_the_choice_runs(host: Site, name: str, state: str) -> None:
    killed_while_scaling(host, (LEAST, MORE), name, state)
    assert (chosen(host) == MORE) == kept(UP, name) or name == "choose", "a kill takes a moment to come"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "state"), cases(DOWN, ()))
def test_killed_on_the_way_down_exactly_the_choice_runs(host: Site, name: str, state: str) -> None:
    killed_while_scaling(host, (MORE, LEAST), name, state)
    assert (chosen(host) == LEAST) == kept(DOWN, name) or name == "choose", "a kill takes a moment to come"


def killed_while_scaling(site: Site, ways: tuple[dict[str, int], dict[str, int]], name: str, state: str) -> None:
    """Kill the engine at a step of a change from one choice to another; see that what was chosen then runs."""
    now, then = ways
    if chosen(site) != now:
        fab(site, "scale", "demo", *words(now)).done()
    runs(site, **now)
    killer = killed_at(site, name, state, "begin")
    with asking(site) as tally:
        fab(site, "scale", "demo", *words(then))
        assert was_killed(killer)
        wait_until(lambda: idle(site), HEAL_SECONDS, "it heals by itself")
    runs(site, **chosen(site))
    assert tally.failures == []
    assert chosen(site) in ways


def kept(plan: list[Step], name: str) -> bool:
    """Say whether the choice was kept before a step of a plan."""
    names = [step.name for step in plan]
    return names.index(name) > names.index("choose")


def words(wanted: dict[str, int]) -> list[str]:
    return [f"{service}={count}" for service, count in wanted.items()]


def idle(site: Site) -> bool:
    """Say whether the engine has nothing to do."""
    return site.shell("systemctl is-active slipway-run@demo.service", check=False).strip() == "inactive"


def chosen(site: Site) -> dict[str, int]:
    """Return the counts that were chosen; what was not has its least."""
    found = site.shell("cat /var/lib/slipway/demo/choices.json", check=False)
    return {**LEAST, **(json.loads(found).get("counts", {}) if found else {})}


def broken(number: int) -> list[str]:
    """Return the words for a release nobody has had yet, half of whose answers are errors."""
    values = {"FAULT": f"errors:0.5{number:06d}", "WATCH_SECONDS": "120", "JUDGED_SECONDS": "5"}
    return [word for name, value in values.items() for word in ("--variable", f"{name}={value}")]


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_deploys_rollbacks_reboots_and_resumes_keep_the_choice(files: Site, host: Site) -> None:
    number = host.serving()["current"]
    fab(files, "scale", "demo", "api=3", "worker=2").done()
    with asking(host) as tally:
        planned = fab(files, "deploy", "demo", "1.1.0", "--dry-run").done().text
        assert f"r{number + 1}-api-3" in planned
        fab(files, "deploy", "demo", "1.1.0").done()
        runs(host, api=3, worker=2)
        fab(files, "rollback", "demo").done()
        runs(host, api=3, worker=2)
    assert tally.failures == []
    assert "api runs 3 times, the stack file says 2 to 4; chosen by ops" in fab(files, "status").text
    assert "api runs 3 times" in fab(files, "plan", "--stack", "demo").text
    for act in (lab.reboot, power_cut):
        act(host.host.name, print)
        answers_again(host, 120)
        runs(host, api=3, worker=2)
    (healed,) = fab(files, "resume", "demo", "--json").done().data
    assert healed["code"] == 0
    runs(host, api=3, worker=2)


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_a_release_that_the_host_takes_back_leaves_the_choice(files: Site, host: Site) -> None:
    fab(files, "scale", "demo", "api=3").done()
    kept, held = host.serving()["current"], host.serving()["held"]
    with asking(host):
        fab(files, "deploy", "demo", "1.1.0", *broken(kept + 1)).done()
        wait_until(lambda: host.serving()["held"] != held, RETURN_SECONDS, "the host returned")
    assert host.serving()["current"] == kept
    runs(host, api=3, worker=chosen(host)["worker"])
