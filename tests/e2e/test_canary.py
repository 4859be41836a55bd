"""A release that a share of the visitors meets first: who meets it, who decides, and what the host does with a bad one."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from slipway import local_command, request
from slipway.load import load_environment
from slipway.load.secrets import secret_values
from slipway.placement import Placed
from slipway.plan import canary
from slipway.plan.place import Taken, place
from slipway.plan.step import Step
from tests.load import Tally, steady

from .demo_site import ROOT, Site
from .test_deploy import fab, pin, put_files_in_charge
from .test_kills import BEFORE, HEAL_SECONDS, cases, demo, killed_at, nameless, was_killed
from .test_releases import answers_again, power_cut, visitors, wait_until
from .test_watch import good, journal, one_serves
from .test_watch_triggers import suffer

VISITORS = 1000
# Asks from many addresses, each below its limit; every visitor has a number of its own.
ASK = """
import hashlib, http.client, json, socket, ssl, sys
name, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
context, found = ssl._create_unverified_context(), {}
for block in range(0, count, 20):
    source = ("127.0.%d.%d" % (first, block // 20 + 1), 0)
    link = http.client.HTTPConnection(name)
    link.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", 443), 10, source), server_hostname=name)
    for number in range(block, block + 20):
        visitor = hashlib.md5(b"%d" % number).hexdigest()
        link.request("GET", "/", headers={"Cookie": "slipway_demo=" + visitor})
        answer = link.getresponse()
        body = answer.read()
        found[visitor] = json.loads(body)["release"] if answer.status == 200 else str(answer.status)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host and bring the first release back at the end."""
    put_files_in_charge(site, tmp_path_factory.mktemp("files"))
    yield site
    site.playbook().done()


def on(site: Site, program: str, *words: str) -> str:
    """Run a program on the host and return what it printed."""
    argv = ["docker", "exec", site.host.container, "python3", "-c", program, *words]
    run = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def dealt(site: Site, addresses: int, count: int = VISITORS) -> dict[str, str]:
    """Return which version each of many visitors meets; each round needs addresses of its own, as limits are by address."""
    found: dict[str, str] = json.loads(on(site, ASK, site.domain("api"), str(addresses), str(count)))
    return found


def greeted(site: Site, visitor: str) -> str:
    """Return the version that answers a visitor's socket."""
    with opened(site, visitor) as link:
        return echoed(link)


def opened(site: Site, visitor: str) -> Connection:
    name = site.domain("api")
    link = socket.create_connection(("127.0.0.1", site.host.https_port), timeout=10)
    url, cookie = f"wss://{name}:{site.host.https_port}/ws/echo?ticks=false", {"Cookie": f"slipway_demo={visitor}"}
    return connect(url, sock=link, ssl=site.tls(), server_hostname=name, additional_headers=cookie)


def echoed(link: Connection) -> str:
    link.send("hello")
    return str(json.loads(link.recv(timeout=10))["release"])


def sides(found: dict[str, str]) -> tuple[str, str]:
    """Return a visitor of the canary and one of the release that serves."""
    return next(who for who, met in found.items() if met == "1.1.0"), next(who for who, met in found.items() if met == "1.0.0")


@pytest.mark.feature("F26")
@pytest.mark.timeout(300)
def test_a_share_meets_a_canary_nobody_moves_and_the_host_takes_it_back_once_it_is_bad(host: Site, tmp_path: Path) -> None:
    first, team = host.serving()["current"], host.varied(tmp_path / "team")
    begun = fab(team, "deploy", "demo", "1.1.0", "--again", "--canary", "10", "--variable", "JUDGED_SECONDS=5").done()
    number = host.serving()["canary"]["number"]
    assert (host.serving()["current"], host.serving()["canary"]["percent"]) == (first, 10)
    assert f"release {number} of demo is a canary for 10 % of the visitors" in begun.text
    assert pin(team) == {}
    assert len([name for name in host.containers() if "-beat-" in name or "-worker-" in name]) == 2, "workers stay old"

    found = dealt(host, 1)
    assert set(found.values()) == {"1.0.0", "1.1.0"}
    assert 70 <= list(found.values()).count("1.1.0") <= 130
    assert dealt(host, 2, 300).items() <= found.items(), "nobody moves"
    tried, stable = sides(found)
    assert (greeted(host, tried), greeted(host, stable)) == ("1.1.0", "1.0.0"), "sockets are led alike"
    given = host.client().get("/")
    visitor = given.headers["set-cookie"].partition("slipway_demo=")[2].partition(";")[0]
    again = host.client().get("/", headers={"Cookie": f"slipway_demo={visitor}"})
    assert (again.json()["release"], "set-cookie" in again.headers) == (given.json()["release"], False)

    refused = fab(team, "deploy", "demo", "1.2.0")
    assert refused.code == 5
    assert f"release {number} of demo is a canary for 10 % of the visitors" in refused.text
    assert "fab abort demo" in refused.text

    with asking(host, stable) as calm, asking(host, tried), opened(host, tried) as held:
        suffer("errors:0.5")(host, number)
        wait_until(lambda: not host.serving().get("canary"), 60, "the host took it back")
        wait_until(lambda: bool(journal(host, "returned")), 20, "it is told")
        assert echoed(held) == "1.1.0", "who was connected is not cut"
    assert calm.failures == []
    back = journal(host, "returned")[-1]
    assert (back["from"], back["to"], back["how"], back["trigger"]) == (number, first, "returned", "error_ratio")
    assert set(dealt(host, 3, 60).values()) == {"1.0.0"}
    assert host.serving()["held"][-1] == number
    one_serves(host, first)


def asking(site: Site, visitor: str) -> AbstractContextManager[Tally]:
    """Ask the API's start page as one visitor, below its limit."""
    name, port = site.domain("api"), site.host.https_port
    headers = {"Host": f"{name}:{port}", "Cookie": f"slipway_demo={visitor}"}

    def ask(client: httpx.Client) -> httpx.Response:
        return client.get(f"https://127.0.0.1:{port}/", headers=headers, extensions={"sni_hostname": name})

    return steady(ask, lambda: httpx.Client(verify=site.tls(), timeout=30), 4, keep=False)


@pytest.mark.sweep
@pytest.mark.timeout(400)
def test_a_person_promotes_a_canary_and_it_is_pinned_then(host: Site, tmp_path: Path) -> None:
    team = host.varied(tmp_path / "team")
    with visitors(host) as tallies:
        fab(team, "deploy", "demo", "1.1.0", "--canary", "30", "--variable", "API_RATE=40").done()
        number = host.serving()["canary"]["number"]
        tried, _ = sides(dealt(host, 11, 200))
        with opened(host, tried) as held:
            fab(team, "promote", "demo", "--why", "it is good").done()
            assert echoed(held) == "1.1.0"
    assert [tally.failures for tally in tallies] == [[], []]
    assert pin(team)["variables"] == {"API_RATE": "40", "RELEASE": "1.1.0"}
    assert not host.serving().get("canary")
    assert set(dealt(host, 12, 200).values()) == {"1.1.0"}
    one_serves(host, number)
    assert fab(team, "promote", "demo").code == 3
    put_files_in_charge(host, tmp_path)


@pytest.mark.sweep
@pytest.mark.timeout(400)
def test_the_host_promotes_a_canary_whose_time_is_over(host: Site, tmp_path: Path) -> None:
    stacks = tmp_path / "compose"
    shutil.copytree(ROOT / "compose", stacks)
    file = stacks / "demo/compose.yml"
    file.write_text(file.read_text().replace("  mask_query:", "  canary: {percent: 10, seconds: 15}\n  mask_query:"))
    with visitors(host) as tallies:
        result = submit(good(host, tmp_path), stacks=stacks)
        assert result["verdict"] == "canary"
        assert host.serving()["canary"]["until"]
        wait_until(lambda: host.serving()["current"] == result["release"], 120, "it is promoted")
        wait_until(lambda: not host.serving()["watch_until"], 120, "it passed its watch")
    assert [tally.failures for tally in tallies] == [[], []]
    states = [entry["state"] for entry in journal(host, "watch") if entry["release"] == result["release"]]
    assert states == ["canary passed", "passed"]
    one_serves(host, result["release"])
    put_files_in_charge(host, tmp_path)


def submit(wanted: Site, *, stacks: Path = ROOT / "compose", share: int | None = None) -> dict[str, Any]:
    """Hand an inventory's stack to the host's engine for a share of the visitors; return the result."""
    environment = load_environment(wanted.inventory, stacks)
    values = secret_values(environment, "demo", None, partial(local_command.ask_all, folder=ROOT))
    choice = request.Choice("", canary=share)
    asked = request.request(environment.stacks["demo"], values, request.Origin("tests"), "a test", base=False, choice=choice)
    return engine(wanted, "submit", asked)


def engine(site: Site, verb: str, asked: dict[str, Any]) -> dict[str, Any]:
    argv = ["docker", "exec", "-i", site.host.container, "slipway", verb, "demo"]
    run = subprocess.run(argv, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=900)
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


def planned() -> dict[str, list[Step]]:
    """Return the steps of a canary's beginning, promotion and abort."""
    first, images = demo(1), demo(2).placement.images
    placement = place(first.stack, 2, Taken(), first.placement, canary=True)
    tried = Placed(first.stack, replace(placement, images=images))
    return {
        "begin": canary.begin(tried, BEFORE, "site", "a share", 10),
        "promote": canary.promote(tried, BEFORE, "site"),
        "abort": canary.abort(tried, first, "site"),
    }


PLANS = planned()


def recorded(plan: str, name: str) -> bool:
    """Say whether a step comes behind the record, from which on a resume goes forward."""
    steps = nameless(PLANS[plan])
    return steps.index(name) > steps.index("record")


def ends_as_it_began(site: Site, first: int) -> None:
    """Abort the canary where there is one, and see that the first release serves alone."""
    if site.serving().get("canary"):
        assert engine(site, "abort", {})["verdict"] == "aborted"
    one_serves(site, first)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "state"), cases(PLANS["begin"], ()))
