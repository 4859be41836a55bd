"""A stack that is shut: what visitors, programs and the team meet, and what ends it and what does not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from slipway import lab

from .demo_site import Site, Visitor
from .test_deploy import Said, fab
from .test_releases import answers_again, power_cut, visitors, wait_until

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
EDGE = "/etc/nginx/slipway/maintenance"


@pytest.fixture
def team(site: Site, tmp_path: Path) -> Iterator[Site]:
    """Return the host with an inventory of its own, and open the stack afterwards."""
    team = site.varied(tmp_path / "team")
    yield team
    fab(team, "maintenance", "demo", "off").done()


def asks(visitor: Visitor, path: str) -> httpx.Response:
    return visitor.get(path, headers=BROWSER)


def passed(site: Site, said: Said) -> tuple[str, Visitor]:
    """Return the word and a browser that opened the API's link."""
    (host,) = said.data
    link = next(link for link in host["said"]["links"] if site.domain("api") in link)
    browser = site.client()
    opened = browser.get(link.partition(str(site.host.https_port))[2])
    assert (opened.status_code, opened.headers["location"]) == (302, "/")
    word = host["said"]["bypass"]
    assert opened.headers["set-cookie"].startswith(
        f"slipway_bypass={word}; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax"
    )
    return word, browser


@pytest.mark.feature("F31")
def test_visitors_see_a_page_while_the_team_passes_and_a_release_goes_out_behind_it(team: Site, site: Site) -> None:
    number = site.serving()["current"]
    with site.websocket() as socket:
        on = fab(team, "maintenance", "demo", "on", "--why", "a new disk", "--retry-seconds", "120", "--json").done()
        socket.send("still there")
        heard = [str(socket.recv(timeout=10)) for _ in range(3)]  # ticks come as well
        assert any("still there" in text for text in heard), "what is open stays open"
    word, browser = passed(site, on)

    page = asks(site.client(""), "/some/where?x=1")
    assert (page.status_code, page.headers["retry-after"]) == (503, "120")
    assert "The demo is closed" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    sent = site.client("").post("/form", headers=BROWSER, content=b"x" * (3 << 20))
    assert (sent.status_code, "The demo is closed" in sent.text) == (503, True)
    answer = site.client().get("/health")
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (503, "maintenance", "120")

    assert browser.get("/health", headers={"Cookie": f"slipway_bypass={word}"}).json()["status"] == "healthy"
    assert site.client("").get("/", headers={"X-Slipway-Bypass": word}).status_code == 200
    assert site.client("").get("/", headers={"X-Slipway-Bypass": word[:-1]}).status_code == 503
    assert site.client().get("/.slipway/bypass?token=made-up").status_code == 404
    assert site.client().get("/.slipway/maintenance").status_code == 404
    assert site.client().get("/.slipway/bypass%0A").status_code == 503, "only these very words lead past"
    assert site.plain("/.well-known/acme-challenge/none").status_code == 404, "challenges are answered"
    assert site.plain("/").status_code == 301
    assert all(service["healthy"] == service["replicas"] for service in site.status()["services"])

    told = fab(team, "status").done().text
    assert "visitors see a page since" in told
    assert "a new disk" in told
    fab(team, "restart", "demo").done()
    assert site.serving()["current"] == number + 1
    assert asks(site.client(""), "/").status_code == 503, "a release ends no maintenance"
    assert site.client().get("/health", headers={"X-Slipway-Bypass": word}).status_code == 200
    assert word not in site.shell("cat /var/log/nginx/edge.json.log /var/lib/slipway/demo/journal.jsonl")

    site.shell(f"rm {EDGE}/demo.conf")
    fab(team, "resume", "demo").done()
    assert "set $edge_shut" in site.shell(f"cat {EDGE}/demo.conf"), "a resume makes it as it was chosen"
    off = fab(team, "maintenance", "demo", "off").done()
    assert "visitors see demo again" in off.text
    assert site.client().get("/health").status_code == 200
    assert site.shell(f"ls {EDGE}") == ""


@pytest.mark.sweep
def test_neither_reboot_nor_power_cut_ends_it_and_ending_it_loses_no_request(team: Site, site: Site) -> None:
    on = fab(team, "maintenance", "demo", "on", "--json").done()
    word, _ = passed(site, on)
    for way in (lab.reboot, power_cut):
        way(site.host.name, print)
        wait_until(lambda: _answers(site, {"X-Slipway-Bypass": word}) == 200, 180, "the stack serves behind the page")
        assert asks(site.client(""), "/").status_code == 503
    fab(team, "maintenance", "demo", "off").done()
    answers_again(site, 30)
    with visitors(site) as tallies:
        for state in ("on", "off"):
            fab(team, "maintenance", "demo", state).done()
    failures = [failure for tally in tallies for failure in tally.failures]
    assert failures
    assert not [failure for failure in failures if not failure.startswith("503 ")], "nobody is cut off"


def _answers(site: Site, headers: dict[str, str]) -> int:
    try:
        return site.client().get("/health", headers=headers).status_code
    except httpx.HTTPError:
        return 0


def test_a_stack_that_is_open_has_no_way_in_for_those_who_know_the_path(site: Site, tmp_path: Path) -> None:
    found = fab(site.varied(tmp_path / "team"), "maintenance", "demo", "--json").done().data
    assert found[0]["said"] == {"stack": "demo", "state": "off"}
    assert site.client().get("/.slipway/maintenance").status_code == 404
