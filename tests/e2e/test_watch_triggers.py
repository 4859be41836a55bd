"""Each bound of the watch, broken on a host: a release serves well, then turns bad, and is taken back for just that.

That of failures is in `test_watch`, which every run of the tests has.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .demo_site import Site
from .test_releases import wait_until
from .test_watch import good, journal, one_serves, submit, visitors

RETURN_SECONDS = 90


@pytest.fixture(scope="module")
def host(site: Site) -> Iterator[Site]:
    """Return the test host and bring the first release back at the end: each test goes on from whatever serves."""
    yield site
    site.playbook().done()


def kill_twice(site: Site, number: int) -> None:
    """End a worker's first process twice, as a crash would: a stop by Docker would not be followed by a start."""
    container = f"demo-r{number}-worker-1"
    for _ in range(2):
        wait_until(lambda: site.shell(f"docker inspect -f '{{{{.State.Running}}}}' {container}").strip() == "true", 30, "it runs")
        site.shell(f"kill -9 $(docker inspect -f '{{{{.State.Pid}}}}' {container})")
        time.sleep(1)


def suffer(fault: str) -> Callable[[Site, int], None]:
    """Return what switches a fault on in every replica of the API, each inside its container."""

    def switch(site: Site, number: int) -> None:
        for replica in (1, 2):
            asked = f"""
import json, os, urllib.request
body = json.dumps({{"fault": "{fault}"}}).encode()
headers = {{"content-type": "application/json", "x-admin-token": os.environ["SECRET_KEY"]}}
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8000/admin/fault", body, headers)).read()
"""
            site.shell(f"docker exec demo-r{number}-api-{replica} python3 -c '{asked}'")

    return switch


TRIGGERS = [
    pytest.param("failed_checks", suffer("never-healthy"), "failed checks in a row", id="failed_checks"),
    pytest.param("restarts", kill_twice, "worker-1 was restarted 2 times", id="restarts"),
    pytest.param("p95_ms", suffer("slow:1500"), "took longer than 1000 ms", id="p95_ms"),
    pytest.param("memory_mb", suffer("memory:4"), "MB for 5 s", id="memory_mb"),
]


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("trigger", "turn_bad", "said"), TRIGGERS)
def test_a_release_that_breaks_a_bound_is_taken_back_for_that(
    host: Site, tmp_path: Path, trigger: str, turn_bad: Callable[[Site, int], None], said: str
) -> None:
    before = host.serving()["current"]
    with visitors(host):
        number = submit(good(host, tmp_path, WATCH_SECONDS="120", MEMORY_MB="150"))["release"]
        time.sleep(8)
        assert host.serving()["current"] == number, "it serves well, and stays"
        turn_bad(host, number)
        wait_until(lambda: host.serving()["current"] == before, RETURN_SECONDS, "the host returned")
    one_serves(host, before)
    wait_until(lambda: any(entry["from"] == number for entry in journal(host, "returned")), 30, "the return is told")
    back = journal(host, "returned")[-1]
    assert (back["to"], back["trigger"]) == (before, trigger)
    assert said in back["text"]
