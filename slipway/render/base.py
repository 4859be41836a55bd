"""Render the base: stores and the networks they join, as one Compose project that no deploy replaces.

Volumes are made by steps of the plan, those of stores and those of the release's services alike, and are external here.
"""

import ipaddress
from typing import Any

from ..model import Network, Service, Stack
from ..placement import Placement
from . import folder, names, secret
from .service import definition, volume_definitions, without_empty


def shared_networks(stack: Stack) -> list[str]:
    """Return the networks that a store joins: releases join them too."""
    return sorted({network for service in stack.of_kind("store") for network in service.networks})


def base_project(stack: Stack, placement: Placement) -> dict[str, Any]:
    """Return the base's Compose file; one without services where the stack has no store."""
    stores = stack.of_kind("store")
    return without_empty(
        {
            "name": stack.name,
            "services": {store.name: _store(stack, placement, store) for store in stores},
            "networks": {name: _network(stack, placement, name) for name in shared_networks(stack)},
            "volumes": volume_definitions(stack.name, stores),
            "secrets": secret.definitions(stack, placement, stores),
        }
    )


def _store(stack: Stack, placement: Placement, store: Service) -> dict[str, Any]:
    addresses = placement.addresses.get(f"{store.name}-1", {})
    before = {name: {"condition": how} for name, how in sorted(store.depends_on.items()) if stack.services[name].kind == "store"}
    return {
        **definition(stack, placement, store, lambda mount: folder.base_source(stack, mount)),
        "container_name": names.store_container(stack.name, store.name),
        "image": names.store_image(stack.name, store.name, placement.images[store.name]),
        "restart": "unless-stopped",
        "networks": {
            name: {"ipv4_address": addresses[name], **({"aliases": list(aliases)} if aliases else {})}
            for name, aliases in sorted(store.networks.items())
        },
        **({"depends_on": before} if before else {}),
        **({"ports": store.compose["ports"]} if store.compose.get("ports") else {}),
    }


def _network(stack: Stack, placement: Placement, name: str) -> dict[str, Any]:
    labels = {"slipway.stack": stack.name}
    return network(
        names.shared_network(stack.name, name), stack.networks.get(name, Network()), placement.base_subnets[name], labels
    )


def network(name: str, declared: Network, subnet: str, labels: dict[str, str]) -> dict[str, Any]:
    """Return a network whose lower half is ours to place and whose upper half is Docker's to give out."""
    whole = ipaddress.ip_network(subnet)
    upper = list(whole.subnets(prefixlen_diff=1))[1]
    return {
        "name": name,
        "labels": labels,
        "ipam": {"config": [{"subnet": subnet, "gateway": str(whole[1]), "ip_range": str(upper)}]},
        **({"internal": True} if declared.internal else {}),
    }
