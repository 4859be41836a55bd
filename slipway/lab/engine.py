"""Make sure that a Docker engine answers: use the one that runs, else start it, else install the distribution's."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ..errors import CommandFailed, HostError
from . import command
from .docker import Docker
from .progress import Progress
from .state_folder import folder

SOCKET = Path("/var/run/docker.sock")
START_SECONDS = 60
LEAST_FREE_BYTES = 4 * 1024**3
DENIED = "permission denied"


def running_engine(progress: Progress) -> Docker:
    """Return an engine that answers, started or installed when there is none."""
    docker = _answering()
    if docker is None:
        with progress.step("start Docker"):
            _install(progress)
            _start()
            docker = _wait_until_it_answers()
    _look_for_room(docker)
    return docker


def present_engine() -> Docker | None:
    """Return the engine that answers, or None; start and install nothing."""
    return _answering()


def install_packages(packages: tuple[str, ...], progress: Progress, if_listed: tuple[str, ...] = ()) -> None:
    """Install packages of the distribution, and those of `if_listed` that it has, after refreshing its lists."""
    if not shutil.which("apt-get"):
        raise HostError(
            f"this machine has no apt-get to install {', '.join(packages)} with", "install them (or Docker Desktop) by hand"
        )
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    command.follow((*as_root(), "apt-get", "update", "-q"), progress.note, environment=environment)
    listed = [package for package in if_listed if package in command.read(("apt-cache", "pkgnames", package)).split()]
    argv = (*as_root(), "apt-get", "install", "-y", "-q", "--no-install-recommends", *packages, *listed)
    command.follow(argv, progress.note, environment=environment)


def as_root() -> tuple[str, ...]:
    """Return what to put before a command that needs root."""
    if os.geteuid() == 0:
        return ()
    if not shutil.which("sudo"):
        raise HostError("this needs root and there is no sudo", "run it again as root")
    return ("sudo",)


def _answering() -> Docker | None:
    if not shutil.which("docker"):
        return None
    plain = Docker()
    try:
        plain.read("version", "--format", "{{.Server.Version}}", timeout_seconds=20)
    except CommandFailed as failed:
        return _by_sudo() if DENIED in failed.tail.lower() else None
    return plain


def _by_sudo() -> Docker:
    """Return the engine as sudo reaches it, asking for a password only where a person can answer."""
    by_sudo = Docker(("sudo", "docker") if sys.stdin.isatty() else ("sudo", "-n", "docker"))
    try:
        by_sudo.read("version", "--format", "{{.Server.Version}}", timeout_seconds=120)
    except (CommandFailed, OSError) as failed:
        raise HostError(
            f"Docker runs but {SOCKET} may not be used by this user",
            "run `sudo usermod -aG docker $USER` and log in again, or run this as root",
        ) from failed
    return by_sudo


def _install(progress: Progress) -> None:
    if shutil.which("docker") and (shutil.which("dockerd") or os.environ.get("DOCKER_HOST")):
        return
    # Debian 13 split the command off; Debian 12 and Ubuntu have it in docker.io. Recommended packages would bring much else.
    install_packages(("docker.io", "iptables"), progress, if_listed=("docker-cli",))


def _start() -> None:
    if _answering():  # the package may have started it
        return
    if Path("/run/systemd/system").is_dir():
        command.read((*as_root(), "systemctl", "start", "docker"), timeout_seconds=START_SECONDS * 2)
        return
    with _log().open("ab") as log:
        subprocess.Popen((*as_root(), "dockerd"), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def _wait_until_it_answers() -> Docker:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if docker := _answering():
            return docker
        time.sleep(0.3)
    log = _log()
    said = "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else "see `journalctl -u docker`"
    raise HostError(
        f"Docker was started but does not answer within {START_SECONDS} s:\n{said}", "mend what it says, then run this again"
    )


def _log() -> Path:
    return folder() / "dockerd.log"


def _look_for_room(docker: Docker) -> None:
    place = Path(docker.read("info", "--format", "{{.DockerRootDir}}").strip())
    if not place.exists():  # Docker Desktop keeps it in a machine of its own
        return
    if (free := shutil.disk_usage(place).free) < LEAST_FREE_BYTES:
        raise HostError(
            f"only {free / 1024**3:.1f} GB are free in {place}; Docker keeps the lab's images there and needs 4",
            "free some space (`docker system df`, `scripts/lab down --images`), then run this again",
        )
