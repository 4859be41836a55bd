"""A run that dies between a file and its handler: the next one makes the daemon read it, that daemon and no other."""

import os
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from .demo_site import Site

DAEMONS = ("ssh.service", "docker.service", "nginx.service")
STARTED = {"docker.service": "ExecMainStartTimestampMonotonic"}  # a restart; a reload is a change of state
PREPARE = ("--tags", "ssh,docker,edge")


def read_at(site: Site) -> Mapping[str, str]:
    """Return when each daemon last read its settings, as systemd tells."""
    show = "systemctl show --value --property={} {}"
    return {name: site.shell(show.format(STARTED.get(name, "StateChangeTimestampMonotonic"), name)) for name in DAEMONS}


def read_anew(site: Site, before: Mapping[str, str]) -> list[str]:
    """Return the daemons that have read their settings since."""
    after = read_at(site)
    return [name for name in DAEMONS if after[name] != before[name]]


def greets(site: Site) -> bool:
    """Return whether sshd greets a stranger."""
    with socket.create_connection(("127.0.0.1", site.host.ssh_port), timeout=5) as connection:
        return connection.recv(4) == b"SSH-"


def test_a_run_killed_between_a_file_and_its_handler_is_made_up_for(site: Site, tmp_path: Path) -> None:
    """Docker's settings are written, the run is killed at that moment, the engine never restarts; a plain run heals it."""
    before = read_at(site)
    inventory = site.varied(tmp_path, {"docker.registry_mirrors": ["http://10.212.0.10:5000", "http://10.212.0.10:5001"]})
    killed_once_written(inventory, "10.212.0.10:5001")
    assert "5001" not in site.shell("docker info --format '{{.RegistryConfig.Mirrors}}'")
    assert read_anew(site, before) == []
    healed = inventory.playbook(*PREPARE).done()
    assert read_anew(site, before) == ["docker.service"]
    assert "5001" in site.shell("docker info --format '{{.RegistryConfig.Mirrors}}'")
    assert "has not read its settings" in healed.output
    assert inventory.playbook(*PREPARE).done().changed == 0
    site.playbook(*PREPARE).done()


def killed_once_written(site: Site, words: str) -> None:
    """Run the role and kill it, with all it started, as soon as the file holds these words."""
    run = site.start_playbook("--tags", "docker")
    try:
        for _ in range(600):
            if words in site.shell("cat /etc/docker/daemon.json"):
                return
            time.sleep(0.05)
        raise AssertionError("the file was never written")
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate(timeout=60)


def test_daemons_older_than_their_settings_read_them_and_no_other_does(site: Site) -> None:
    """A file with a newer time and the same content is what a killed run leaves behind."""
    before = read_at(site)
    site.shell("touch /etc/ssh/sshd_config.d/00-slipway.conf /etc/nginx/nginx.conf")
    assert site.playbook("--check", *PREPARE).done().changed > 0
    assert read_anew(site, before) == []
    site.playbook(*PREPARE).done()
    assert read_anew(site, before) == ["ssh.service", "nginx.service"]
    assert greets(site)
    assert site.plain("/.well-known/acme-challenge/none").status_code == 404
    assert site.playbook(*PREPARE).done().changed == 0


def test_a_daemon_that_was_stopped_and_shut_off_comes_back(site: Site) -> None:
    site.shell("systemctl disable --now nginx.service")
    assert site.playbook("--tags", "edge").done().changed == 1
    assert site.plain("/.well-known/acme-challenge/none").status_code == 404
    assert site.shell("systemctl is-enabled nginx.service").strip() == "enabled"


def test_a_sshd_that_systemd_forgot_is_taken_over_with_its_sessions(site: Site) -> None:
    """As after `disable` and `enable`, where systemd takes a returning alias for a dead unit: a start finds the port taken."""
    site.shell("systemctl stop ssh.service && mkdir -p /run/sshd && setsid --fork /usr/sbin/sshd")
    assert site.shell("systemctl is-active ssh.service || true").strip() == "inactive"  # its code says the same
    assert greets(site)
    session = site.shell("pgrep sshd-session | head -1").strip()
    assert session  # the connection that Ansible keeps
    assert site.playbook("--tags", "ssh").done().changed == 1
    assert site.shell("systemctl is-active ssh.service").strip() == "active"
    assert site.shell("systemctl show --value --property=MainPID ssh.service") == site.shell("cat /run/sshd.pid")
    site.shell(f"kill -0 {session}")
    assert greets(site)
    assert site.playbook("--tags", "ssh").done().changed == 0


def test_rules_that_were_taken_away_come_back(site: Site) -> None:
    site.shell("nft delete table inet slipway")
    assert site.playbook("--tags", "firewall").done().changed > 0
    assert "hook input" in site.shell("nft list table inet slipway")


def test_a_firewall_older_than_its_unit_is_loaded_anew_and_then_there_is_nothing_to_do(site: Site) -> None:
    """A file with a newer time and the same content is what a killed run leaves behind."""
    started = "systemctl show --value --property=ExecMainStartTimestampMonotonic slipway-firewall.service"
    before = site.shell(started)
    site.shell("touch /etc/systemd/system/slipway-firewall.service")
    assert "the kernel does not filter by" in site.playbook("--tags", "firewall").done().output
    assert site.shell(started) != before
    assert site.playbook("--tags", "firewall").done().changed == 0
