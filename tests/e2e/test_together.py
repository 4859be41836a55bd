"""Hosts that switch together: what one does at the gate and without a confirm, and three of which one is cut off."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway import lab, local_command, request
from slipway.load import load_environment
from slipway.load.secrets import secret_values
from slipway.ops import deploy, releasing, ssh
from slipway.ops.hosts import Host

from .demo_site import ROOT, Site
from .test_deploy import FAB, fab, pin, put_files_in_charge
from .test_releases import answers_again, power_cut, wait_until
from .test_watch import good, one_serves, visitors

BOUND_SECONDS = 120  # a cut line ends with one release everywhere within this
CUT = "nft add table inet cut; nft add chain inet cut in '{ type filter hook input priority -300; }'"


def asked(wanted: Site, called: str) -> dict[str, Any]:
    """Hand a request over that the host is to switch to together with others; return how far it came."""
    environment = load_environment(wanted.inventory, ROOT / "compose")
    values = secret_values(environment, "demo", None, partial(local_command.ask_all, folder=ROOT))
    choice = request.Choice(together=called)
    origin = request.Origin("tests")
    data = request.request(environment.stacks["demo"], values, origin, "a test", base=False, choice=choice)
    return engine(wanted, "submit", "demo", said=json.dumps(data))


def engine(site: Site, *words: str, said: str = "") -> dict[str, Any]:
    argv = ["docker", "exec", "-i", site.host.container, "slipway", *words]
    run = subprocess.run(argv, input=said, capture_output=True, text=True, check=False, timeout=600)
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def test_a_prepared_host_waits_for_the_word_and_goes_back_where_another_one_fails(site: Site, tmp_path: Path) -> None:
    before, version = site.serving()["current"], site.client().get("/").json()["release"]
    with visitors(site) as tally:
        prepared = asked(good(site, tmp_path, WATCH_SECONDS="0"), "c0ffee")
        assert (prepared["verdict"], site.serving()["current"]) == ("prepared", before)
        assert (site.serving()["next"], prepared["release"]) == (prepared["release"],) * 2
        assert "switches together with other hosts" in site.status()["together"]
        assert engine(site, "together", "demo", "c0ffee", "look")["verdict"] == "prepared"
        went = engine(site, "together", "demo", "c0ffee", "go")
        assert (went["verdict"], site.serving()["current"]) == ("serving", prepared["release"])
        assert f"release {before} serves again if that is not said" in site.status()["together"]
        back = engine(site, "together", "demo", "c0ffee", "back", "--why", "web3: cut off")
        assert (back["release"], site.serving()["current"]) == (before, before)
        time.sleep(2)
    assert tally.failures == []
    assert tally.answers > 20
    assert prepared["release"] not in site.serving()["held"], "it did no wrong"
    assert (site.status()["together"], site.client().get("/").json()["release"]) == ("", version)
    late = engine(site, "together", "demo", "c0ffee", "confirm")
    assert (late["code"], "web3: cut off" in late["error"]) == (5, True)


def killed(site: Site) -> None:
    site.shell("systemctl kill --signal KILL slipway-run@demo.service")


def without_power(site: Site) -> None:
    power_cut(site.host.name, print)
    answers_again(site, 180)


@pytest.mark.sweep
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("goes", "act"), [(False, killed), (True, killed), (True, without_power)])
def test_a_host_that_dies_on_the_way_ends_with_the_release_before(
    site: Site, tmp_path: Path, *, goes: bool, act: Callable[[Site], None]
) -> None:
    before = site.serving()["current"]
    assert asked(good(site, tmp_path, WATCH_SECONDS="0"), "decade")["verdict"] == "prepared"
    if goes:
        assert engine(site, "together", "demo", "decade", "go")["verdict"] == "serving"
        assert site.serving()["current"] != before
    act(site)
    wait_until(lambda: (site.serving()["current"], site.serving()["next"]) == (before, None), 180, "the release before serves")
    one_serves(site, before)
    assert engine(site, "together", "demo", "decade", "look")["verdict"] == "none"


@dataclass(slots=True)
class Trio:
    """Three hosts of one inventory; a word to one of them may find the line cut."""

    sites: dict[str, Site]
    cut_at: tuple[str, str, int] = ("", "", 0)
    heard: list[tuple[str, str]] = field(default_factory=list)

    @property
    def inventory(self) -> Path:
        return self.sites["test"].inventory

    def where(self) -> releasing.Place:
        return releasing.place(ROOT, str(self.inventory), "")

    def serve(self) -> list[str]:
        """Return the version that each host's record names, whatever the network does."""
        found = []
        for site in self.sites.values():
            number = site.serving()["current"]
            record = json.loads(site.shell(f"cat /var/lib/slipway/demo/releases/{number}/release.json"))
            found.append(str(record["stack"]["variables"]["RELEASE"]))
        return found

    def one(self, version: str) -> bool:
        return self.serve() == [version] * 3 and not any(site.serving().get("unconfirmed") for site in self.sites.values())

    def doors(self) -> releasing.Doors:
        settings = ssh.read_settings(ROOT / "ansible.cfg")

        def ask(seconds: float) -> Callable[[Host, Sequence[str]], ssh.Answer]:
            def one(host: Host, command: Sequence[str]) -> ssh.Answer:
                self._before(host, command)
                return ssh.ask(host, settings, command, seconds)

            return one

        def converse(host: Host, command: Sequence[str], said: bytes, hear: Callable[[str], None]) -> ssh.Answer:
            self._before(host, command)
            return ssh.converse(host, settings, command, said, hear)

        return releasing.Doors(ask(60), converse, print, ask(releasing.SOON_SECONDS))

    def _before(self, host: Host, command: Sequence[str]) -> None:
        word = command[6] if command[3] == "together" else command[3]
        self.heard.append((host.name, word))
        if (host.name, word, self.heard.count((host.name, word))) == self.cut_at:
            self.cut(host.name)

    def cut(self, name: str) -> None:
        self.sites[name].shell(f"{CUT}; nft add rule inet cut in tcp dport 22 drop")

    def mend(self) -> None:
        for site in self.sites.values():
            site.shell("nft delete table inet cut", check=False)


