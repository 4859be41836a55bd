"""The lab: real systemd hosts in containers, an image registry and an ACME server, for the demo and for every test."""

from .lab import down, fresh, plug, power_cut, reboot, register_name, start, state, unplug, up
from .names import ACME_SERVER, HOSTS, REGISTRY_MIRROR, LabHost
from .push import push
from .state_folder import folder, known_hosts, public_key, secret, ssh_key

__all__ = [
    "ACME_SERVER",
    "HOSTS",
    "REGISTRY_MIRROR",
    "LabHost",
    "down",
    "folder",
    "fresh",
    "known_hosts",
    "plug",
    "power_cut",
    "public_key",
    "push",
    "reboot",
    "register_name",
    "secret",
    "ssh_key",
    "start",
    "state",
    "unplug",
    "up",
]
