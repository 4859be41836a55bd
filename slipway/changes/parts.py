"""A stack taken apart into things with names: services, routes, domains and the rest, each with its keys as flat texts."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ..model import Route, Service, Stack
from . import words

LIMITS = "deploy.resources.limits."
OWN_WORDS = (  # of a service, told in a way of their own; any other is a row by itself
    *("name", "image", "compose", "routes", "networks", "mounts", "secrets", "replicas", "scale", "memory_mb"),
)
TOPIC_OF = (  # first start of a key that fits
    ("image", "image"),
    ("environment.", "environment"),
    ("deploy.", "limit"),
    ("replicas", "replicas"),
    ("scale.", "replicas"),
    ("task.schedule", "schedule"),
    ("task.", "task"),
    ("mounts.", "volume"),
    ("secrets.", "secret file"),
    ("networks.", "network"),
)
ROUTE_LIMITS = ("rate", "body_mb", "connections_per_address")
OWN_FIELDS = (  # of a stack, in the same way; any other is a setting
    *("name", "services", "domains", "variables", "secret_names", "secret_files", "volumes", "networks", "files", "pins"),
    *("metrics", "alerts"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A thing of a stack: its kind, its name for people, one line about it, and its keys: (topic, key) -> text."""

    kind: str
    name: str
    summary: str = ""
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)


Parts = dict[tuple[str, str], Part]  # by kind and a name that stays when the shown one changes


def parts(stack: Stack) -> Parts:
    """Return all things of a stack."""
    found: Parts = {}
    for service in stack.services.values():
        found["service", service.name] = _service(service)
        for route in service.routes:
            found["route", f"{route.domain} {route.path}"] = _route(stack, service, route)
    for key, domain in stack.domains.items():
        found["domain", key] = _part("domain", domain.name, ", ".join(domain.redirect_from), words.rows(domain))
    for kind, values in _simple(stack).items():
        found |= {(kind, name): Part(kind, name, text, {(kind, ""): text}) for name, text in values.items()}
    found["setting", ""] = _part("setting", stack.name, "", words.rows(_fields(stack, OWN_FIELDS)))
    return found


def _part(kind: str, name: str, summary: str, rows: Iterable[words.Row]) -> Part:
    return Part(kind, name, summary, {(kind, key): text for key, text in rows})


def _simple(stack: Stack) -> dict[str, dict[str, str]]:
    """Return the things that are one text each."""
    return {
        "variable": dict(stack.variables),
        "secret": {name: _fills(stack, name) for name in stack.secret_names},
        "volume": dict.fromkeys(stack.volumes, ""),
        "network": {name: "internal" if network.internal else "" for name, network in stack.networks.items()},
        "file": {path: _content(text) for path, text in stack.files.items()},
        "image": {image: f"pinned to {digest}" for image, digest in stack.pins.items()},
        "metric": {name: _joined(words.rows(metric)) for name, metric in stack.metrics.items()},
        "alert": {name: _joined(words.rows(alert)) for name, alert in stack.alerts.items()},
    }


def _fills(stack: Stack, secret: str) -> str:
    files = [name for name, source in sorted(stack.secret_files.items()) if source == secret]
    return f"fills {', '.join(files)}" if files else ""


def _content(text: str) -> str:
    return f"{len(text.splitlines())} lines, sha256 {sha256(text.encode()).hexdigest()[:12]}"


def _joined(rows: Iterable[words.Row]) -> str:
    return ", ".join(f"{key} {text}" for key, text in rows)


def _service(service: Service) -> Part:
    rows = dict(_rows(service))
    limits = [f"{name} {rows[LIMITS + name]}" for name in ("memory", "cpus") if LIMITS + name in rows]
    told = ", ".join([service.kind, service.image, *_few(service), *limits])
    return Part("service", service.name, told, {(_topic(key), _shown(key)): text for key, text in rows.items()})


def _few(service: Service) -> list[str]:
    if service.task:
        return [f"runs at `{service.task.when}`" + (f" ({service.task.schedule})" if service.task.schedule else "")]
    return [] if service.kind == "store" else [_replicas(service)]


def _replicas(service: Service) -> str:
    if service.scale:
        return f"{service.scale.min} to {service.scale.max} replicas"
    return f"{service.replicas} replica{'s' if service.replicas != 1 else ''}"


def _rows(service: Service) -> Iterator[words.Row]:
    yield "image", service.image
    yield "replicas", _replicas(service)
    if service.scale:
        yield from words.rows(_fields(service.scale, ("min", "max")), "scale")
    yield from ((f"networks.{name}", _aliases(aliases)) for name, aliases in service.networks.items())
    yield from words.rows({mount.target: mount for mount in service.mounts}, "mounts")
    yield from words.rows({use.target: use for use in service.secrets}, "secrets")
    yield from words.rows(service.compose)
    yield from words.rows(_fields(service, OWN_WORDS))


def _fields(value: Any, without: Sequence[str]) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.name not in without}


def _aliases(aliases: tuple[str, ...]) -> str:
    return f"joined as {', '.join(aliases)}" if aliases else "joined"


def _topic(key: str) -> str:
    return next((topic for start, topic in TOPIC_OF if key.startswith(start)), "setting")


def _shown(key: str) -> str:
    """Return the key people look for: `memory` for a limit, a name for an environment."""
    for start in (LIMITS, "environment.", "mounts.", "secrets.", "networks."):
        if key.startswith(start):
            return key.removeprefix(start)
    return key


def _route(stack: Stack, service: Service, route: Route) -> Part:
    domain = stack.domains[route.domain].name if route.domain in stack.domains else route.domain
    leads = f"{service.name}:{route.port}"
    rows = words.rows(_fields(route, ("domain", "path", "port")))
    keys = {("limit" if key in ROUTE_LIMITS else "route", key): text for key, text in rows}
    summary = f"to {leads}, {words.rate(route.rate)}"
    return Part("route", f"{domain}{route.path}", summary, {("route", "leads to"): leads, **keys})
