"""Allot a release its subnets, addresses and slots. Pure: what is taken comes in, nothing is reserved here."""

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import HostError
from ..model import Service, Stack
from ..placement import Placement
from ..render import names, switch
from ..render.base import shared_networks
from ..render.release import app_services, private_networks

POOL = "10.213.0.0/16"
LAST_SLOT = 29999


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in use on the host: subnets of every Docker network and route (CIDRs), slots of the other stacks."""

    subnets: Collection[str] = ()
    slots: Collection[int] = ()
    pool: str = POOL


@dataclass(frozen=True, slots=True)
class Images:
    """What the host found out about images, by service: `name@sha256:…`, and the numeric user each runs as.

    For a store whose image text did not change the host hands in the digest it already has: a moved tag replaces no store.
    """

    references: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)


def place(
    stack: Stack,
    number: int,
    taken: Taken,
    previous: Placement | None = None,
    images: Images | None = None,
    *,
    canary: bool = False,
) -> Placement:
    """Return what a release gets.

    `previous` is the placement allotted to the stack last, whether or not that release ever served: shared subnets, addresses
    of stores and slots stay as they are in it. A `canary` gets slots of
    its own as well. Secret generations are the caller's to fill in (`dataclasses.replace`).
    Raises HostError where the pool, a subnet or the range of slots is used up.
    """
    before = previous or Placement(number=0)
    found = images or Images()
    free = _free_subnets(taken, {*before.base_subnets.values(), *before.subnets.values()})
    base_subnets = {name: before.base_subnets.get(name) or next(free) for name in shared_networks(stack)}
    subnets = {name: next(free) for name in private_networks(stack)}
    slots = _slots(switch.routed(stack), before.slots, taken.slots)
    used = {*taken.slots, *before.slots.values(), *before.canary_slots.values(), *slots.values()}
    return Placement(
        number=number,
        base_subnets=base_subnets,
        subnets=subnets,
        addresses={**_store_addresses(stack, base_subnets, before), **_replica_addresses(stack, subnets)},
        slots=slots,
        canary_slots=_slots(stack.of_kind("web"), {}, used) if canary else {},
        images=dict(found.references),
        users=dict(found.users),
        base_generation=before.base_generation,
    )


def _free_subnets(taken: Taken, ours: Iterable[str]) -> Iterator[str]:
    """Yield the lowest free /24s of the pool, each once."""
    used = [ipaddress.ip_network(subnet) for subnet in {*taken.subnets, *ours} if ":" not in subnet]
    for candidate in ipaddress.ip_network(taken.pool).subnets(new_prefix=24):
        if not any(candidate.overlaps(subnet) for subnet in used):
            yield str(candidate)
    raise HostError(
        f"no /24 is free in the address pool {taken.pool}",
        "remove networks nothing uses, or give `docker.address_pool` a larger one",
    )


def _store_addresses(stack: Stack, subnets: Mapping[str, str], before: Placement) -> dict[str, dict[str, str]]:
    """Return an address on each network for each store: the one it had, or the lowest nobody has."""
    found: dict[str, dict[str, str]] = {f"{store.name}-1": {} for store in stack.of_kind("store")}
    for network, subnet in subnets.items():
        kept = {name: had[network] for name, had in before.addresses.items() if network in had and _within(had[network], subnet)}
        free = (address for address in _placeable(subnet) if address not in kept.values())
        for replica in _joining(stack.of_kind("store"), network):
            found[replica][network] = kept.get(replica) or _next_address(free, subnet)
    return found


def _replica_addresses(stack: Stack, subnets: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return an address on each private twin for each replica; tasks take what Docker gives them."""
    services = [service for service in app_services(stack) if service.kind != "task"]
    found: dict[str, dict[str, str]] = {}
    for network, subnet in subnets.items():
        free = _placeable(subnet)
        for replica in _joining(services, network):
            found.setdefault(replica, {})[network] = _next_address(free, subnet)
    return found


def _joining(services: Iterable[Service], network: str) -> list[str]:
    return [
        replica
        for service in services
        if network in service.networks
        for replica in names.replicas(service, 1 if service.kind == "store" else service.replicas_max)
    ]


def _placeable(subnet: str) -> Iterator[str]:
    """Yield the addresses of the lower half, without the network's own and the gateway's."""
    lower = next(iter(ipaddress.IPv4Network(subnet).subnets(prefixlen_diff=1)))
    return (str(address) for address in list(lower)[2:])


def _within(address: str, subnet: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(subnet)


def _next_address(free: Iterator[str], subnet: str) -> str:
    address = next(free, None)
    if address is None:
        raise HostError(
            f"the network {subnet} has no free address for another replica", "render fewer replicas: lower `scale.max`"
        )
    return address


def _slots(routed: Iterable[Service], before: Mapping[str, int], taken: Collection[int]) -> dict[str, int]:
    """Return a port of the switch for each replica of services and each port that routes lead to.

    A slot that a service left free is not given to another at once: until nginx is reloaded its old site still sends there.
    """
    wanted = [
        names.slot(service.name, port, index + 1)
        for service in routed
        for port in service.route_ports
        for index in range(len(switch.replicas(service)))
    ]
    used = {*taken, *before.values()}
    free = (slot for slot in range(names.FIRST_SLOT, LAST_SLOT + 1) if slot not in used)
    found: dict[str, int] = {}
    for name in wanted:
        slot = before.get(name) or next(free, None)
        if slot is None:
            raise HostError(
                f"no port of {names.FIRST_SLOT}-{LAST_SLOT} is free at the edge", "run fewer routed replicas on this host"
            )
        found[name] = slot
    return found
