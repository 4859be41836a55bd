"""Services are restarted while visitors ask: nobody notices, whoever is killed in between."""

import json
import shlex
from pathlib import Path

import pytest

from .demo_site import Site
from .test_deploy import fab
from .test_releases import visitors, wait_until

RUNS = "docker inspect --format '{{.State.StartedAt}}' "


def started(site: Site, *replicas: str) -> list[str]:
    """Return since when replicas of the release that serves run."""
    number = site.serving()["current"]
    return site.shell(RUNS + " ".join(f"demo-r{number}-{replica}" for replica in replicas)).split()


def led_to(site: Site) -> int:
    """Return to how many different replicas the edge sends."""
    return len({tuple(target[:2]) for target in json.loads(site.shell("cat /var/lib/slipway/demo/switch.json")).values()})


def test_services_are_restarted_in_their_place_and_no_request_is_lost(site: Site, tmp_path: Path) -> None:
    team, serving, targets = site.varied(tmp_path / "team"), site.serving(), led_to(site)
    before = started(site, "api-1", "api-2")
    with visitors(site) as tallies:
        said = fab(team, "restart", "demo", "api", "--why", "a leak").done()
    assert [tally.failures for tally in tallies] == [[], []]
    assert min(tally.answers for tally in tallies) > 20
    after = started(site, "api-1", "api-2")
    assert all(new > old for new, old in zip(after, before, strict=True))
    assert site.serving() == serving, "no release was made"
    assert led_to(site) == targets
    assert f"what was named of demo was restarted, release {serving['current']} serves" in said.text
    assert "lead new connections around api-1" in said.progress
    refused = fab(team, "restart", "demo", "db", "web", "worker")
    assert refused.code == 2
    assert "db is a store" in refused.text + refused.progress
    assert "web has one replica" in refused.text + refused.progress
    assert "fab restart demo starts all of" in refused.text + refused.progress


@pytest.mark.sweep
def test_workers_and_the_scheduler_come_back_well(site: Site, tmp_path: Path) -> None:
    team, before = site.varied(tmp_path / "team"), started(site, "worker-1", "beat-1")
    fab(team, "restart", "demo", "worker", "beat").done()
    assert all(new > old for new, old in zip(started(site, "worker-1", "beat-1"), before, strict=True))
    assert all(service["healthy"] == service["replicas"] for service in site.status()["services"])
    assert len([name for name in site.containers() if "-beat-" in name]) == 1


@pytest.mark.sweep
@pytest.mark.parametrize("step", ["around-api-1", "drain-api-1", "restart-api-1", "ready-api-1", "back-api-1"])
def test_a_restart_that_is_killed_is_healed_and_leads_to_all_again(site: Site, tmp_path: Path, step: str) -> None:
    team, targets = site.varied(tmp_path / "team"), led_to(site)
    begun = f"""tail -n 3 /var/lib/slipway/demo/journal.jsonl | grep -q '"name": "{step}".*"state": "begun"'"""
    killer = f"until {begun}; do sleep 0.02; done; systemctl kill --signal KILL slipway-run@demo.service"
    with visitors(site) as tallies:
        fab(team, "restart", "demo", "api", "--no-wait").done()
        site.shell(f"timeout 90 sh -c {shlex.quote(killer)}")
        wait_until(lambda: "interrupted" in fab(team, "follow", "demo").text, 60, "the request is closed")
        wait_until(lambda: led_to(site) == targets, 60, "both replicas have traffic")
        wait_until(lambda: all(one["healthy"] == one["replicas"] for one in site.status()["services"]), 120, "all is healthy")
    assert [tally.failures for tally in tallies] == [[], []]
    fab(team, "restart", "demo", "api").done()
