"""Every name, address and port of the lab, fixed so that they survive restarts and second checkouts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

LABEL = "slipway.lab"
# Images have another label than all else: containers inherit it, and `down` must not take somebody's `docker compose up`.
IMAGE_LABEL = "slipway.lab.image"
CONTENT_LABEL = "slipway.content"
SETTINGS_LABEL = "slipway.settings"
NETWORK = "slipway-lab"
SUBNET = "10.212.0.0/24"
GATEWAY = "10.212.0.1"
LOOPBACK = "127.0.0.1"
ACME_DIRECTORY_PORT = 14000
ACME_MANAGEMENT_PORT = 15000
DNS_MANAGEMENT_PORT = 8055
REGISTRY_PUSH_PORT = 5055
VM_DOMAIN = "vm.localhost"

System = Literal["trixie", "noble"]
BASES: Mapping[System, str] = MappingProxyType({"trixie": "debian:trixie", "noble": "ubuntu:24.04"})


@dataclass(frozen=True, slots=True)
class LabHost:
    """A host of the lab: a systemd container reached over SSH as a VM would be."""

    name: str
    number: int
    system: System

    @property
    def container(self) -> str:
        """Return the name of its container."""
        return f"slipway-lab-{self.name}"

    @property
    def address(self) -> str:
        """Return its address on the lab's network."""
        return f"10.212.0.{20 + self.number}"

    @property
    def ssh_port(self) -> int:
        """Return the loopback port that leads to its sshd."""
        return 2200 + self.number

    @property
    def http_port(self) -> int:
        """Return the loopback port that leads to its port 80."""
        return 8080 + self.number

    @property
    def https_port(self) -> int:
        """Return the loopback port that leads to its port 443."""
        return 8440 + self.number

    @property
    def domains(self) -> tuple[str, ...]:
        """Return the names the lab's DNS answers with its address; browsers resolve them to this machine."""
        return domains_of(self.name)

    @property
    def image(self) -> str:
        """Return the image it boots from."""
        return f"slipway-lab/host:{self.system}"

    @property
    def volumes(self) -> Mapping[str, str]:
        """Return its volumes by mount point: both places where nested Docker keeps layers need a real file system."""
        return {"/var/lib/docker": f"{self.container}-docker", "/var/lib/containerd": f"{self.container}-containerd"}


@dataclass(frozen=True, slots=True)
class LabService:
    """A container that hosts ask over the network."""

    name: str
    address: str
    command: tuple[str, ...]
    ports: Mapping[int, int]

    @property
    def container(self) -> str:
        """Return the name of its container."""
        return f"slipway-lab-{self.name}"


def domains_of(name: str) -> tuple[str, ...]:
    """Return the domains that lead to the host called `name`."""
    return (f"{name}.localhost", f"api.{name}.localhost", f"files.{name}.localhost")


def _hosts(*hosts: LabHost) -> Mapping[str, LabHost]:
    return MappingProxyType({host.name: host for host in hosts})


HOSTS: Mapping[str, LabHost] = _hosts(
    LabHost("demo", 1, "trixie"),
    LabHost("test", 2, "trixie"),
    LabHost("noble", 3, "noble"),
    LabHost("spare", 4, "trixie"),
    LabHost("probe", 5, "trixie"),
)
SERVICES_IMAGE = "slipway-lab/services:trixie"
REGISTRY = LabService(
    "registry", "10.212.0.10", ("docker-registry", "serve", "/etc/lab/registry.yml"), MappingProxyType({REGISTRY_PUSH_PORT: 5000})
)
ACME = LabService("acme", "10.212.0.11", ("/usr/local/bin/acme",), MappingProxyType({}))
SERVICES: Mapping[str, LabService] = MappingProxyType({service.name: service for service in (REGISTRY, ACME)})
ACME_SERVER = f"https://{ACME.address}:{ACME_DIRECTORY_PORT}/dir"
REGISTRY_MIRROR = f"http://{REGISTRY.address}:5000"


def registered_names() -> dict[str, str]:
    """Return all names the lab's DNS knows from its start: those of every host, whether it is up or not."""
    names = {domain: host.address for host in HOSTS.values() for domain in host.domains}
    return names | dict.fromkeys(domains_of(VM_DOMAIN.removesuffix(".localhost")), GATEWAY)