def test_killed_as_a_canary_begins_it_goes_back_or_goes_on(host: Site, tmp_path: Path, name: str, state: str) -> None:
    first, killer = host.serving()["current"], killed_at(host, name, state, "begin")
    with visitors(host) as tallies:
        submit(good(host, tmp_path), share=10)
        assert was_killed(killer)
        wait_until(lambda: host.serving()["next"] is None, HEAL_SECONDS, "it heals by itself")
    assert [tally.failures for tally in tallies] == [[], []]
    assert host.serving()["current"] == first
    if name not in ("record", "write-shared-site") and state == "done":  # a kill takes a moment to come
        assert bool(host.serving().get("canary")) == recorded("begin", name)
    ends_as_it_began(host, first)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "state"), cases(PLANS["promote"], ()))
def test_killed_in_a_promotion_it_is_a_canary_still_or_serves(host: Site, tmp_path: Path, name: str, state: str) -> None:
    first = host.serving()["current"]
    tried = submit(good(host, tmp_path, WATCH_SECONDS="0"), share=10)["release"]
    killer = killed_at(host, name, state, "begin")
    with visitors(host) as tallies:
        engine(host, "promote", {})
        assert was_killed(killer)
        wait_until(lambda: settled_either(host, tried), HEAL_SECONDS, "it heals by itself")
    assert [tally.failures for tally in tallies] == [[], []]
    if host.serving().get("canary"):
        assert not recorded("promote", name) or name == "record"
        ends_as_it_began(host, first)
    else:
        assert host.serving()["current"] == tried
        one_serves(host, tried)


