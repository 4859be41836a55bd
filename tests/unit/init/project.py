"""A team's project on disk, and the root that a first stack is written below."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from slipway.errors import Fault
from slipway.init.report import Outcome
from slipway.init.team import Order
from slipway.load import load_environment, survey_environment
from slipway.model import Service, Stack
from slipway.ops import init

ORDER = Order("shop", "production", "shop.example", "203.0.113.7", "registry.example.com/acme", "1.4.2")


@dataclass(frozen=True, slots=True)
class Project:
    """Files of a team in `team/`, the written ones in `root/`."""

    folder: Path
    order: Order = field(default=ORDER)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def file(self, path: str, text: str) -> None:
        target = self.folder / "team" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def init(self, text: str, *, dry_run: bool = False) -> Outcome:
        self.file("docker-compose.yml", text)
        return init.start(self.root, str(self.folder / "team/docker-compose.yml"), self.order, dry_run=dry_run)

    def faults(self) -> tuple[Fault, ...]:
        return survey_environment(self.root / "inventory/production", self.root / "compose").faults

    def stack(self) -> Stack:
        return load_environment(self.root / "inventory/production", self.root / "compose").stacks["shop"]

    def service(self, name: str) -> Service:
        return self.stack().services[name]

    def written(self, path: str) -> str:
        return (self.root / path).read_text()

    def override(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.written("compose/shop/compose.override.yml"))
        return found

    def names(self) -> dict[str, Any]:
        stacks = yaml.safe_load(self.written("inventory/production/group_vars/all/stacks.yml"))["stacks"]
        found: dict[str, Any] = stacks["shop"]
        return found


def said(outcome: Outcome) -> list[str]:
    """Return what is left to decide, by place."""
    return [f"{fault.path}: {fault.message}" for decision in outcome.decisions for fault in decision.faults]
