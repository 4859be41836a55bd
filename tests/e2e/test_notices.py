"""People hear of releases: receivers listen on the lab's network, and the host itself reaches them."""

import json
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from slipway.codec import to_json
from slipway.lab.names import GATEWAY
from slipway.notices.settings import SCHEMA, Server, Settings, Target
from tests import receivers

from .demo_site import Site
from .test_deploy import put_files_in_charge
from .test_releases import wait_until
from .test_verbs import fab
from .test_watch import RETURN_SECONDS, bad, good, journal, one_serves, submit, visitors

FILE = "/etc/slipway/secrets/notices.json"
OUTBOX = "/var/spool/slipway/notices"
TOKEN, PATH = "t0ken-of-the-pager", "/services/T00/s3cret-path"
NOBODY = f"http://{GATEWAY}:9/hook"  # nothing listens there


@dataclass(frozen=True, slots=True)
class People:
    """Whoever is told: by webhook and Slack, and by mail."""

    web: receivers.Web
    box: receivers.Mailbox

    @property
    def url(self) -> str:
        """Return where both kinds of webhooks are listened to."""
        return f"http://{GATEWAY}:{self.web.port}"

    def events(self, path: str = "/pager") -> list[str]:
        """Return what a webhook was told of, in order."""
        return [told["event"] for told in self.web.about(path)]


@pytest.fixture
def people() -> Iterator[People]:
    """Have receivers listen on the lab's network."""
    with receivers.web(GATEWAY) as web, receivers.mail(GATEWAY) as box:
        yield People(web, box)


@pytest.fixture
def telling(site: Site, people: People) -> Iterator[Site]:
    """Return the test host with receivers of each kind and a dead one, as the role `stack` writes them."""
    targets = {
        "pager": Target("webhook", url=f"{people.url}/pager", token=TOKEN),
        "chat": Target("slack", url=people.url + PATH),
        "team": Target("mail", addresses=("team@shop.example",)),
        "dead": Target("webhook", url=NOBODY),
    }
    server = Server(GATEWAY, "slipway@shop.example", people.box.port, "none")
    words = to_json(Settings(SCHEMA, "test", {"warn": tuple(targets)}, targets, server))
    site.shell(f"cp -p {FILE} {FILE}.kept && chmod 600 {FILE} && printf %s {shlex.quote(json.dumps(words))} > {FILE}")
    yield site
    site.shell(f"mv {FILE}.kept {FILE}")


