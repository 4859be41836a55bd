"""Render a release: the application's services and tasks, as one Compose project of its own."""

from collections.abc import Mapping
from typing import Any

from ..model import Network, Service, Stack
from ..placement import Placement
from . import folder, names, secret
from .base import network, shared_networks
from .service import definition, volume_definitions, without_empty

PROFILE = "slipway"  # on every service: `up` without names would start all replicas, schedulers and tasks at once


def app_services(stack: Stack) -> list[Service]:
    """Return what a release is made of."""
    return stack.of_kind("web", "worker", "scheduler", "task")


def private_networks(stack: Stack) -> list[str]:
    """Return the networks of which a release has a twin of its own."""
    return sorted({name for service in app_services(stack) for name in service.networks})


def release_project(stack: Stack, placement: Placement) -> dict[str, Any]:
    """Return the release's Compose file; to start something, name it."""
    apps = app_services(stack)
    return without_empty(
        {
            "name": names.release_project(stack.name, placement.number),
            "services": {key: body for service in apps for key, body in _replicas(stack, placement, service)},
            "networks": _networks(stack, placement),
            "volumes": volume_definitions(stack.name, apps),
            "secrets": secret.definitions(stack, placement, apps),
        }
    )


def _replicas(stack: Stack, placement: Placement, service: Service) -> list[tuple[str, dict[str, Any]]]:
    number = placement.number
    body = {
        **definition(stack, placement, service, lambda mount: folder.release_source(stack, number, mount)),
        "image": names.release_image(stack.name, number, service.name),
        "restart": "no",
        "profiles": [PROFILE],
    }
    return [
        (
            names.service_key(number, replica),
            {
                **body,
                "container_name": names.container(stack.name, number, replica),
                **_joined(stack, service, placement.addresses.get(replica, {})),
            },
        )
        for replica in names.replicas(service, service.replicas_max)
    ]


def _joined(stack: Stack, service: Service, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Return a replica's networks; none where the team chose a `network_mode`."""
    private = {
        name: {"aliases": sorted({service.name, *aliases}), **({"ipv4_address": addresses[name]} if name in addresses else {})}
        for name, aliases in sorted(service.networks.items())
    }
    shared: dict[str, Any] = {_shared_key(name): {} for name in shared_networks(stack) if name in service.networks}
    return {"networks": {**private, **shared}} if private else {}


def _shared_key(name: str) -> str:
    return f"shared_{name}"


def _networks(stack: Stack, placement: Placement) -> dict[str, Any]:
    number, private = placement.number, private_networks(stack)
    labels = {"slipway.stack": stack.name, "slipway.release": str(number)}
    own = {
        name: network(
            names.private_network(stack.name, number, name), stack.networks.get(name, Network()), placement.subnets[name], labels
        )
        for name in private
    }
    shared = {
        _shared_key(name): {"name": names.shared_network(stack.name, name), "external": True}
        for name in shared_networks(stack)
        if name in private
    }
    return {**own, **shared}
