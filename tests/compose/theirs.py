"""What Docker Compose's own CLI makes of a file: asked without a daemon, and brought to one form for all its versions."""

import json
import posixpath
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .ours import HOME, device

MISSING = re.compile(rf"env file ({HOME}/\S+) not found")
INCONSISTENT = "invalid compose project"
USUAL = (None, "bridge", "default")
SETTINGS = {"PATH": "/usr/bin:/bin", "HOME": "/root"}
MOST_ENV_FILES = 40
TOUCH = 'mkdir -p "$(dirname "$1")" && touch "$1"'


@dataclass(frozen=True, slots=True)
class Cli:
    """Where Compose's CLI is: the words that lead to its machine, and its own."""

    machine: tuple[str, ...] = ()
    compose: tuple[str, ...] = ("docker", "compose")

    def argv(self, settings: Mapping[str, str], *words: str) -> tuple[str, ...]:
        """Return the argv that runs Compose with these variables and no others."""
        pairs = (f"{name}={value}" for name, value in {**SETTINGS, **settings}.items())
        return (*self.machine, "env", "-i", *pairs, *self.compose, *words)


@dataclass(frozen=True, slots=True)
class Answer:
    """The resolved file, the reason why Compose refuses it, or both where names in it lead nowhere."""

    config: dict[str, Any] | None
    error: str = ""


def on_host(container: str) -> Cli:
    """Return the CLI of a lab host."""
    return Cli(("docker", "exec", "-i", container))


def run_on_machine(cli: Cli, *words: str) -> None:
    """Run a command where the CLI is."""
    subprocess.run((*cli.machine, *words), check=True, capture_output=True)


def version(cli: Cli) -> str:
    """Return the CLI's version."""
    done = subprocess.run(cli.argv({}, "version", "--short"), capture_output=True, text=True, check=True)
    return re.split(r"[+-]", done.stdout.strip())[0]


def ask(cli: Cli, data: bytes, variables: Mapping[str, str]) -> Answer:
    """Return what Compose makes of a file's bytes, every profile included; env files it names are there and empty."""
    answer = _asked(cli, data, variables)
    for _ in range(MOST_ENV_FILES):
        if not (missing := MISSING.search(answer.error)):
            break
        run_on_machine(cli, "sh", "-c", TOUCH, "touch", posixpath.normpath(missing[1]))
        answer = _asked(cli, data, variables)
    if INCONSISTENT in answer.error:
        return Answer(_asked(cli, data, variables, "--no-consistency").config, answer.error)
    return answer


def _asked(cli: Cli, data: bytes, variables: Mapping[str, str], *options: str) -> Answer:
    place = ("--project-name", "stack", "--project-directory", HOME, "--profile", "*", "--file", "-")
    argv = cli.argv(variables, *place, "config", "--format", "json", *options)
    done = subprocess.run(argv, input=data, capture_output=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if "level=warning" not in line]
        return Answer(None, " ".join(lines))
    return Answer(json.loads(done.stdout))


def normal(config: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form of our own readings: what was left to a default is written out."""
    config = _with_plain_keys(config)
    services = config.get("services") or {}
    used = {kind: _used(services.values(), kind) for kind in ("networks", "volumes")}
    return {
        "services": {name: _service(service) for name, service in services.items()},
        "networks": {name: _network(item) for name, item in _section(config, "networks") if name in used["networks"]},
        "volumes": {name: _volume(item) for name, item in _section(config, "volumes") if name in used["volumes"]},
        "secrets": {name: _said(item) for name, item in _section(config, "secrets")},
    }


def _section(config: dict[str, Any], kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((name, item or {}) for name, item in (config.get(kind) or {}).items())


def _used(services: Iterable[dict[str, Any]], kind: str) -> set[str]:
    uses = (use for service in services for use in service.get(kind) or ())
    return {use if isinstance(use, str) else use.get("source", "") for use in uses}


def _network(item: dict[str, Any]) -> dict[str, Any]:
    found = _said(item)
    return {
        **found,
        "internal": found.get("internal", False),
        "driver": None if found.get("driver") in USUAL else found["driver"],
    }


def _volume(item: dict[str, Any]) -> dict[str, Any]:
    return {"driver": "local", **_said(item)}


def _said(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value not in ({}, None) and key != "name"}


def _with_plain_keys(value: Any) -> Any:
    """Return a tree with its keys as they were written; Compose doubles each `$` in what it prints."""
    if isinstance(value, dict):
        return {key.replace("$$", "$"): _with_plain_keys(item) for key, item in value.items()}
    return [_with_plain_keys(item) for item in value] if isinstance(value, list) else value


def _service(service: dict[str, Any]) -> dict[str, Any]:
    deploy = service.get("deploy") or {}
    update = deploy.get("update_config") or {}
    return {
        **{key: value for key, value in service.items() if value is not None},
        **({"devices": [_device(item) for item in service["devices"]]} if "devices" in service else {}),
        **({"blkio_config": _blkio(service["blkio_config"])} if "blkio_config" in service else {}),
        "networks": {name: {"aliases": [], **(item or {})} for name, item in (service.get("networks") or {}).items()},
        "volumes": [_mount(mount) for mount in service.get("volumes") or []],
        "secrets": [_secret(secret) for secret in service.get("secrets") or []],
        "depends_on": service.get("depends_on") or {},
        "profiles": service.get("profiles") or [],
        "stop_grace_period": service.get("stop_grace_period", "10s"),
        "deploy": {
            **{key: value for key, value in deploy.items() if value not in ({}, "replicated")},
            "replicas": deploy.get("replicas", 1),
            "update_config": {**update, "order": update.get("order", "start-first")},
        },
    }


def _device(item: str | dict[str, str]) -> dict[str, str]:
    return device(item) if isinstance(item, str) else item


def _blkio(config: dict[str, Any]) -> dict[str, Any]:
    """Return limits of devices with small letters, as the YAML of Compose has them and its JSON has not."""
    return {
        key: [{word.lower(): item for word, item in limit.items()} for limit in value] if isinstance(value, list) else value
        for key, value in config.items()
    }


def _mount(mount: dict[str, Any]) -> dict[str, Any]:
    """Return a mount without what we leave aside with a note."""
    bind = {key: value for key, value in (mount.get("bind") or {}).items() if key not in ("create_host_path", "selinux")}
    found = {key: value for key, value in {**mount, "bind": bind}.items() if key != "consistency"}
    return {key: value for key, value in found.items() if value not in ({}, None)}


def _secret(secret: dict[str, Any]) -> dict[str, Any]:
    return {**secret, "target": posixpath.join("/run/secrets", secret.get("target") or secret["source"])}
