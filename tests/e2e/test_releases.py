"""A second release, a bad release, a host that loses power: who serves, and what visitors notice."""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from slipway import lab
from tests.load import Tally, sockets, steady

from .demo_site import Site


@contextlib.contextmanager
def visitors(site: Site) -> Iterator[list[Tally]]:
    """Ask the API all the while, well below its limit, over fresh and kept connections."""

    def ask(client: httpx.Client) -> httpx.Response:
        return client.get(
            f"https://127.0.0.1:{site.host.https_port}/health",
            headers={"Host": f"{site.domain('api')}:{site.host.https_port}"},
            extensions={"sni_hostname": site.domain("api")},
        )

    def client() -> httpx.Client:
        return httpx.Client(verify=site.tls(), timeout=30)

    with steady(ask, client, 4, keep=False) as fresh, steady(ask, client, 4, keep=True) as kept:
        yield [fresh, kept]


def answers_again(site: Site, seconds: int) -> float:
    """Wait until the API is healthy and return how long it took."""
    started = time.monotonic()
    wait_until(lambda: healthy(site), seconds, "a healthy answer")
    return time.monotonic() - started


def healthy(site: Site) -> bool:
    """Say whether the API answers and is healthy."""
    with contextlib.suppress(httpx.HTTPError):
        return site.client().get("/health").status_code == 200
    return False


def wait_until(so: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(1)


def power_cut(name: str, say: Callable[[str], None]) -> None:
    lab.power_cut(name, say)
    lab.start(name, say)


def releases_of(containers: list[str]) -> set[int]:
    """Return the numbers of the releases that have containers."""
    return {int(found[1]) for name in containers if (found := re.match(r"demo-r(\d+)-", name))}


def stores(site: Site) -> str:
    return site.shell("docker ps --no-trunc --filter label=slipway.kind=store --format '{{.ID}} {{.Names}}' | sort")


TICK_SECONDS = 2


@pytest.mark.feature("F36")
def test_a_second_release_loses_no_request_and_touches_no_store(baseline: Site, tmp_path: Path) -> None:
    before, number, started = stores(baseline), baseline.serving()["current"], time.monotonic()
    with visitors(baseline) as tallies, sockets(baseline.websocket, 5) as held:
        time.sleep(2)
        baseline.release(tmp_path, "1.1.0").playbook().done()
        time.sleep(2)
    assert [tally.failures for tally in tallies] == [[], []]
    assert all(tally.answers > 20 for tally in tallies)
    assert held.answers
    assert baseline.client().get("/").json()["release"] == "1.1.0"
    assert baseline.serving()["current"] > number
    assert stores(baseline) == before
    assert held.cut == []
    assert len([name for name in baseline.containers() if "-beat-" in name]) == 1
    # An earlier test's scheduler may have ticked just before this release began.
    ticks = baseline.client().get(f"/ticks?seconds={int(time.monotonic() - started)}").json()
    assert len(ticks["schedulers"]) == 2, "the old and the new one"
    assert ticks["shortest_gap_seconds"] > TICK_SECONDS / 2, "never two at once"
    assert ticks["longest_gap_seconds"] <= 10
    wait_until(lambda: not [name for name in baseline.containers() if f"-r{number}-" in name], 120, "the old release is gone")


def test_what_drains_makes_no_later_run_wait(baseline: Site, tmp_path: Path) -> None:
    number = baseline.serving()["current"]
    with sockets(baseline.websocket, 2) as held:
        time.sleep(2)
        changed = baseline.release(tmp_path, "1.1.0")
        changed.playbook().done()
        assert number in baseline.serving()["retiring"]
        again = time.monotonic()
        assert changed.playbook().done().changed == 0
        baseline.playbook().done()
        assert time.monotonic() - again < 200
        assert baseline.serving()["current"] == number + 2
    assert held.cut == []
    wait_until(lambda: not baseline.serving()["retiring"], 120, "both old releases are gone")


def test_a_release_is_a_record_of_digests_and_its_images_stay_under_a_local_tag(site: Site) -> None:
    number = site.serving()["current"]
    record = json.loads(site.shell(f"cat /var/lib/slipway/demo/releases/{number}/release.json"))
    assert "sha256:" in json.dumps(record)
    assert f"slipway.local/demo/api:r{number}" in site.shell("docker images --format '{{.Repository}}:{{.Tag}}'")


def test_an_image_that_does_not_exist_is_refused_by_name(baseline: Site, tmp_path: Path) -> None:
    number = baseline.serving()["current"]
    run = baseline.release(tmp_path, "9.9.9").playbook()
    assert run.code != 0
    assert "slipway-demo/app:9.9.9" in run.output
    assert baseline.serving()["current"] == number
    assert baseline.client().get("/health").status_code == 200


@pytest.mark.sweep  # each molecule scenario ends with both
def test_all_answers_again_after_a_reboot_and_after_a_power_cut(site: Site) -> None:
    number = site.serving()["current"]
    for act in (lab.reboot, power_cut):
        act(site.host.name, print)
        answers_again(site, 120)
        wait_until(lambda: site.client("").get("/").status_code == 200, 60, "the site answers")
        assert site.serving()["current"] == number
        wait_until(
            lambda: all(service["healthy"] == service["replicas"] for service in site.status()["services"]), 60, "all healthy"
        )
        assert len([name for name in site.containers() if "-beat-" in name]) == 1
    assert site.playbook().done().changed == 0
