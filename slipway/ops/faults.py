"""The check of everything a person wrote: all environments, all faults at once, before any host is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import check as accepted
from ..environment import Environment
from ..errors import Fault, StackError
from .hosts import InventoryUnreadable, choose_environment, environments


@dataclass(frozen=True, slots=True)
class Answered:
    """Whether a secret has a value where it comes from; never the value."""

    stack: str
    name: str
    source: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an environment holds, or its faults."""

    name: str
    environment: Environment | None = None
    faults: tuple[Fault, ...] = ()
    secrets: tuple[Answered, ...] = ()


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


def ask_for_secrets(verdicts: Sequence[Verdict], inventories: Sequence[Path], root: Path) -> list[Verdict]:
    """Return the verdicts with what the sources of secrets answered; an environment with faults is not asked for."""
    return [
        _asked(verdict, verdict.environment, inventory, root) if verdict.environment else verdict
        for verdict, inventory in zip(verdicts, inventories, strict=True)
    ]


def _asked(verdict: Verdict, environment: Environment, inventory: Path, root: Path) -> Verdict:
    from .secrets import ask  # noqa: PLC0415 - a check of the files shall not wait for it

    asked = ask(environment, environment.stacks, inventory, root)
    faults = tuple(sorted(one.fault for one in asked if one.fault))
    return replace(
        verdict, faults=faults, secrets=tuple(Answered(one.stack, one.name, one.source, one.fault is None) for one in asked)
    )


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
    secrets = {"secrets": [asdict(secret) for secret in verdict.secrets]} if verdict.secrets else {}
    return {**known, **secrets, "faults": faults}


def as_text(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts for people: every fault once, on its own line, and each environment's outcome."""
    lines = [str(fault) for fault in dict.fromkeys(fault for verdict in verdicts for fault in verdict.faults)]
    return "\n".join([*lines, *map(_outcome, verdicts)])


def _outcome(verdict: Verdict) -> str:
    lines = accepted.as_text(verdict.environment).splitlines() if verdict.environment else []
    if verdict.secrets:
        lines += ["secrets:", *_table([(f"{s.stack}.{s.name}", s.source, "ok" if s.ok else "missing") for s in verdict.secrets])]
    count = len(verdict.faults)
    ending = f" {count} fault{'s' if count != 1 else ''}; no host was touched" if count else ""
    return "\n".join([f"{verdict.name}:{ending}", *(f"  {line}" for line in lines)])


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
