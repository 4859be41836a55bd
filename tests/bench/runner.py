"""Measure pairs and tell how they compare. Pure: what is measured comes in as functions.

Ours and the rival run in turn, round after round, so that a busy machine troubles both; medians are compared.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

BEGIN, END = "<!-- bench -->", "<!-- end of bench -->"

BoundOn = Literal["ratio", "ours"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one side cost once: the figure that is compared, and processor seconds where somebody counted them."""

    figure: float
    here: float | None = None  # with all that a command starts
    host: float | None = None  # of the whole host in that time


Measure = Callable[[], float | Cost]


@dataclass(frozen=True, slots=True)
class Pair:
    """How to measure both sides once, in the entry's unit; `note` says what exactly was measured."""

    ours: Measure
    rival: Measure
    note: str = ""
    after: Callable[[], object] = lambda: None  # takes away what was made for it


@dataclass(frozen=True, slots=True)
class Entry:
    """A comparison: `bound` is the most its ratio, or our own figure, may be; None for none."""

    name: str
    against: str
    unit: str
    bound: float | None
    bound_on: BoundOn
    runs: int
    pair: Callable[[], Pair]
    warm_ups: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of an entry; `ours_range` and `rival_range` hold the quickest and the slowest run."""

    name: str
    against: str
    unit: str
    ours: float
    rival: float
    ratio: float
    bound: float | None
    bound_on: BoundOn
    runs: int
    ours_range: tuple[float, float]
    rival_range: tuple[float, float]
    note: str
    machine: str
    ours_cpu_seconds: Mapping[str, float]
    rival_cpu_seconds: Mapping[str, float]

    def __str__(self) -> str:
        """Return the result in a line."""
        figures = f"{self.ours:.3f} beside {self.rival:.3f} {self.unit}, ratio {self.ratio:.2f}"
        return f"{self.name}: {figures}{', over its bound' if self.over else ''}"

    @property
    def over(self) -> bool:
        """Say whether the bound is exceeded."""
        return self.bound is not None and (self.ratio if self.bound_on == "ratio" else self.ours) > self.bound


def measure(entry: Entry, machine: str) -> Result:
    """Run both sides in turn, to warm up and then for the record."""
    pair = entry.pair()
    try:
        rounds = [(_cost(pair.ours), _cost(pair.rival)) for _ in range(entry.warm_ups + entry.runs)][entry.warm_ups :]
    finally:
        pair.after()
    return _result(entry, pair.note, machine, *([costs[side] for costs in rounds] for side in (0, 1)))


def _cost(measure: Measure) -> Cost:
    found = measure()
    return found if isinstance(found, Cost) else Cost(found)


def _result(entry: Entry, note: str, machine: str, our_costs: Sequence[Cost], rival_costs: Sequence[Cost]) -> Result:
    ours, rival = ([cost.figure for cost in costs] for costs in (our_costs, rival_costs))
    mine, theirs = statistics.median(ours), statistics.median(rival)
    if theirs <= 0:
        raise ValueError(f"{entry.name}: the rival cost nothing, so there is no ratio")
    return Result(
        name=entry.name,
        against=entry.against,
        unit=entry.unit,
        ours=round(mine, 4),
        rival=round(theirs, 4),
        ratio=round(mine / theirs, 2),
        bound=entry.bound,
        bound_on=entry.bound_on,
        runs=entry.runs,
        ours_range=(round(min(ours), 4), round(max(ours), 4)),
        rival_range=(round(min(rival), 4), round(max(rival), 4)),
        note=note,
        machine=machine,
        ours_cpu_seconds=_cpu_seconds(our_costs),
        rival_cpu_seconds=_cpu_seconds(rival_costs),
    )


def _cpu_seconds(costs: Sequence[Cost]) -> dict[str, float]:
    """Return the medians of what was counted, by where."""
    counted = {"here": [cost.here for cost in costs], "host": [cost.host for cost in costs]}
    known = {place: [value for value in values if value is not None] for place, values in counted.items()}
    return {place: round(statistics.median(values), 2) for place, values in known.items() if values}


def as_json(results: Iterable[Result]) -> list[Mapping[str, Any]]:
    """Return the results for machines."""
    return [asdict(result) for result in results]


def as_table(results: Sequence[Result], heading: str) -> str:
    """Return the results for people, as Markdown."""
    lines = [
        heading,
        "",
        "| what | beside | ours | theirs | ratio | bound | runs |",
        "|-|-|-|-|-|-|-|",
        *map(_row, results),
        "",
        *(f"- {result.name}: {'; '.join(said)}." for result in results if (said := _said(result))),
    ]
    return "\n".join(lines).rstrip()


def _row(result: Result) -> str:
    cells = [
        result.name,
        result.against,
        _figure(result.ours, result.ours_range, result.unit),
        _figure(result.rival, result.rival_range, result.unit),
        f"**{result.ratio:.2f}**",
        f"{_bound(result)}{' — **over it**' if result.over else ''}",
        str(result.runs),
    ]
    return f"| {' | '.join(cells)} |"


def _said(result: Result) -> list[str]:
    """Return what there is to say below the table."""
    sides = (("ours", result.ours_cpu_seconds), ("theirs", result.rival_cpu_seconds))
    words = [f"{side} {', '.join(f'{value:.1f} {place}' for place, value in cpu.items())}" for side, cpu in sides if cpu]
    return [*([result.note] if result.note else []), *([f"processor seconds: {'; '.join(words)}"] if words else [])]


def _figure(median: float, between: tuple[float, float], unit: str) -> str:
    return f"{median:.2f} {unit} ({between[0]:.2f} to {between[1]:.2f})"


def _bound(result: Result) -> str:
    if result.bound is None:
        return "none"
    return f"{result.bound:g}" if result.bound_on == "ratio" else f"ours {result.bound:g} {result.unit}"


def placed(page: str, table: str, begins: str = BEGIN, ends: str = END) -> str:
    """Return a page with the table between its marks."""
    before, begin, rest = page.partition(begins)
    _, end, after = rest.partition(ends)
    if not begin or not end:
        raise ValueError(f"the page has no `{begins}` and `{ends}`")
    return f"{before}{begins}\n{table}\n{ends}{after}"
