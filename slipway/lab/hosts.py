"""Hosts: systemd containers that boot, are reached over SSH, reboot and lose power like the VMs they stand for."""

import socket
from typing import Any

from ..errors import CommandFailed, HostError
from . import machines, state_folder
from .docker import Docker, labels_of
from .images import ensure_image, host_build
from .names import LABEL, LOOPBACK, LabHost
from .progress import Progress
from .services import wait_until

BOOT_SECONDS = 120
KEY_LABEL = "slipway.lab.key"
# What would change the machine itself (its clock, its modules) and what root of some machines has not got (SYS_RESOURCE).
KEPT_FROM_HOSTS = ("SYS_MODULE", "SYS_RESOURCE", "SYS_TIME")
SECURITY = ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined", "label=disable")
TEMPORARY = ("/run", "/run/lock", "/tmp:exec")  # noqa: S108 - mount points inside the host


def host_arguments(host: LabHost, public_key: str) -> tuple[str, ...]:
    """Return the arguments of `docker create` for a host. Pure."""
    ports = {host.ssh_port: 22, host.http_port: 80, host.https_port: 443}
    return (
        *machines.frame_arguments(host, ports),
        f"--label={KEY_LABEL}={public_key}",
        f"--env=LAB_SSH_KEY={public_key}",
        "--restart=on-failure",  # `systemctl reboot` inside ends the container with 129: Docker boots it again
        "--cap-add=ALL",
        *(f"--cap-drop={name}" for name in KEPT_FROM_HOSTS),
        "--cgroupns=private",
        *(f"--security-opt={option}" for option in SECURITY),
        *(f"--tmpfs={place}" for place in TEMPORARY),
        *(f"--volume={volume}:{place}" for place, volume in host.volumes.items()),
    )


def ensure_host(docker: Docker, host: LabHost, progress: Progress) -> None:
    """Have a host run: made, started or left as it is; one that this lab's key does not open is replaced."""
    content = ensure_image(docker, host_build(host.system), progress)
    found = docker.inspect("container", host.container)
    if found and labels_of(found).get(KEY_LABEL) != state_folder.public_key():
        progress.say(f"          {host.name} was made with another key: it is replaced")
        _discard(docker, host)
        found = None
    if found and not machines.is_running(found):
        found = _started_again(docker, host, found, progress)
    if found is None:
        _make(docker, host, progress)
    elif not machines.is_current(found, host_arguments(host, state_folder.public_key()), host.image, content):
        progress.say(f"          {host.name} runs on an older image or older settings: `scripts/lab fresh {host.name}` renews it")
    _wait_for_boot(docker, host)


def fresh_host(docker: Docker, host: LabHost, progress: Progress) -> None:
    """Remove a host with all it holds and boot it anew."""
    with progress.step(f"remove {host.name}"):
        _discard(docker, host)
    ensure_host(docker, host, progress)


def reboot_host(docker: Docker, host: LabHost, progress: Progress) -> None:
    """Restart a host in order and wait until it is up again."""
    with progress.step(f"reboot {host.name}"):
        docker.read("restart", "--time=60", host.container, timeout_seconds=180)
        _wait_for_boot(docker, host)


def cut_power(docker: Docker, machine: machines.Machine, progress: Progress) -> None:
    """Take a host's or service's power away: nothing inside gets a chance to act."""
    with progress.step(f"cut power of {machine.name}"):
        docker.read("kill", machine.container)


def give_power(docker: Docker, host: LabHost, progress: Progress) -> None:
    """Start a host that lost its power and wait until it is up."""
    with progress.step(f"start {host.name}"):
        docker.read("start", host.container, timeout_seconds=120)
        _wait_for_boot(docker, host)


def _started_again(docker: Docker, host: LabHost, found: dict[str, Any], progress: Progress) -> dict[str, Any] | None:
    """Start a stopped host; one left over from a former engine that starts no more is given up."""
    try:
        with progress.step(f"start {host.name} (it was stopped)"):
            machines.start(docker, host.container)
    except CommandFailed as failed:
        progress.say(f"          {host.name} starts no more, it is replaced: {failed.tail.splitlines()[-1]}")
        _discard(docker, host)
        return None
    return found


def _make(docker: Docker, host: LabHost, progress: Progress) -> None:
    with progress.step(f"boot {host.name} ({host.system}, ssh port {host.ssh_port})"):
        for volume in host.volumes.values():
            docker.read("volume", "create", f"--label={LABEL}=1", volume)
        machines.create(docker, host_arguments(host, state_folder.public_key()), host.image)
        machines.start(docker, host.container)
        _wait_for_boot(docker, host)


def _discard(docker: Docker, host: LabHost) -> None:
    machines.remove(docker, host.container)
    docker.read("volume", "rm", "--force", *host.volumes.values())


def _wait_for_boot(docker: Docker, host: LabHost) -> None:
    """Wait until systemd is done and sshd answers, then write down the host's own keys."""
    wait_until(
        lambda: _is_booted(docker, host) and _sshd_answers(host),
        BOOT_SECONDS,
        f"{host.name} is not up",
        f"look into it with `docker exec {host.container} systemctl --failed` and `docker logs {host.container}`",
    )
    keys = machines.exec_in(docker, host.container, "find", "/etc/ssh", "-name", "ssh_host_*_key.pub", "-exec", "cat", "{}", "+")
    state_folder.remember_host((f"[{LOOPBACK}]:{host.ssh_port}", host.address), keys.splitlines())


def _is_booted(docker: Docker, host: LabHost) -> bool:
    found = docker.inspect("container", host.container)
    if (found or {}).get("State", {}).get("Status") == "exited":  # `restarting` is a reboot in progress
        raise HostError(
            f"{host.name} ended while it booted (exit code {(found or {}).get('State', {}).get('ExitCode')})",
            f"read `docker logs {host.container}`",
        )
    # `is-system-running` fails for everything but `running`; a degraded host is up as well.
    state = machines.exec_in(docker, host.container, "systemctl", "show", "--property=SystemState", "--value").strip()
    return state in {"running", "degraded"}


def _sshd_answers(host: LabHost) -> bool:
    try:
        with socket.create_connection((LOOPBACK, host.ssh_port), timeout=2) as connection:
            connection.settimeout(3)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
