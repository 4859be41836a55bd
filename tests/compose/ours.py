"""A stack as we read it, in the form in which `docker compose config --format json` answers."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from slipway.environment import Instance, Pin
from slipway.errors import Fault
from slipway.load import crosschecks, refusals, secrecy
from slipway.load.faults import Faults
from slipway.load.nodes import Node, parse
from slipway.load.quantities import duration_text
from slipway.load.rule import note_all
from slipway.load.stack import Order, read_stack
from slipway.model import Mount, Service, Stack

HOME = "/srv/slipway-compose"


@dataclass(frozen=True, slots=True)
class Reading:
    """What we make of a file: its tree in Compose's form, the faults of the reading, of names that lead nowhere, and of rules."""

    config: dict[str, Any]
    faults: tuple[Fault, ...]
    names: tuple[Fault, ...] = ()
    rules: tuple[Fault, ...] = ()


def read(data: bytes, name: str, variables: Mapping[str, str], folder: File, secrets: Iterable[str] = ()) -> Reading:
    """Read a stack file's bytes; `folder` holds the files that it binds."""
    document = parse(data, name)
    if document.root is None:
        return Reading({}, tuple(document.faults) or (Fault(name, 1, "(file)", "is empty"),))
    faults, names = Faults(list(document.faults)), Faults()
    instance = Instance("stack", variables, {secret: "vault" for secret in secrets})
    order = Order("stack", instance, Pin(), False, document.root, folder, Node(None, "inventory", 1, 1))
    draft = read_stack(order, faults)
    for stack_rule in crosschecks.RULES:
        note_all(stack_rule(draft), names)
    rules = Faults()
    for service in draft.services.values():
        for service_rule in (*refusals.RULES, *secrecy.RULES):
            note_all(service_rule(service), rules)
    return Reading(as_config(draft.stack), tuple(faults.found), tuple(names.found), tuple(rules.found))


def as_config(stack: Stack) -> dict[str, Any]:
    """Return a stack in Compose's form; like Compose's, the answer leaves out what no service uses."""
    services = stack.services.values()
    networks = {name for service in services for name in service.networks}
    volumes = {mount.source for service in services for mount in service.mounts if mount.type == "volume"}
    return {
        "services": {name: _service(service) for name, service in stack.services.items()},
        "networks": {name: {"internal": item.internal} for name, item in stack.networks.items() if name in networks},
        "volumes": {name: {"driver": "local"} for name in stack.volumes if name in volumes},
        "secrets": {name: {"environment": secret} for name, secret in stack.secret_files.items()},
    }


def _service(service: Service) -> dict[str, Any]:
    return {
        **service.compose,
        **({"devices": [device(line) for line in service.compose["devices"]]} if "devices" in service.compose else {}),
        "image": service.image or None,
        "networks": {name: {"aliases": list(aliases)} for name, aliases in service.networks.items()},
        "volumes": [_mount(mount) for mount in service.mounts],
        "secrets": [{"source": use.source, "target": use.target} for use in service.secrets],
        "depends_on": {name: {"condition": how, "required": True} for name, how in service.depends_on.items()},
        "profiles": list(service.profiles),
        "stop_grace_period": duration_text(service.stop_grace_seconds * 10**9),
        "deploy": {
            **service.compose.get("deploy", {}),
            "replicas": service.replicas,
            "update_config": {"order": service.order},
        },
    }


def device(line: str) -> dict[str, str]:
    """Return a device's short form as the long one, for versions of Compose differ in which one they print."""
    source, target, permissions = [*line.split(":"), "", ""][:3]
    return {"source": source, "target": target or source, "permissions": permissions or "rwm"}


def _mount(mount: Mount) -> dict[str, Any]:
    local = mount.type == "bind" and not mount.source.startswith("/")
    source = posixpath.normpath(f"{HOME}/{mount.source}") if local else mount.source
    return {
        "type": mount.type,
        "target": mount.target,
        **({"source": source} if source else {}),
        **({"read_only": True} if mount.read_only else {}),
        **({mount.type: dict(mount.options)} if mount.options else {}),
    }
