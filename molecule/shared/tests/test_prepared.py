"""What site.yml must have made of a fresh host; asked once, before and after a reboot and a power cut."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Facts = dict[str, Any]
_seen: dict[str, Facts] = {}
DAEMONS = (
    *("ssh", "slipway-firewall", "docker", "nginx", "certbot.timer", "logrotate.timer"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "slipway-reboot.timer"),
)


@pytest.fixture
def facts(host: Any) -> Facts:
    name = host.backend.get_hostname()
    if name not in _seen:
        with host.sudo():
            _seen[name] = json.loads(host.check_output("python3 -c %s", (HERE / "collect.py").read_text()))
    return _seen[name]


@pytest.fixture
def planted(host: Any) -> Iterator[int]:
    """A listener that nobody declared, on all addresses of the host."""
    with host.sudo():
        host.check_output("systemd-run --quiet --collect --unit slipway-planted python3 -m http.server 5432")
        yield 5432
        host.check_output("systemctl stop slipway-planted")


def from_outside(name: str, *ports: str) -> list[int]:
    """Return the ports of a host that answer another host of the lab's network."""
    address = {"test": "10.212.0.22", "noble": "10.212.0.23"}[name]
    argv = ["docker", "exec", "slipway-lab-probe", "python3", "-c", (HERE / "scan.py").read_text(), address, *ports]
    answered: list[int] = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)[address]["open"]
    return answered


@pytest.mark.parametrize("unit", DAEMONS)
def test_each_daemon_runs(facts: Facts, unit: str) -> None:
    assert facts["active"][unit] == "active"


def test_nothing_failed_to_start(facts: Facts) -> None:
    assert facts["failed"] == ""


def test_the_stock_firewall_unit_cannot_flush_our_rules(facts: Facts) -> None:
    assert facts["enabled"]["nftables"] == "masked"


def test_the_firewall_is_loaded(facts: Facts) -> None:
    chains = {item["chain"]["name"] for item in facts["rules"]["nftables"] if "chain" in item}
    assert {"early", "input", "forward", "openings"} <= chains


def test_sshd_takes_keys_only_and_no_root(facts: Facts) -> None:
    assert (facts["sshd"]["permitrootlogin"], facts["sshd"]["passwordauthentication"]) == ("no", "no")
    assert facts["sshd"]["authenticationmethods"] == "publickey"


def test_sshd_offers_no_algorithm_that_auditors_refuse(facts: Facts) -> None:
    offered = ",".join(facts["sshd"][word] for word in ("kexalgorithms", "ciphers", "macs", "hostkeyalgorithms"))
    refused = ("nistp", "ecdsa", "sha1", "umac", "cbc", "group14", "hmac-sha2-256,", "hmac-sha2-512,")
    assert [word for word in refused if word in f"{offered},"] == []


def test_of_the_key_exchanges_one_is_for_older_clients_and_the_others_are_safe_from_quantum_computers(facts: Facts) -> None:
    offered = facts["sshd"]["kexalgorithms"].split(",")
    safe = [name for name in offered if name.startswith(("mlkem768x25519", "sntrup761x25519"))]
    assert safe
    assert [name for name in offered if name not in safe] == ["curve25519-sha256@libssh.org"]


def test_only_named_admins_and_the_deploy_user_have_keys(facts: Facts) -> None:
    assert set(facts["keys"]) == {"ops", "deploy"}


def test_each_key_of_the_deploy_user_starts_one_command_and_nothing_else(facts: Facts) -> None:
    lines = [line for line in facts["keys"]["deploy"].splitlines() if not line.startswith("#")]
    assert lines != []
    assert all(re.match(r'restrict,command="/usr/local/sbin/slipway-deploy [A-Za-z0-9._-]+" ssh-', line) for line in lines)


def test_the_deploy_user_has_one_command_of_root(facts: Facts) -> None:
    assert facts["deploy_sudo"].rpartition("NOPASSWD:")[2].strip() == "/usr/local/sbin/slipway-deploy"


def test_nobody_is_in_the_docker_group(facts: Facts) -> None:
    assert facts["docker_group"] == ""


def test_docker_keeps_containers_over_its_own_restart(facts: Facts) -> None:
    assert facts["docker"]["LiveRestoreEnabled"] is True


def test_dockers_packages_move_by_an_order_only(facts: Facts) -> None:
    assert {"docker.io", "containerd", "runc"} <= set(facts["held"])


def test_updates_of_the_distribution_install_themselves_and_never_reboot_by_themselves(facts: Facts) -> None:
    lines = facts["apt"].splitlines()
    origins = [line.split('"')[1] for line in lines if line.startswith("Unattended-Upgrade::Origins-Pattern:: ")]
    assert origins
    assert all(origin.startswith(("origin=Debian,", "origin=Ubuntu,")) for origin in origins)
    assert not [line for line in lines if line.startswith("Unattended-Upgrade::Allowed-Origins:: ")]
    assert 'APT::Periodic::Unattended-Upgrade "1";' in lines
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in lines


def test_a_reboot_waits_for_the_window_of_the_inventory(facts: Facts) -> None:
    assert facts["reboot"]["window"] == "03:00-05:00"


def test_no_change_waits_to_be_confirmed(facts: Facts) -> None:
    assert facts["guards"] == []


def test_files_have_the_modes_they_need(facts: Facts) -> None:
    modes = {path: place["mode"] for path, place in facts["paths"].items()}
    assert modes["/etc/sudoers.d/slipway"] == "0440"
    assert modes["/var/log/nginx/edge.json.log"] == "0640"


def test_only_declared_ports_answer_from_outside(host: Any, planted: int) -> None:
    assert from_outside(host.backend.get_hostname(), "1-1024", str(planted), "20001-20040") == [22, 80, 443]
