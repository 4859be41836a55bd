"""Render one container beside a release: a task by itself, or a command in the place of a service's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Service
from . import names

RUN = "run"


def key(number: int, service: str, purpose: str = RUN) -> str:
    """Return the key in the Compose file, such as `r3-run-api`."""
    return names.service_key(number, f"{purpose}-{service}")


def container(stack: str, number: int, service: str, purpose: str = RUN) -> str:
    """Return the container's name, such as `demo-r3-run-api`: fixed, so that it cannot run twice at once."""
    return names.container(stack, number, f"{purpose}-{service}")


def project(
    release: Mapping[str, Any], stack: str, number: int, service: Service, command: Sequence[str], purpose: str = RUN
) -> dict[str, Any]:
    """Return a Compose file with that container alone, made from the release's.

    It has no address, alias or check of its own and is counted as nobody's replica, so that no traffic and no judgement meets it.
    """
    like = names.service_key(number, names.replicas(service, 1)[0])
    body = {name: value for name, value in release["services"][like].items() if name not in ("healthcheck", "profiles")}
    labels = {**body.get("labels", {}), "slipway.service": f"{purpose}-{service.name}", "slipway.kind": "task"}
    own = {
        "container_name": container(stack, number, service.name, purpose),
        "labels": labels,
        "healthcheck": {"disable": True},
        "networks": {network: {} for network in body.get("networks", {})},
        **({"command": [word.replace("$", "$$") for word in command]} if command else {}),
    }
    kept = {name: value for name, value in own.items() if value or name != "networks"}
    return {**release, "services": {key(number, service.name, purpose): {**body, **kept}}}
