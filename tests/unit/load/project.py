"""A small project on disk: an inventory and a stack file, written as text or as a base with patches."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slipway.environment import Environment
from slipway.errors import StackError
from slipway.load import load_environment
from slipway.model import Stack

Patch = dict[str, Any]
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

BASE: dict[str, Any] = {
    "services": {
        "api": {
            "image": "acme/api:1.4.2",
            "deploy": {"resources": {"limits": {"memory": "256m"}}},
            "x-slipway": {"routes": [{"domain": "site", "port": 8000}], "health": {"path": "/health"}},
        },
        "worker": {
            "image": "acme/api:1.4.2",
            "command": "celery -A app worker",
            "healthcheck": {"test": ["CMD", "true"]},
            "deploy": {"resources": {"limits": {"memory": "256m"}}},
            "x-slipway": {},
        },
        "migrate": {
            "image": "acme/api:1.4.2",
            "command": "alembic upgrade head",
            "deploy": {"resources": {"limits": {"memory": "256m"}}},
            "x-slipway": {"task": {"when": "migrate"}},
        },
        "db": {
            "image": "postgres:17",
            "healthcheck": {"test": ["CMD", "pg_isready"]},
            "volumes": ["pg:/var/lib/postgresql/data"],
            "deploy": {"resources": {"limits": {"memory": "256m"}}},
            "x-slipway": {"store": {"engine": "postgres"}, "backup": {"rpo_seconds": 300}},
        },
    },
    "volumes": {"pg": {}},
    "x-slipway": {"domains": {"site": {"name": "shop.example.org"}}},
}
INVENTORY: dict[str, Any] = {"stacks": {"shop": {"compose": "shop"}}}


@dataclass(frozen=True, slots=True)
class Project:
    """Files below a folder of the test's own."""

    root: Path

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def stack_file(self, text: str) -> None:
        self.write("compose/shop/compose.yml", text)

    def inventory(self, text: str, name: str = "stacks.yml") -> None:
        self.write(f"inventory/test/group_vars/all/{name}", text)

    def base(self, stack: Patch, inventory: Patch) -> None:
        self.stack_file(yaml.dump(patched(BASE, stack), Dumper=DUMPER, sort_keys=False))
        self.write("compose/shop/conf/app.conf", "")
        self.inventory(yaml.dump(patched(INVENTORY, inventory), Dumper=DUMPER, sort_keys=False))

    def load(self) -> Environment:
        return load_environment(self.root / "inventory/test", self.root / "compose")

    def stack(self) -> Stack:
        return self.load().stacks["shop"]

    def faults(self) -> list[str]:
        try:
            self.load()
        except StackError as error:
            return [str(fault).replace(f"{self.root}/", "") for fault in error.faults]
        return []


def patched(base: dict[str, Any], patch: Patch) -> dict[str, Any]:
    """Return a copy with values put at paths such as `services/api/image`; `...` takes a key away."""
    whole = copy.deepcopy(base)
    for path, value in patch.items():
        *parents, last = path.split("/")
        place: Any = whole
        for part in parents:
            place = place.setdefault(part, {})
        if value is ...:
            place.pop(last, None)
        else:
            place[last] = value
    return whole
