"""What belongs to the laptop: compose.override.yml and `.env` beside the stack file. Slipway reads neither."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import data as loose
from .data import Data
from .secrecy import looks_secret
from .sketch import Sketch
from .variables import Names, uses
from .yaml_text import block

HEAD = "# Added by `docker compose up` on a laptop; Slipway never reads it. Paths lead back to {way}.\n"
ENV_HEAD = (
    "# For `docker compose up` on a laptop only. Slipway never reads this file; real secrets live in the inventory's vault.\n"
)
LAPTOP = "laptop-only"
LAPTOP_VALUES = {"RELEASE": "dev", "DOMAIN": "localhost", "REGISTRY": "laptop"}
REMOTE = re.compile(r"[a-z]+://.*|git@.*|service:.*|/.*|~.*|\$.*")


def override_data(sketch: Sketch, way: str) -> Data:
    """Return the laptop's file; `way` leads from its folder back to the team's."""
    services: Data = {}
    for name in sketch.team.services:
        if name in sketch.moved:
            services[name] = _whole(loose.mapping(sketch.team.services[name]), way)
        elif name in sketch.override:
            services[name] = _led_back(sketch.override[name], way) | _one_replica(sketch, name)
    return {"services": services} if services else {}


def override_text(data: Data, way: str) -> str:
    """Return the laptop's file as text; empty where there is nothing to say."""
    return HEAD.format(way=way) + "\n".join(block(data)) + "\n" if data else ""


def env_text(sketch: Sketch, names: Names, texts: Iterable[Data]) -> str:
    """Return the laptop's `.env`: values of the team's, and no secret's."""
    found: dict[str, str] = {}
    for data in texts:
        for name, use in uses(data).items():
            if name in names.secrets:
                found[name] = LAPTOP
            elif (value := _value(sketch, name)) or use.bare:
                found.setdefault(name, value)
    found.update(dict.fromkeys(names.secrets, LAPTOP))
    return ENV_HEAD + "".join(f"{name}={_quoted(value)}\n" for name, value in sorted(found.items())) if found else ""


def _value(sketch: Sketch, name: str) -> str:
    value = sketch.team.values.get(name) or sketch.known.get(name) or ""
    if looks_secret(name, value or "?"):
        return LAPTOP
    return sketch.team.values.get(name) or LAPTOP_VALUES.get(name) or value


def _quoted(value: str) -> str:
    return f"'{value}'" if re.search(r"[\s#$\"\\]", value) and "'" not in value else value


def _one_replica(sketch: Sketch, name: str) -> Data:
    replicas = loose.mapping(sketch.team.facts(name).data.get("deploy")).get("replicas")
    many = isinstance(replicas, int) and replicas > 1 and "ports" in sketch.override[name]
    return {"deploy": {"replicas": 1}} if many else {}


def _whole(service: Data, way: str) -> Data:
    """Return a moved service, its secrets as names with a laptop's default."""
    environment = {
        key: f"${{{re.sub(r'[^A-Za-z0-9_]', '_', key)}:-{LAPTOP}}}"
        if value and "$" not in value and looks_secret(key, value)
        else value
        for key, value in loose.pairs(service.get("environment")).items()
    }
    return _led_back({**service, **({"environment": environment} if environment else {})}, way)


def _led_back(service: Mapping[str, Any], way: str) -> Data:
    """Return a service whose relative paths lead back to the team's folder."""
    found = dict(service)
    if "build" in found:
        build = found["build"]
        found["build"] = (
            {**build, "context": _path(loose.text(build.get("context")) or ".", way)}
            if isinstance(build, dict)
            else _path(loose.text(build), way)
        )
    if "env_file" in found:
        found["env_file"] = [
            _env_file(item, way) for item in (found["env_file"] if isinstance(found["env_file"], list) else [found["env_file"]])
        ]
    if "volumes" in found:
        found["volumes"] = [_mount(item, way) for item in loose.items(found["volumes"])]
    return {key: value for key, value in found.items() if value not in ([], {}, None)}


def _path(path: str, way: str) -> str:
    return path if REMOTE.fullmatch(path) else posixpath.normpath(posixpath.join(way, path))


def _env_file(item: Any, way: str) -> Any:
    return {**item, "path": _path(loose.text(item.get("path")), way)} if isinstance(item, dict) else _path(loose.text(item), way)


def _mount(item: Any, way: str) -> Any:
    if isinstance(item, dict):
        return {**item, "source": _path(loose.text(item.get("source")), way)} if item.get("type") == "bind" else item
    source, colon, rest = loose.text(item).partition(":")
    return f"{_path(source, way)}{colon}{rest}" if colon and source[:1] == "." else item
