"""Ask the registries which digests the names of a stack's images lead to today. Changes nothing that runs."""

from collections.abc import Mapping
from typing import Any

from ..codec import from_json
from ..model import Stack
from . import images, policy
from .machine import Machine

PULL_SECONDS = 1800


def digests(machine: Machine, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of each image of the application by its name; stores' too where `base` says so."""
    stack = from_json(Stack, data["stack"])
    policy.check_images(machine.layout, stack, machine.asker)
    services = [service for service in stack.services.values() if data.get("base") or service.kind != "store"]
    return {name: _digest(machine, name) for name in sorted({service.image for service in services}) if "@" not in name}


def _digest(machine: Machine, name: str) -> str:
    machine.say(f"pull {name}")
    outcome = machine.runner.attempt(("docker", "pull", "--quiet", name), limit_seconds=PULL_SECONDS)
    if outcome.code:
        raise images.pull_fault(outcome, name, images.mirrors(machine.layout.docker_settings), images.probe)
    found = machine.docker.image(name)
    return images.digest_of(name, found).rpartition("@")[2] if found else ""
