"""Changes that lock everybody out: the host lets people in again by itself, and says what happened."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from slipway import lab

from .demo_site import PLAYBOOK, ROOT, Run, Site
from .test_releases import wait_until

GUARD_SECONDS = 12
BOUND_SECONDS = 90
LONG_SECONDS = 900  # no timer of this length helps in time
SSH_UNDO = [["mkdir", "-p", "/run/sshd"], ["systemctl", "reset-failed", "ssh.service"], ["systemctl", "restart", "ssh.service"]]
POOLS = ("10.213.0.0/16", "172.28.0.0/15", "172.17.0.0/16")  # of stacks, of Docker's other networks, of its first bridge
FIREWALL_UNDO = [["nft", "delete", "table", "inet", "slipway"], ["systemctl", "restart", "slipway-firewall.service"]]
RULES = "table inet slipway\ndelete table inet slipway\ntable inet slipway {{\n  chain input {{\n    {}\n  }}\n}}\n"
DROP = "type filter hook input priority -10; policy drop;"
STATE = "cat /etc/ssh/sshd_config.d/*.conf /etc/sudoers.d/* /etc/slipway/firewall.nft; head -50 /etc/ssh/authorized_keys.d/*"


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is right for its checker and wrong for people, and how its daemon comes to read it."""

    dest: str
    content: str
    apply: list[str]
    undo: list[list[str]]

    def words(self, seconds: int) -> dict[str, Any]:
        """Return the play's variables."""
        files = [{"dest": self.dest, "content": self.content}]
        return {"files": files, "apply": self.apply, "undo": self.undo, "seconds": seconds}


def sshd(line: str, verb: str = "reload") -> Fault:
    return Fault("/etc/ssh/sshd_config.d/00-lockout.conf", f"{line}\n", ["systemctl", verb, "ssh.service"], SSH_UNDO)


def firewall(rules: str) -> Fault:
    apply = ["systemctl", "restart", "slipway-firewall.service"]
    return Fault("/etc/slipway/firewall.nft", RULES.format(rules), apply, FIREWALL_UNDO)


FAULTS = {
    "drop-all": firewall(DROP),
    "drop-new-only": firewall(f"{DROP}\n    ct state established,related accept"),
    "wrong-port": sshd("Port 2200"),
    "refused-keys": sshd("AuthorizedKeysFile none"),
    "broken-sshd": sshd("NoSuchWord yes", "restart"),
}
IN_EVERY_RUN = ("drop-new-only",)


@dataclass(slots=True)
class Door:
    """The way in, as somebody finds it who was never here."""

    site: Site
    tried: list[str] = field(default_factory=list)

    def opens(self) -> bool:
        """Try a login with sudo over a connection of its own."""
        key, known = lab.ssh_key(), lab.known_hosts()
        options = (
            "BatchMode=yes",
            "ControlMaster=no",
            "ControlPath=none",
            "ConnectTimeout=4",
            "ServerAliveInterval=2",
            "IdentitiesOnly=yes",
        )
        argv = ["ssh", "-F", "none", "-i", str(key), "-p", str(self.site.host.ssh_port), "-o", f"UserKnownHostsFile={known}"]
        argv += [word for option in options for word in ("-o", option)]
        with suppress(subprocess.TimeoutExpired):
            run = subprocess.run([*argv, "ops@127.0.0.1", "sudo -n true"], capture_output=True, text=True, check=False, timeout=9)
            self.tried.append(run.stderr.strip())
            return run.returncode == 0
        return False

    def wait(self, wanted: bool, until: float, pause: float = 2) -> None:
        """Wait until it opens, or does not."""
        while self.opens() is not wanted:
            assert time.monotonic() < until, self.tried[-3:]
            time.sleep(pause)


@pytest.fixture
def door(site: Site) -> Iterator[Door]:
    """Return the way in; the host must be as it was afterwards."""
    before = site.shell(STATE)
    door = Door(site)
    assert door.opens(), door.tried
    yield door
    assert site.shell(STATE) == before
    site.shell("rm -rf /var/lib/slipway/guard/*/")
    wait_until(lambda: serves(site), BOUND_SECONDS, "every service is healthy again after a restart")


def serves(site: Site) -> bool:
    """Say whether all that should run is healthy; what an earlier test left to drain may end meanwhile."""
    with suppress(AssertionError):  # Docker is on its way up
        return all(service["healthy"] == service["replicas"] for service in site.status()["services"])
    return False


def change(site: Site, fault: Fault, seconds: int) -> "subprocess.Popen[str]":
    argv = [str(PLAYBOOK), "-i", str(site.inventory), "tests/e2e/lockout/change.yml", "-e", json.dumps(fault.words(seconds))]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def armed(site: Site, guard: str) -> float:
    """Wait for the guard and return when it was armed."""
    until = time.monotonic() + 60
    while not site.shell(f"ls /var/lib/slipway/guard/{guard}/undo.json 2>/dev/null", check=False):
        assert time.monotonic() < until, "no guard was armed"
        time.sleep(0.2)
    return time.monotonic()