def settled_either(site: Site, tried: int) -> bool:
    record = site.serving()
    return record["current"] == tried or bool(record.get("canary"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "state"), cases(PLANS["abort"], ()))
def test_killed_in_an_abort_the_canary_goes(host: Site, tmp_path: Path, name: str, state: str) -> None:
    first = host.serving()["current"]
    submit(good(host, tmp_path, WATCH_SECONDS="0"), share=10)
    killer = killed_at(host, name, state, "begin")
    with visitors(host) as tallies:
        engine(host, "abort", {})
        assert was_killed(killer)
    assert [tally.failures for tally in tallies] == [[], []]
    ends_as_it_began(host, first)


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_after_a_power_cut_the_same_visitors_meet_the_same_canary(host: Site, tmp_path: Path) -> None:
    first = host.serving()["current"]
    tried = submit(host.release(tmp_path / "next", "1.1.0"), share=10)["release"]
    before = dealt(host, 21, 400)
    power_cut(host.host.name, lambda _: None)
    answers_again(host, 120)
    wait_until(lambda: set(dealt(host, 22, 20).values()) <= {"1.0.0", "1.1.0"}, 90, "both answer")
    assert (host.serving()["current"], host.serving()["canary"]["number"]) == (first, tried)
    rounds = iter(range(30, 200))
    wait_until(lambda: dealt(host, next(rounds), 400) == before, 90, "nobody moved")
    assert len([name for name in host.containers() if "-beat-" in name]) == 1
    ends_as_it_began(host, first)
