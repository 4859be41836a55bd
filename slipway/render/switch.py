"""Render the switch: the nftables map that leads each slot at the edge to a replica."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..model import Network, Service, Stack
from ..placement import Placed, Placement
from . import names


@dataclass(frozen=True, slots=True)
class Target:
    """Where a slot leads; `masqueraded` where the replica has no way back but the bridge it was reached on."""

    address: str
    port: int
    masqueraded: bool = False


def routed(stack: Stack) -> list[Service]:
    """Return the services the edge sends to: web ones, and stores with a route."""
    return [stack.services[name] for name in sorted(stack.services) if stack.services[name].routes]


def home_network(stack: Stack, service: Service) -> tuple[str, bool]:
    """Return the network a service is reached on, and whether it has no way out.

    With `rp_filter=1` a container answers only where its default route goes. Docker takes the first network by name that has
    a way out, and private twins sort before shared networks, so the same order finds it here.
    """
    open_ones = [name for name in sorted(service.networks) if not stack.networks.get(name, Network()).internal]
    return (open_ones[0], False) if open_ones else (min(service.networks), True)


def target(stack: Stack, placement: Placement, service: Service, replica: str, port: int) -> Target:
    """Return where a replica's port is reached from the host."""
    network, internal = home_network(stack, service)
    return Target(placement.addresses[replica][network], port, internal)


def slot_targets(stack: Stack, placement: Placement, running: Collection[str]) -> dict[int, Target]:
    """Return where each slot leads when these replicas (`api-1`) run; slots of others lead to running ones in turn.

    A service of which none runs keeps its own addresses: they refuse at once, and answer as soon as one is back.
    """
    found: dict[int, Target] = {}
    for service in routed(stack):
        rendered = replicas(service)
        alive = [replica for replica in rendered if replica in running] or rendered
        for port in service.route_ports:
            for index, replica in enumerate(rendered):
                chosen = replica if replica in alive else alive[index % len(alive)]
                found[placement.slots[names.slot(service.name, port, index + 1)]] = target(
                    stack, placement, service, chosen, port
                )
    return dict(sorted(found.items()))


def canary_targets(canary: Placed, serving: Placed | None = None) -> dict[int, Target]:
    """Return where the slots of a canary lead: to what it starts, or back to what the release that serves starts."""
    placed = serving or canary
    found: dict[int, Target] = {}
    for service in canary.stack.of_kind("web"):
        to = placed.stack.services[service.name]
        alive = replicas(to)[: to.replicas_started] or replicas(to)
        for port in service.route_ports:
            for index in range(len(replicas(service))):
                slot = canary.placement.canary_slots[names.slot(service.name, port, index + 1)]
                found[slot] = target(placed.stack, placed.placement, to, alive[index % len(alive)], port)
    return dict(sorted(found.items()))


def replicas(service: Service) -> list[str]:
    """Return every rendered replica of a routed service; a store has one."""
    return names.replicas(service, 1 if service.kind == "store" else service.replicas_max)


def started(stack: Stack) -> set[str]:
    """Return the replicas of routed services that a deploy starts."""
    return {replica for service in routed(stack) for replica in replicas(service)[: service.replicas_started]}


def to_arguments(targets: Mapping[int, Target]) -> dict[str, list[str | int | bool]]:
    """Return targets as a step carries them."""
    return {str(slot): [to.address, to.port, to.masqueraded] for slot, to in sorted(targets.items())}


def from_arguments(data: Mapping[str, list[str | int | bool]]) -> dict[int, Target]:
    """Return the targets a step carries."""
    return {int(slot): Target(str(address), int(port), bool(masqueraded)) for slot, (address, port, masqueraded) in data.items()}


def rules(targets: Mapping[int, Target]) -> str:
    """Return what `nft -f` loads in one transaction: the whole table, for the slots of all stacks of the host.

    The first two lines make the third possible whether or not the table exists; none of it is seen by a packet in between.
    """
    slots = [f"{slot} : {to.address} . {to.port}" for slot, to in sorted(targets.items())]
    masqueraded = sorted({to.address for to in targets.values() if to.masqueraded})
    return "\n".join(
        [
            "table ip slipway_switch",
            "delete table ip slipway_switch",
            "table ip slipway_switch {",
            "    map up {",
            "        type inet_service : ipv4_addr . inet_service",
            *_elements(slots),
            "    }",
            "    set masqueraded {",
            "        type ipv4_addr",
            *_elements(masqueraded),
            "    }",
            "    chain out {",
            "        type nat hook output priority -110; policy accept;",
            f"        ip daddr {names.EDGE_ADDRESS} dnat ip to tcp dport map @up",
            "    }",
            "    chain back {",
            "        type nat hook postrouting priority srcnat - 10; policy accept;",
            f"        ip saddr {names.EDGE_ADDRESS} ip daddr @masqueraded masquerade",
            "    }",
            "}",
            "",
        ]
    )


def _elements(items: list[str]) -> list[str]:
    return ["        elements = {", *(f"            {item}," for item in items), "        }"] if items else []
