"""The record of what was measured, `build/bench.json`: each part replaces its own rows and keeps those of the others."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .registry import ROOT

RECORD = ROOT / "build/bench.json"
PAGE = ROOT / "docs/benchmarks.md"


def keep(part: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a part's rows into the record."""
    RECORD.parent.mkdir(exist_ok=True)
    known = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else []
    RECORD.write_text(json.dumps(merged(known, part, rows), indent=2) + "\n", encoding="utf-8")


def merged(known: Sequence[Mapping[str, Any]], part: str, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the record with a part's rows in place of those it had. Pure."""
    others = [row for row in known if row.get("part", "costs") != part]
    mine = [{"part": part, **row} for row in rows]
    return sorted([*others, *mine], key=lambda row: str(row.get("part", "costs")))
