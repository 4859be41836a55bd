"""What a service of the base and one of a release have in common in their Compose files."""

from collections.abc import Callable, Mapping
from typing import Any

from ..model import Mount, Service, Stack
from ..placement import Placement
from . import names, secret

Source = Callable[[Mount], str]

# Fields of the model or rules of ours say these; whatever else Compose knows passes through.
OURS = (
    "image",
    "container_name",
    "restart",
    "pull_policy",
    "depends_on",
    "networks",
    "volumes",
    "secrets",
    "profiles",
    "ports",
    "scale",
)
DEFAULT_START_SECONDS = 60


def definition(stack: Stack, placement: Placement, service: Service, source: Source) -> dict[str, Any]:
    """Return the keys both kinds share; `source` says where a bind mount lies."""
    passed = {key: value for key, value in service.compose.items() if key not in OURS}
    number = None if service.kind == "store" else placement.number
    found = {
        **passed,
        "labels": {**_mapping(passed.get("labels")), **names.labels(stack.name, service, number)},
        "pull_policy": "never",
        "stop_grace_period": f"{service.stop_grace_seconds}s",
        "healthcheck": _healthcheck(service),
        "deploy": {"resources": _mapping(passed.get("deploy")).get("resources")},
        "volumes": [_mount(mount, source) for mount in service.mounts],
        "secrets": secret.uses(placement, service),
    }
    if not found["deploy"]["resources"]:
        found["deploy"] = None
    return {key: found[key] for key in sorted(found) if found[key] not in (None, [], {})}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _healthcheck(service: Service) -> Mapping[str, Any]:
    """Return the team's check, asked every second while the service starts.

    Docker asks the first time after `interval`, 30 s by default, unless a start period with an interval of its own is given.
    """
    if service.kind == "task":
        return {"disable": True}  # it may come from the image, and nobody waits for it
    check = _mapping(service.compose.get("healthcheck"))
    if not check or check.get("disable") or check.get("test") in (["NONE"], "NONE"):
        return check
    seconds = service.health.start_seconds if service.health else DEFAULT_START_SECONDS
    return {"start_period": f"{seconds}s", "start_interval": "1s", **check}


def _mount(mount: Mount, source: Source) -> dict[str, Any]:
    read_only = {"read_only": True} if mount.read_only else {}
    if mount.type == "bind":
        where = source(mount)
        return {"type": "bind", "source": where, "target": mount.target, **read_only, "bind": {"create_host_path": False}}
    named = {"source": mount.source} if mount.source else {}
    options: dict[str, Any] = {mount.type: dict(mount.options)} if mount.options else {}
    return {"type": mount.type, **named, "target": mount.target, **read_only, **options}


def volume_definitions(stack: str, services: list[Service]) -> dict[str, Any]:
    """Return a Compose file's `volumes:`; external, so that no `down -v` can take data away."""
    used = {mount.source for service in services for mount in service.mounts if mount.type == "volume" and mount.source}
    return {name: {"name": names.volume(stack, name), "external": True} for name in sorted(used)}


def without_empty(project: dict[str, Any]) -> dict[str, Any]:
    """Return a project without its empty sections; `services` stays."""
    return {key: value for key, value in project.items() if value or key == "services"}
