"""What a rule refuses, and the good neighbour that it lets pass."""

from dataclasses import dataclass, field
from typing import Any

from tests.unit.load.project import Patch, Project

API = "services/api"
WORKER = "services/worker"
DB = "services/db"
OWN = "services/api/x-slipway"
REDIS: dict[str, Any] = {
    "image": "redis:8",
    "healthcheck": {"test": ["CMD", "redis-cli", "ping"]},
    "deploy": {"resources": {"limits": {"memory": "64m"}}},
    "x-slipway": {"store": {"engine": "redis"}, "backup": {}},
}
QUEUE = {"store": "redis", "system": "celery", "names": ["celery"]}
SECRETS: Patch = {"stacks/shop/secrets": {"S": {"command": ["echo", "x"]}}}
HOSTS = "all: {hosts: {one: , two: }, children: {web: {hosts: {one: }}, none: {}}}\n"


@dataclass(frozen=True)
class Case:
    """A patch of the base project that is wrong, where and how the fault says so, and one that is right."""

    name: str
    bad: Patch
    path: str
    says: str
    good: Patch = field(default_factory=dict)
    inventory: Patch = field(default_factory=dict)
    good_inventory: Patch | None = None
    hosts: str = HOSTS
    good_hosts: str = HOSTS

    def write_bad(self, project: Project) -> None:
        """Write the project with the fault."""
        project.base(self.bad, self.inventory)
        project.write("inventory/test/hosts.yml", self.hosts)

    def write_good(self, project: Project) -> None:
        """Write the neighbour that is right."""
        project.base(self.good, self.inventory if self.good_inventory is None else self.good_inventory)
        project.write("inventory/test/hosts.yml", self.good_hosts)


def inventory(name: str, bad: Patch, path: str, says: str, good: Patch | None = None, stack: Patch | None = None) -> Case:
    """Return the case of a fault in the inventory."""
    return Case(name, stack or {}, path, says, stack or {}, bad, good or {})


def route(**words: Any) -> Patch:
    """Return a patch of the base's route."""
    return {f"{OWN}/routes": [{"domain": "site", "port": 8000, **words}]}