@pytest.fixture(scope="module")
def trio(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    """Return three hosts that serve the first release; afterwards the files are in charge of the test host again."""
    lab.up(["noble", "spare"], print)
    wanted = site.varied(tmp_path_factory.mktemp("trio"))
    file = wanted.inventory / "hosts.yml"
    data = yaml.safe_load(file.read_text())
    for name in ("noble", "spare"):
        data["all"]["hosts"][name] = {"ansible_host": "127.0.0.1", "ansible_port": lab.HOSTS[name].ssh_port}
    file.write_text(yaml.safe_dump(data))
    wanted.playbook().done()
    yield Trio({name: replace(wanted, host=lab.HOSTS[name]) for name in ("noble", "spare", "test")})
    lab.power_cut("spare", print)
    put_files_in_charge(site, tmp_path_factory.mktemp("files"))
    site.playbook().done()


@pytest.fixture
def hosts(trio: Trio) -> Iterator[Trio]:
    """Return the three with whole lines, all of 1.0.0."""
    trio.heard.clear()
    yield trio
    trio.cut_at = ("", "", 0)
    trio.mend()
    (trio.inventory / "group_vars/all/releases.yml").unlink(missing_ok=True)
    if not trio.one("1.0.0"):
        fab(trio.sites["test"], "deploy", "demo", "1.0.0").done()
    assert trio.one("1.0.0")


def out(hosts: Trio) -> releasing.Outcome:
    return deploy.deploy(hosts.where(), deploy.Order("demo", "1.1.0"), releasing.Manner(), hosts.doors())


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_three_hosts_switch_together_by_the_verb_and_by_the_playbook(hosts: Trio) -> None:
    said = fab(hosts.sites["test"], "deploy", "demo", "1.1.0").done()
    assert hosts.one("1.1.0")
    assert pin(hosts.sites["test"])["variables"] == {"RELEASE": "1.1.0"}
    assert all(f"{name}: release" in said.text for name in hosts.sites)
    back = fab(hosts.sites["test"], "rollback", "demo").done()
    assert hosts.one("1.0.0"), back.text
    file = hosts.inventory / "group_vars/all/stacks.yml"
    kept = file.read_text()
    data = yaml.safe_load(kept) | {"deploy_order": "all"}
    data["stacks"]["demo"]["variables"]["API_RATE"] = "13"  # never had before, so no choice of a person goes before it
    try:
        file.write_text(yaml.safe_dump(data))
        hosts.sites["test"].playbook("--tags", "stack").done()
        rates = [site.shell("cat /etc/nginx/slipway/sites/demo.conf").count("rate=13r/s") for site in hosts.sites.values()]
        assert all(rates)
        assert hosts.one("1.0.0")
        assert hosts.sites["test"].playbook("--tags", "stack").done().changed == 0
    finally:
        file.write_text(kept)


@pytest.mark.sweep
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("word", "count"), [("look", 2), ("go", 1), ("look", 3)], ids=["prepared", "at the switch", "switched and not confirmed"]
)
def test_a_host_that_is_cut_off_leaves_one_release_everywhere_within_two_minutes(hosts: Trio, word: str, count: int) -> None:
    hosts.cut_at = ("spare", word, count)
    outcome = out(hosts)
    began = time.monotonic()
    wait_until(lambda: hosts.one("1.0.0"), BOUND_SECONDS, "one release everywhere")
    print(f"{word} {count}: one release {time.monotonic() - began:.0f} s behind the end of the verb")  # noqa: T201
    assert outcome.code == 3
    assert outcome.pin == ""
    hosts.mend()
    assert all(site.serving()["held"] == [] for site in hosts.sites.values())
    wait_until(lambda: out(hosts).code == 0, 300, "the same goes through on a line that is whole")
    assert hosts.one("1.1.0")


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_whoever_releases_is_killed_and_the_hosts_make_it_one_by_themselves(hosts: Trio) -> None:
    argv = [FAB, "deploy", "demo", "1.1.0", "--env", str(hosts.inventory)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    test = hosts.sites["test"]
    before = test.serving()["current"]
    while process.poll() is None and test.serving()["current"] == before:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    began = time.monotonic()
    wait_until(lambda: hosts.one("1.0.0") or hosts.one("1.1.0"), BOUND_SECONDS, "one release everywhere")
    print(f"controller killed: {hosts.serve()} after {time.monotonic() - began:.0f} s")  # noqa: T201


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_a_host_that_misses_the_confirm_is_told_by_status_and_the_next_deploy_makes_it_one(hosts: Trio) -> None:
    hosts.cut_at = ("spare", "confirm", 1)
    outcome = out(hosts)
    assert outcome.code == 3
    hosts.mend()
    wait_until(lambda: hosts.serve() == ["1.1.0", "1.0.0", "1.1.0"], BOUND_SECONDS, "the one that heard nothing went back")
    said = fab(hosts.sites["test"], "status").done()
    assert "demo: the hosts serve 2 different releases" in said.text
    fab(hosts.sites["test"], "deploy", "demo", "1.1.0").done()
    assert hosts.one("1.1.0")
    assert "different releases" not in fab(hosts.sites["test"], "status").done().text
