"""What sshd offers: to an auditor who asks from another host, and to clients old and new."""

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest

from slipway import lab

from .demo_site import ROOT, Site
from .outside import inside

PACKAGE = "ssh_audit"
OLDER, NEWER = "curve25519-sha256@libssh.org", "mlkem768x25519-sha256"
CURVES = "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"
# What OpenSSH 8.2 and 8.4 offer where nothing is configured (their own `ssh -F none -G`), but for certificates and security keys.
OPENSSH_8 = {
    "KexAlgorithms": f"curve25519-sha256,{OLDER},ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
    "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
    "Ciphers": "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
    "MACs": "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
    "hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
    "HostKeyAlgorithms": f"{CURVES},ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ssh-rsa",
    "PubkeyAcceptedAlgorithms": f"{CURVES},ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ssh-rsa",
}


@pytest.fixture(scope="module")
def auditor() -> Iterator[lab.LabHost]:
    """Another host that has the auditing program; sshd counts unfinished logins against its address, not ours."""
    host, spec = lab.HOSTS["probe"], importlib.util.find_spec(PACKAGE)
    assert spec
    assert spec.origin
    copy = ["docker", "cp", "--quiet", str(Path(spec.origin).parent), f"{host.container}:/root/{PACKAGE}"]
    subprocess.run(copy, check=True, capture_output=True)
    yield host
    inside(host, "rm", "-rf", f"/root/{PACKAGE}")


@pytest.fixture
def strict(site: Site, tmp_path: Path) -> Iterator[Site]:
    wanted = site.varied(tmp_path, {"ssh.older_clients": False})
    wanted.playbook("--tags", "ssh").done()
    yield wanted
    site.playbook("--tags", "ssh").done()


def audit(auditor: lab.LabHost, address: str) -> dict[str, dict[str, list[str]]]:
    """Return what the auditor holds against each algorithm: `fail` and `warn`, with its reasons."""
    ask = f"cd /root && python3 -m {PACKAGE} --json --skip-rate-test {address}; test $? -lt 4"
    told: dict[str, Any] = json.loads(inside(auditor, "sh", "-c", ask))
    offered = [one for kind in ("kex", "key", "enc", "mac") for one in told[kind]]
    assert len(offered) > 10
    return {
        word: {one["algorithm"]: one["notes"][word] for one in offered if one["notes"].get(word)} for word in ("fail", "warn")
    }


def openssh_8(site: Site) -> "subprocess.CompletedProcess[str]":
    """Log in with what OpenSSH 8 offers and nothing else."""
    options = {
        **OPENSSH_8,
        "BatchMode": "yes",
        "ControlPath": "none",
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "accept-new",
    }
    options["UserKnownHostsFile"] = "/dev/null"
    argv = ["ssh", "-F", "none", "-i", str(lab.ssh_key()), "-p", str(site.host.ssh_port)]
    argv += [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    return subprocess.run([*argv, "ops@127.0.0.1", "id -un"], capture_output=True, text=True, check=False, timeout=30)


def with_paramiko(site: Site, without: tuple[str, ...] = ()) -> bool:
    """Log in with paramiko, without some key exchanges; return whether sshd and it found one in common."""
    with paramiko.SSHClient() as client, suppress(paramiko.IncompatiblePeer):
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        how = {"key_filename": str(lab.ssh_key()), "allow_agent": False, "look_for_keys": False}
        client.connect("127.0.0.1", site.host.ssh_port, "ops", **how, disabled_algorithms={"kex": without})
        _, output, _ = client.exec_command("id -un")
        assert output.read() == b"ops\n"
        return True
    return False


@pytest.fixture
def noble() -> Site:
    """Return the Ubuntu host with people and sshd as every host has them."""
    lab.up(["noble"], print)
    site = Site(lab.HOSTS["noble"], ROOT / "molecule/inventory/noble")
    site.playbook("--tags", "users,ssh").done()
    return site


def test_an_auditor_holds_nothing_against_sshd_but_the_one_way_in_of_older_clients(site: Site, auditor: lab.LabHost) -> None:
    found = audit(auditor, site.host.address)
    assert found["fail"] == {}
    assert list(found["warn"]) == [OLDER]
    assert ["post-quantum" in reason for reason in found["warn"][OLDER]] == [True]


def test_openssh_8_and_paramiko_get_in(site: Site) -> None:
    login = openssh_8(site)
    assert (login.stdout, login.returncode) == ("ops\n", 0), login.stderr
    assert with_paramiko(site)
    assert with_paramiko(site, without=(NEWER,)), "as paramiko before it knew the newer one, and on Ubuntu 24.04"


@pytest.mark.sweep
def test_on_ubuntu_the_same_holds(noble: Site, auditor: lab.LabHost) -> None:
    found = audit(auditor, noble.host.address)
    assert (found["fail"], list(found["warn"])) == ({}, [OLDER])
    assert openssh_8(noble).returncode == 0
    assert with_paramiko(noble)


def test_where_older_clients_are_shut_out_an_auditor_holds_nothing_against_sshd_at_all(
    strict: Site, auditor: lab.LabHost
) -> None:
    assert audit(auditor, strict.host.address) == {"fail": {}, "warn": {}}
    refused = openssh_8(strict)
    assert (refused.returncode, "no matching key exchange method" in refused.stderr) == (255, True), refused.stderr
    assert with_paramiko(strict)
    assert not with_paramiko(strict, without=(NEWER,))
    assert strict.playbook("--tags", "ssh").done().changed == 0