def locked_out_and_back(door: Door, guard: str, start: Callable[[], "subprocess.Popen[str]"]) -> Run:
    """Make the change, see that the door is shut, then open again in time; return what the play said."""
    play = start()
    begun = armed(door.site, guard)
    door.wait(False, begun + GUARD_SECONDS, pause=0.3)
    time.sleep(max(0.0, begun + GUARD_SECONDS - time.monotonic()))  # each refused login counts against our address
    door.wait(True, begun + BOUND_SECONDS)
    print(f"reachable again after {time.monotonic() - begun:.1f} s")  # noqa: T201 - the measurement
    output, _ = play.communicate(timeout=180)
    return Run(play.returncode, " ".join(output.split()))


@pytest.mark.parametrize(
    "name", [name if name in IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.sweep) for name in FAULTS]
)
def test_a_change_that_shuts_the_door_is_put_back_and_the_play_says_so(door: Door, name: str) -> None:
    play = locked_out_and_back(door, "lockout", lambda: change(door.site, FAULTS[name], GUARD_SECONDS))
    assert play.code != 0
    assert f"on probation: the host puts this back by itself after {GUARD_SECONDS} s" in play.output
    told = (
        f"puts back by itself within {GUARD_SECONDS} s",
        f"nobody confirmed it within {GUARD_SECONDS} s",
        "non-zero return code",
    )
    assert any(words in play.output for words in told)


@pytest.mark.sweep
def test_an_admin_who_removes_himself_is_let_in_again_and_the_next_run_tells(door: Door, site: Site) -> None:
    others = {"ann": {"keys": ["~/.cache/slipway/lab/id_ed25519.pub"]}}
    words = {"users_admins": others, "users_operator": "ann", "users_guard_seconds": GUARD_SECONDS}
    play = locked_out_and_back(door, "users", lambda: site.start_playbook("--tags", "users", "-e", json.dumps(words)))
    assert play.code != 0
    assert f"puts back by itself within {GUARD_SECONDS} s" in play.output
    again = site.playbook("--tags", "users").done()
    assert "an earlier change did not last" in again.output
    assert f"nobody confirmed it within {GUARD_SECONDS} s" in " ".join(again.output.split())


@pytest.mark.parametrize("end", [lab.power_cut, pytest.param(lab.reboot, marks=pytest.mark.sweep)])
def test_a_restart_before_anybody_confirmed_puts_it_back_before_anything_reads_it(
    door: Door, end: Callable[[str, Callable[[str], None]], None]
) -> None:
    play = change(door.site, FAULTS["refused-keys"], LONG_SECONDS)
    armed(door.site, "lockout")
    door.wait(False, time.monotonic() + 20, pause=0.3)
    play.communicate(timeout=120)
    begun = time.monotonic()
    end(door.site.host.name, print)
    if end is lab.power_cut:
        lab.start(door.site.host.name, print)
    door.wait(True, begun + BOUND_SECONDS)
    print(f"reachable again after {time.monotonic() - begun:.1f} s")  # noqa: T201 - the measurement
    assert "the host restarted before anybody confirmed it" in door.site.shell("cat /var/lib/slipway/guard/lockout/undone.json")


def test_a_run_whose_key_would_not_get_in_any_more_is_refused_with_nothing_changed(
    door: Door, site: Site, tmp_path: Path
) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE ann@laptop"
    refused = site.varied(tmp_path, {"admins": {"ops": {"keys": [other]}}}).playbook("--tags", "users")
    assert refused.code == 2
    assert "the key of this run is none of ops's" in refused.output
    assert "changed=0" in refused.output
    assert door.opens()


def test_container_networks_that_would_take_the_way_to_the_host_are_refused_with_nothing_changed(
    site: Site, tmp_path: Path
) -> None:
    refused = site.varied(tmp_path, {"docker.address_pool": "10.212.0.0/16"}).playbook("--tags", "stack")
    assert refused.code == 2
    assert "holds 10.212.0.1, where somebody is logged in from" in " ".join(refused.output.split())
    assert "changed=0" in refused.output


def test_all_that_a_host_has_beyond_its_own_network_lies_in_the_pools(site: Site) -> None:
    own = ("lo", "eth0")
    cards = {card["ifname"]: card["addr_info"] for card in json.loads(site.shell("ip -json -4 address"))}
    assert [one["local"] for one in cards["lo"]] == ["127.0.0.1", "10.255.77.1"]
    assert [one["local"] for one in cards["eth0"]] == [site.host.address]
    routes = json.loads(site.shell("ip -json -4 route"))
    assert sorted(route["dst"] for route in routes if route["dev"] in own) == ["10.212.0.0/24", "default"]
    inner = [one["local"] for name, found in cards.items() if name not in own for one in found]
    inner += [route["dst"] for route in routes if route["dev"] not in own]
    assert len(inner) > 3
    assert [one for one in inner if not any(IPv4Network(one).subnet_of(IPv4Network(pool)) for pool in POOLS)] == []
    assert re.findall(r"lookup (\w+)", site.shell("ip -4 rule")) == ["local", "main", "default"]
