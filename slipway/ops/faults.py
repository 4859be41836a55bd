"""The check of everything a person wrote: all environments, all faults at once, before any host is asked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import check as accepted
from ..environment import Environment
from ..errors import Fault, StackError
from .hosts import InventoryUnreadable, choose_environment, environments


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an environment holds, or its faults."""

    name: str
    environment: Environment | None = None
    faults: tuple[Fault, ...] = ()


def chosen(root: Path, wanted: str) -> list[Path]:
    """Return the inventory folders to check: all of them where none is named."""
    if wanted:
        return [choose_environment(root, wanted)]
    if found := environments(root):
        return [root / "inventory" / name for name in found]
    raise InventoryUnreadable("there is no environment below inventory/", "copy inventory/single to start one")


def check(inventories: Sequence[Path], compose: Path) -> list[Verdict]:
    """Load each environment and return what it holds or its faults."""
    return [_verdict(inventory, compose) for inventory in inventories]


def _verdict(inventory: Path, compose: Path) -> Verdict:
    from ..load import load_environment  # noqa: PLC0415 - `fab --list` shall not wait for it

    try:
        return Verdict(inventory.name, load_environment(inventory, compose))
    except StackError as error:
        return Verdict(inventory.name, faults=error.faults)


def as_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Return the verdicts for machines."""
    return [_entry(verdict) for verdict in verdicts]


def _entry(verdict: Verdict) -> dict[str, Any]:
    faults = [asdict(fault) for fault in verdict.faults]
    known = accepted.as_json(verdict.environment) if verdict.environment else {"environment": verdict.name}
    return {**known, "faults": faults}


def as_text(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts for people: every fault once, on its own line, and each environment's outcome."""
    lines = [str(fault) for fault in dict.fromkeys(fault for verdict in verdicts for fault in verdict.faults)]
    return "\n".join([*lines, *map(_outcome, verdicts)])


def _outcome(verdict: Verdict) -> str:
    if verdict.environment:
        return "\n".join([f"{verdict.name}:", *(f"  {line}" for line in accepted.as_text(verdict.environment).splitlines())])
    count = len(verdict.faults)
    return f"{verdict.name}: {count} fault{'s' if count != 1 else ''}; no host was touched"
