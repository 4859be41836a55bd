"""The list of comparisons, in the order they run, and what they share."""

from collections.abc import Callable
from pathlib import Path

from .runner import BoundOn, Entry, Pair

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/bench"
ENTRIES: list[Entry] = []


def entry(
    name: str,
    against: str,
    unit: str,
    *,
    bound: float | None = None,
    bound_on: BoundOn = "ratio",
    runs: int = 11,
    warm_ups: int = 1,
) -> Callable[[Callable[[], Pair]], Callable[[], Pair]]:
    """Add a function to the comparisons."""

    def add(pair: Callable[[], Pair]) -> Callable[[], Pair]:
        ENTRIES.append(Entry(name, against, unit, bound, bound_on, runs, pair, warm_ups))
        return pair

    return add
