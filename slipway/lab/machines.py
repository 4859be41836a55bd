"""What hosts and services have in common: a container of the lab that is created, found, started, cut off and replaced."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from ..errors import CommandFailed, HostError
from .docker import Docker, labels_of
from .names import CONTENT_LABEL, HOSTS, LABEL, LOOPBACK, NETWORK, SERVICES, SETTINGS_LABEL, LabHost, LabService

Machine = LabHost | LabService


def machine(name: str) -> Machine:
    """Return the host or service of this name."""
    known: dict[str, Machine] = {**HOSTS, **SERVICES}
    if name not in known:
        raise HostError(f"the lab has no `{name}`", f"it has {', '.join(known)}")
    return known[name]


def lab_host(name: str) -> LabHost:
    """Return the host of this name."""
    if name not in HOSTS:
        raise HostError(f"the lab has no host `{name}`", f"it has {', '.join(HOSTS)}")
    return HOSTS[name]


def frame_arguments(member: Machine, ports: dict[int, int]) -> tuple[str, ...]:
    """Return the arguments of `docker create` that every container of the lab has. Pure."""
    published = tuple(f"--publish={LOOPBACK}:{outer}:{inner}" for outer, inner in ports.items())
    place = (f"--network={NETWORK}", f"--ip={member.address}")
    return (f"--name={member.container}", f"--hostname={member.name}", f"--label={LABEL}=1", *place, *published)


def settings_hash(arguments: Sequence[str]) -> str:
    """Return a hash of what a container is created with. Pure."""
    return hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest()[:24]


def create(docker: Docker, arguments: Sequence[str], image: str, command: Sequence[str] = ()) -> None:
    """Create a container that carries the hash of its settings; leave nothing behind when that fails."""
    label = f"--label={SETTINGS_LABEL}={settings_hash([*arguments, image, *command])}"
    docker.read("create", label, *arguments, image, *command)


def is_current(found: dict[str, Any], arguments: Sequence[str], image: str, content: str, command: Sequence[str] = ()) -> bool:
    """Return whether a container was created with these settings from an image of this content. Pure."""
    labels = labels_of(found)  # a container inherits its image's labels
    return labels.get(CONTENT_LABEL) == content and labels.get(SETTINGS_LABEL) == settings_hash([*arguments, image, *command])


def is_running(found: dict[str, Any] | None) -> bool:
    """Return whether an inspected container runs. Pure."""
    return bool(found and found["State"]["Running"])


def start(docker: Docker, container: str) -> None:
    """Start a container; one that could not be started is removed, so that a second try begins anew."""
    try:
        docker.read("start", container, timeout_seconds=120)
    except (CommandFailed, HostError):
        docker.read("rm", "--force", container)
        raise


def remove(docker: Docker, container: str) -> None:
    """Remove a container with its unnamed volumes, whether it is there or not."""
    if docker.inspect("container", container):
        docker.read("rm", "--force", "--volumes", container, timeout_seconds=120)


def exec_in(docker: Docker, container: str, *argv: str, timeout_seconds: float = 60) -> str:
    """Return what a command prints inside a container."""
    return docker.read("exec", container, *argv, timeout_seconds=timeout_seconds)