@pytest.fixture
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the test host and bring its own files into force afterwards."""
    put_files_in_charge(site, tmp_path_factory.mktemp("before"))
    yield site
    put_files_in_charge(site, tmp_path_factory.mktemp("after"))
    site.playbook().done()


def noted(site: Site, since: int) -> dict[str, dict[str, Any]]:
    """Return who was told, and who could not be, by receiver."""
    return {entry["receiver"]: entry for entry in journal(site, "notice")[since:]}


@pytest.mark.timeout(240)
def test_all_kinds_hear_of_a_refused_release_and_a_dead_one_holds_up_nobody(
    telling: Site, people: People, tmp_path: Path
) -> None:
    before, serves = len(journal(telling, "notice")), telling.serving()["current"]
    result = submit(telling.release(tmp_path, "9.9.9"))
    assert result["verdict"] == "refused"
    wait_until(lambda: len(people.web.posts) >= 2 and len(people.box.mails) >= 1, 20, "those who listen were told")
    (told,) = people.web.about("/pager")
    assert (told["event"], told["severity"], told["stack"], told["serves"]) == ("refused", "warn", "demo", serves)
    assert "9.9.9" in told["text"]
    assert people.web.posts[0].headers.get("Authorization", people.web.posts[1].headers.get("Authorization")) == f"Bearer {TOKEN}"
    assert f"release {serves} serves on" in people.web.about(PATH)[0]["text"]
    assert "9.9.9" in people.box.mails[0]

    wait_until(lambda: len(noted(telling, before)) == 4, 60, "the journal says who was told")
    found = noted(telling, before)
    assert {name: entry["state"] for name, entry in found.items()} == {
        **dict.fromkeys(("pager", "chat", "team"), "sent"),
        "dead": "failed",
    }
    assert found["dead"]["tries"] == 3
    assert telling.shell(f"ls {OUTBOX}") == ""
    kept = telling.shell(
        "journalctl -u 'slipway-*' --no-pager; slipway journal demo --json; cat /var/spool/slipway/* 2>/dev/null", False
    )
    assert TOKEN not in kept
    assert "s3cret-path" not in kept

    tried = fab("notify-test", env=telling.inventory)
    assert tried.code == 3
    assert "pager  webhook  took it" in tried.output
    assert "dead   webhook  not reached: " in tried.output
    assert fab("notify-test", "--receiver", "team", env=telling.inventory).code == 0
    assert "this is a test" in people.box.mails[-1]


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_the_words_of_the_inventory_reach_people_up_to_the_hosts_own_return(host: Site, people: People, tmp_path: Path) -> None:
    words = {
        "notices": {"page": ["pager", "chat"], "warn": ["pager"], "info": ["pager", "team"]},
        "receivers": {
            "pager": {"webhook": f"{people.url}/pager", "token": "PAGER_TOKEN"},
            "chat": {"slack": "CHAT_URL"},
            "team": {"mail": ["team@shop.example"]},
        },
        "mail_server": {"host": GATEWAY, "port": people.box.port, "security": "none", "sender": "slipway@shop.example"},
        "stacks.demo.secrets.PAGER_TOKEN": {"command": ["echo", TOKEN]},
        "stacks.demo.secrets.CHAT_URL": {"command": ["echo", people.url + PATH]},
    }
    told = host.varied(tmp_path / "told", words)
    output = told.playbook("-vvv", "--diff").done().output
    assert TOKEN not in output
    assert "s3cret-path" not in output
    wait_until(lambda: people.events() == ["deployed"], 20, "a deploy by site.yml is told")
    assert host.shell(f"stat -c '%a %U' {FILE}").split() == ["400", "root"]
    assert told.playbook().done().changed == 0, "and a second run changes nothing"

    kept = submit(good(told, tmp_path / "good"))["release"]
    wait_until(lambda: people.events() == ["deployed", "deployed", "passed"], 90, "a passed watch is told")
    with visitors(host):
        time.sleep(2)
        taken = submit(bad(told, tmp_path / "bad"))["release"]
        host.shell("systemctl kill --signal=KILL slipway-notices.service", check=False)  # sent again, if it was at it
        wait_until(lambda: "returned" in people.events(), RETURN_SECONDS, "the host's own return is told")
    back = next(message for message in people.web.about("/pager") if message["event"] == "returned")
    assert (back["release"], back["serves"], back["severity"]) == (taken, kept, "page")
    assert any(traffic["failed"] for traffic in back["numbers"]["traffic"])
    wait_until(lambda: bool(people.web.about(PATH)), 20, "chat hears of it too")
    assert f"release {taken} was taken back, release {kept} serves again" in people.web.about(PATH)[0]["text"]
    one_serves(host, kept)

    host.shell("systemctl stop slipway-notices.path")  # the host goes down with a message in its outbox
    assert submit(told.release(tmp_path / "refused", "9.9.9"))["verdict"] == "refused"
    assert host.shell(f"ls {OUTBOX}").count(".json") == 1
    host.shell("systemctl start slipway-notices.path")
    wait_until(lambda: people.events()[-1] == "refused", 20, "it is sent once the host is back")
    fab("rollback", "demo", env=told.inventory).done()
    wait_until(lambda: people.events()[-1] == "rolled back", 20, "a rollback is told")
    assert len(people.box.mails) >= 3
