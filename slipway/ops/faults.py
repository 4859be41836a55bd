"""The check of everything a person wrote: all environments, all faults at once, before any host is asked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import Fault, StackError
from .hosts import choose_environment, environments


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an environment holds, or its faults."""

    environment: str
    stacks: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def chosen(root: Path, wanted: str) -> list[Path]:
    """Return the inventory folders to check: all of them where none is named."""
    if wanted:
        return [choose_environment(root, wanted)]
    return [root / "inventory" / name for name in environments(root)]


def check(inventories: Sequence[Path], compose: Path) -> list[Verdict]:
    """Load each environment and return its stacks or its faults."""
    return [_verdict(inventory, compose) for inventory in inventories]


def _verdict(inventory: Path, compose: Path) -> Verdict:
    from ..load import load_environment  # noqa: PLC0415 - `fab --list` shall not wait for it

    try:
        return Verdict(inventory.name, tuple(sorted(load_environment(inventory, compose).stacks)))
    except StackError as error:
        return Verdict(inventory.name, faults=error.faults)


def as_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Return the verdicts for machines."""
    return [asdict(verdict) for verdict in verdicts]


def as_text(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts for people: every fault on its own line, then a line per environment."""
    lines = [str(fault) for fault in dict.fromkeys(fault for verdict in verdicts for fault in verdict.faults)]
    return "\n".join([*lines, *map(_line, verdicts)])


def _line(verdict: Verdict) -> str:
    if verdict.faults:
        count = len(verdict.faults)
        return f"{verdict.environment}: {count} fault{'s' if count != 1 else ''}; no host was touched"
    return f"{verdict.environment}: fine ({', '.join(verdict.stacks) or 'no stacks yet'})"
