"""What the host allots to a release under its lock, and what it knows about itself: the other half of a render's input."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import Stack


@dataclass(frozen=True, slots=True)
class Host:
    """What rendering must know about a host.

    `nginx` is the version as numbers, such as (1, 26, 3); `https_port` the port clients use; `ipv6` whether the kernel has it
    (`/proc/net/if_inet6` exists).
    """

    nginx: tuple[int, ...] = (1, 26)
    https_port: int = 443
    ipv6: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """Number, subnets, addresses and slots of one release.

    `base_subnets` maps a shared network and `subnets` a private twin (both by the team's name of the network) to a CIDR.
    `addresses` maps a replica such as `api-1` to its address per network: on the private twins for services of the release,
    on the shared networks for stores. `slots` maps `api-8000-1` (service, port, replica) to a port of the switch.
    `canary_slots` are ports of its own for a release that begins as a canary, while `slots` lead to the one that serves.
    `images` maps a service to `name@sha256:…`, the digest it was pulled by; `users` to the numeric user its image runs as.
    `secrets_generation` names the folder of secret files; the base keeps the one it was made with (`base_generation`), because
    a rotated value must not look like a changed store.
    """

    number: int
    base_subnets: Mapping[str, str] = field(default_factory=dict)
    subnets: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)
    canary_slots: Mapping[str, int] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    secrets_generation: int = 0
    base_generation: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A stack and what the host allotted to one release of it: all that a render needs."""

    stack: Stack
    placement: Placement

    @property
    def number(self) -> int:
        """Return the release's number."""
        return self.placement.number
