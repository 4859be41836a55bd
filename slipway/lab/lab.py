"""The verbs of the lab: what `scripts/lab`, `make demo`, molecule and the end-to-end tests call."""

from collections.abc import Sequence
from typing import Any

from ..errors import CommandFailed, HostError
from . import machines
from .docker import Docker
from .engine import present_engine, running_engine
from .hosts import cut_power, ensure_host, fresh_host, give_power, reboot_host
from .names import ACME, HOSTS, IMAGE_LABEL, LABEL, NETWORK, SERVICES, LabHost
from .network import ensure_network
from .progress import Progress, Say
from .services import ensure_acme, ensure_registry, point_name, remember_root, wait_for_service
from .state_folder import lock


def up(names: Sequence[str], say: Say) -> None:
    """Have the network, the registry, the ACME server and the named hosts run; do only what is missing."""
    hosts, progress = [machines.lab_host(name) for name in names], Progress(say)
    with lock("lab", say):
        docker = running_engine(progress)
        ensure_network(docker, progress)
        for host in hosts:
            ensure_host(docker, host, progress)
        ensure_registry(docker, progress)
        ensure_acme(docker, progress)
    for host in hosts:
        say(f"          {host.name} is up: ssh port {host.ssh_port}, https://{host.domains[0]}:{host.https_port}")


def down(say: Say, *, images: bool = False) -> None:
    """Remove everything that carries the lab's label; the state folder with keys and secrets stays."""
    docker = present_engine()
    if docker is None:
        say("no Docker engine answers: nothing of the lab runs")
        return
    progress = Progress(say)
    with lock("lab", say):
        for container in docker.names("container", f"{LABEL}=1"):
            with progress.step(f"remove {container}"):
                docker.read("rm", "--force", "--volumes", container, timeout_seconds=120)
        _remove_rest(docker, progress, images=images)


def fresh(name: str, say: Say) -> None:
    """Remove a host with all it holds and boot it anew."""
    host, progress = machines.lab_host(name), Progress(say)
    with lock("lab", say):
        docker = running_engine(progress)
        ensure_network(docker, progress)
        fresh_host(docker, host, progress)


def reboot(name: str, say: Say) -> None:
    """Reboot a host, or restart a service, and wait until it answers."""
    docker, member = _present(name)
    if isinstance(member, LabHost):
        reboot_host(docker, member, Progress(say))
        return
    power_cut(name, say)
    start(name, say)


def power_cut(name: str, say: Say) -> None:
    """Take the power of a host or service away."""
    docker, member = _present(name)
    cut_power(docker, member, Progress(say))


def start(name: str, say: Say) -> None:
    """Start a host or service that was cut off and wait until it answers."""
    docker, member = _present(name)
    if isinstance(member, LabHost):
        give_power(docker, member, Progress(say))
        return
    with Progress(say).step(f"start {member.name}"):
        docker.read("start", member.container)
        wait_for_service(docker, member)
    if member is ACME:
        remember_root(docker)


def unplug(name: str, say: Say) -> None:
    """Take a host or service off the network, with all it knows: what an outage looks like to the others."""
    docker, member = _present(name)
    with Progress(say).step(f"unplug {member.name}"):
        docker.read("network", "disconnect", "--force", NETWORK, member.container)


def plug(name: str, say: Say) -> None:
    """Bring an unplugged host or service back to its address."""
    docker, member = _present(name)
    with Progress(say).step(f"plug {member.name}"):
        docker.read("network", "connect", f"--ip={member.address}", NETWORK, member.container)


def register_name(domain: str, address: str) -> None:
    """Have the lab's DNS answer a further name with an address."""
    docker, _ = _present(ACME.name)
    point_name(docker, domain, address)


def state() -> list[dict[str, Any]]:
    """Return what there is of each host and service."""
    docker = present_engine()
    members: list[machines.Machine] = [*SERVICES.values(), *HOSTS.values()]
    return [_state_of(docker, member) for member in members]


def _state_of(docker: Docker | None, member: machines.Machine) -> dict[str, Any]:
    found = docker.inspect("container", member.container) if docker else None
    known: dict[str, Any] = {
        "name": member.name,
        "container": member.container,
        "address": member.address,
        "state": found["State"]["Status"] if found else "absent",
    }
    if isinstance(member, LabHost):
        ports = {"ssh_port": member.ssh_port, "http_port": member.http_port, "https_port": member.https_port}
        known |= {"system": member.system, **ports, "domains": list(member.domains)}
    return known


def _present(name: str) -> tuple[Docker, machines.Machine]:
    docker, member = present_engine(), machines.machine(name)
    if docker is None or docker.inspect("container", member.container) is None:
        first = f"scripts/lab up {name}" if name in HOSTS else "scripts/lab up"
        raise HostError(f"{name} is not there", f"make it with `{first}`")
    return docker, member


def _remove_rest(docker: Docker, progress: Progress, *, images: bool) -> None:
    label = f"{LABEL}=1"
    for volume in docker.names("volume", label):
        docker.read("volume", "rm", "--force", volume)
    for network in docker.names("network", label):
        docker.read("network", "rm", network)
    if images:
        for image in docker.names("image", f"{IMAGE_LABEL}=1"):
            _remove_image(docker, image, progress)


def _remove_image(docker: Docker, image: str, progress: Progress) -> None:
    try:
        with progress.step(f"remove image {image}"):
            docker.read("rmi", "--force", image, timeout_seconds=120)
    except CommandFailed as failed:  # somebody else's container uses it
        progress.say(f"          {image} stays: {failed.tail.splitlines()[-1]}")
