"""A release proves itself behind go-live: a good one stays, the host itself takes a bad one back."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from slipway import local_command, request
from slipway.load import load_environment
from slipway.load.secrets import secret_values
from tests.load import Tally, sockets, steady

from .demo_site import ROOT, Site
from .test_deploy import put_files_in_charge
from .test_releases import releases_of, wait_until

RETURN_SECONDS = 180


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host and bring the first release back at the end: each test goes on from whatever serves."""
    put_files_in_charge(site, tmp_path_factory.mktemp("files"))
    yield site
    site.playbook().done()


def good(site: Site, folder: Path, **words: str) -> Site:
    """Return the site with a release nobody has had yet: its site differs too."""
    number = int(site.shell("cat /var/lib/slipway/demo/number")) + 1
    fault = f"slow:0.{number:06d}"
    short = {"WATCH_SECONDS": "6", "JUDGED_SECONDS": "5", "API_RATE": str(20 + number % 50)}
    return site.release(folder / str(number), "1.1.0", **{**short, "FAULT": fault, **words})


def bad(site: Site, folder: Path, **words: str) -> Site:
    """Return the site with a release nobody has had yet, half of whose answers are errors."""
    number = int(site.shell("cat /var/lib/slipway/demo/number")) + 1
    return good(site, folder, **{"WATCH_SECONDS": "120", "FAULT": f"errors:0.5{number:06d}", **words})


@contextlib.contextmanager
def visitors(site: Site) -> Iterator[Tally]:
    """Ask the API's start page all the while, where a fault shows and the watch sees it."""

    def ask(client: httpx.Client) -> httpx.Response:
        name = site.domain("api")
        url = f"https://127.0.0.1:{site.host.https_port}/"
        return client.get(url, headers={"Host": f"{name}:{site.host.https_port}"}, extensions={"sni_hostname": name})

    with steady(ask, lambda: httpx.Client(verify=site.tls(), timeout=30), 6, keep=False) as tally:
        yield tally


def submit(wanted: Site, stacks: Path = ROOT / "compose", verb: str = "submit") -> dict[str, Any]:
    """Hand an inventory's stack to the host's engine, as site.yml does; return the result. `plan` only asks."""
    environment = load_environment(wanted.inventory, stacks)
    values = secret_values(environment, "demo", None, partial(local_command.ask_all, folder=ROOT))
    asked = request.request(environment.stacks["demo"], values, request.Origin("tests"), "a test", base=False)
    argv = ["docker", "exec", "-i", wanted.host.container, "slipway", verb, "demo"]
    run = subprocess.run(argv, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=900)
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


def journal(site: Site, event: str) -> list[dict[str, Any]]:
    """Return the entries of one kind."""
    entries: list[dict[str, Any]] = json.loads(site.shell("slipway journal demo --json"))
    return [entry for entry in entries if entry["event"] == event]


def one_serves(site: Site, number: int) -> None:
    """Assert that exactly this release serves, whole, with one scheduler, and that it alone would survive a power cut."""
    wait_until(lambda: releases_of(site.containers()) == {number}, 150, f"release {number} alone")
    wait_until(lambda: all(row["healthy"] == row["replicas"] for row in site.status()["services"]), 60, "all of it is healthy")
    assert len([name for name in site.containers() if "-beat-" in name]) == 1
    rules = (
        "docker ps -aq --filter label=slipway.release | xargs docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' | sort -u"
    )
    assert site.shell(rules).split() == ["unless-stopped"]
    targets = site.shell("nft list map ip slipway_switch up")
    addresses = site.shell(
        f"docker ps -q --filter label=slipway.release={number} --filter label=slipway.kind=web | "
        "xargs docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'"
    ).split()
    assert any(address in targets for address in addresses)
    assert site.client().get("/health").status_code == 200


@pytest.mark.timeout(600)
def test_a_good_release_passes_and_a_bad_one_is_taken_back_by_the_host_itself(host: Site, tmp_path: Path) -> None:
    result = submit(good(host, tmp_path))
    kept = result["release"]
    assert result["verdict"] == "serving"
    wait_until(lambda: not host.serving()["watch_until"], 120, "the watch is over")
    assert [entry["state"] for entry in journal(host, "watch") if entry["release"] == kept] == ["passed"]

    wanted = bad(host, tmp_path)
    with sockets(host.websocket, 5) as open_ones, visitors(host) as tally:
        time.sleep(2)
        taken_back = submit(wanted)["release"]
        record = host.serving()
        assert (record["current"], record["standby"]) in ((taken_back, kept), (kept, None)), "it stands by, or served again"
        wait_until(lambda: host.serving()["current"] == kept, RETURN_SECONDS, "the host returned")
        time.sleep(3)  # the map follows the record
        failed = len(tally.failures)
        time.sleep(4)
        assert len(tally.failures) == failed, "nothing fails after the return"
    assert open_ones.cut == [], "sockets of the release returned to were never touched"
    assert open_ones.answers
    one_serves(host, kept)

    back = journal(host, "returned")[-1]
    assert (back["from"], back["to"], back["trigger"]) == (taken_back, kept, "error_ratio")
    assert back["numbers"]
    assert host.serving()["held"][-1] == taken_back
    told = host.status()["watch"]
    assert told["state"] == f"returned from release {taken_back}"
    assert "failed" in told["text"]

    refused = submit(wanted)
    assert (refused["verdict"], refused["code"]) == ("refused", 5)
    assert f"release {taken_back} of demo again" in refused["error"]
    assert f"again={taken_back}" in refused["error"]
