"""What goes wrong between the operator and the host: each says its cause and the next step, loses nothing, and a rerun heals."""

import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from slipway import lab

from .demo_site import ROOT, Run, Site


def refused(run: Run, *words: str) -> None:
    """Assert that a run failed and said these words."""
    assert run.code != 0
    missing = [word for word in words if word.lower() not in run.output.lower()]
    assert not missing, f"{missing} not said in:\n{run.output[-4000:]}"
    assert "Traceback" not in run.output


def test_a_refused_key_is_named(site: Site, tmp_path: Path) -> None:
    key = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stranger = site.varied(tmp_path, hosts={"ansible_ssh_private_key_file": str(key)})
    refused(stranger.playbook(), "key", "next:")


def test_an_unreachable_host_is_named(site: Site, tmp_path: Path) -> None:
    refused(site.varied(tmp_path, hosts={"ansible_port": 2999}).playbook(), "nothing listens", "next:")


def test_a_changed_host_key_prints_its_remedy(site: Site, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    shutil.copy(lab.folder() / "known_hosts", known)
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    other = " ".join(Path(f"{key}.pub").read_text().split()[:2])
    known.write_text(f"[127.0.0.1]:{site.host.ssh_port} {other}\n")
    options = f"-o UserKnownHostsFile={known} -o ControlPath=none"
    run = site.varied(tmp_path, hosts={"ansible_ssh_common_args": options}).playbook()
    refused(run, "another key than the one that is known", "ssh-keygen", f"[127.0.0.1]:{site.host.ssh_port}")


def test_a_wrong_or_missing_sudo_password_is_named(site: Site, tmp_path: Path) -> None:
    site.shell(
        "cp /etc/sudoers.d/slipway /root/sudoers.kept; echo 'ops ALL=(ALL) ALL'>/etc/sudoers.d/slipway; echo ops:right | chpasswd"
    )
    try:
        wrong = site.varied(tmp_path / "wrong", hosts={"ansible_become_password": "wrong"})
        refused(wrong.playbook(), "sudo", "password", "next:")
        refused(site.playbook(), "sudo", "password", "next:")
    finally:
        site.shell("cat /root/sudoers.kept >/etc/sudoers.d/slipway; rm /root/sudoers.kept; passwd -l ops")


def test_a_fault_in_the_stack_file_is_refused_before_any_host_is_touched(site: Site, tmp_path: Path) -> None:
    wrong = site.varied(tmp_path, {"stacks.demo.variables.RELAESE": "1.0.0"})
    for limit in ((), ("--limit", site.host.name), ("--tags", "firewall")):
        run = wrong.playbook(*limit)
        refused(run, "RELAESE", "stacks.yml:", "no host was touched")


def test_a_registry_that_is_down_is_named_and_the_old_release_serves_on(baseline: Site, tmp_path: Path) -> None:
    number = baseline.serving()["current"]
    lab.unplug("registry", print)
    try:
        run = baseline.release(tmp_path, "7.7.7").playbook()
    finally:
        lab.plug("registry", print)
    refused(run, "10.212.0.10:5000", "next:")
    assert baseline.serving()["current"] == number
    assert baseline.client().get("/health").status_code == 200


@pytest.mark.sweep  # among the bad releases in every run
def test_a_disk_nearly_full_is_refused_before_a_pull(baseline: Site, tmp_path: Path) -> None:
    number = baseline.serving()["current"]
    baseline.shell("mount -t tmpfs -o size=16m tmpfs /var/lib/docker/tmp")
    try:
        run = baseline.release(tmp_path, "1.1.0").playbook()
    finally:
        baseline.shell("umount /var/lib/docker/tmp")
    refused(run, "/var/lib/docker/tmp", "free", "next:")
    assert baseline.serving()["current"] == number
    assert not [name for name in baseline.containers() if f"-r{number + 1}-" in name]


def test_two_runs_at_once_make_one_release(baseline: Site, tmp_path: Path) -> None:
    number = baseline.serving()["current"]
    changed = baseline.release(tmp_path, "1.1.0")
    first, second = changed.start_playbook(), changed.start_playbook()
    outputs = [process.communicate(timeout=600)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs[0][-3000:] + outputs[1][-3000:]
    assert baseline.serving()["current"] == number + 1
    assert baseline.client().get("/").json()["release"] == "1.1.0"


def test_a_run_that_is_left_in_the_middle_is_made_up_for_by_the_next(site: Site, tmp_path: Path) -> None:
    opening = {"port": 9443, "protocol": "tcp", "sources": [], "why": "a test"}
    interrupted(site.varied(tmp_path, {"openings": [opening]}), until="docker", pause=0)
    site.playbook().done()
    assert "9443" not in site.shell("nft list table inet slipway")
    assert site.playbook().done().changed == 0


@pytest.mark.sweep  # of its mishaps every run has the one above
@pytest.mark.timeout(1500)
def test_a_fresh_host_through_every_mishap(spare: Site) -> None:
    """A check on a bare host, no package mirror, Ctrl-C, no certificate authority: the next run always goes on."""
    check = spare.playbook("--check", "--diff").done()
    assert "not judged: the checker nginx is not installed" in check.output

    hosts = "printf '127.0.0.1 deb.debian.org security.debian.org\\n' >>/etc/hosts"
    spare.shell(f"cp /etc/hosts /etc/hosts.kept; {hosts}")
    refused(spare.playbook(), "package", "mirror", "next:")
    spare.shell("cat /etc/hosts.kept >/etc/hosts")

    interrupted(spare, until="docker")
    lab.unplug("acme", print)
    spare.playbook().done()
    assert {domain["certificate"] for domain in spare.status()["domains"]} == {"stop-gap"}
    assert (
        spare.shell(
            "curl -ks -o /dev/null -w '%{http_code}' --resolve api.spare.localhost:443:127.0.0.1 https://api.spare.localhost/health"
        )
        == "200"
    )

    lab.plug("acme", print)
    deadline = time.monotonic() + 180
    while any(domain["certificate"] == "stop-gap" for domain in spare.status()["domains"]):
        assert time.monotonic() < deadline, "the certificates did not heal by themselves"
        time.sleep(2)
    assert spare.client().get("/health").status_code == 200
    assert spare.playbook().done().changed == 0


def interrupted(site: Site, until: str, pause: float = 4) -> None:
    """Run site.yml and send it Ctrl-C once it is in a role; it must end without a traceback of ours (Ansible may show its)."""
    process = site.start_playbook()
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith("TASK") and f"[{until} :" in line:
            time.sleep(pause)
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert not re.search(f'File "{ROOT}/(slipway|plugins)/', "".join(seen) + rest)
