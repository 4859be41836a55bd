"""How measurements become ratios, a record and a table."""

import json
from pathlib import Path

import pytest

from tests.bench.cost import Unmeasurable, cpu_seconds, wall_seconds
from tests.bench.runner import BEGIN, END, BoundOn, Entry, Pair, Result, as_json, as_table, measure, placed

HERE = Path()
SPIN = "import time\nwhile time.process_time() < {}: pass"


def result(ours: list[float], rival: list[float], bound: float | None = None, on: BoundOn = "ratio") -> Result:
    """Return what these measurements come to; the first of each side only warms up."""
    sides = iter(ours), iter(rival)
    pair = Pair(lambda: next(sides[0]), lambda: next(sides[1]), "six folders")
    return measure(Entry("check", "compose", "s CPU", bound, on, len(ours) - 1, lambda: pair), "2 cores")


def test_medians_are_compared_and_the_first_run_does_not_count() -> None:
    found = result([99, 3, 1, 2], [99, 4, 4, 100])
    assert (found.ours, found.rival, found.ratio, found.runs) == (2, 4, 0.5, 3)
    assert (found.ours_range, found.rival_range) == ((1, 3), (4, 100))


def test_both_sides_run_in_turn() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return 1.0

    measure(Entry("a", "b", "s", None, "ratio", 2, lambda: Pair(lambda: side("ours"), lambda: side("rival"))), "")
    assert order == ["ours", "rival"] * 3


@pytest.mark.parametrize(
    ("ours", "rival", "bound", "on", "over"),
    [
        (10, 2, 5, "ratio", False),
        (10.1, 2, 5, "ratio", True),
        (0.5, 0.1, 0.5, "ours", False),
        (0.6, 9, 0.5, "ours", True),
        (99, 1, None, "ratio", False),
    ],
)
def test_a_bound_is_on_the_ratio_or_on_our_own_figure(
    ours: float, rival: float, bound: float | None, on: BoundOn, over: bool
) -> None:
    assert result([ours] * 2, [rival] * 2, bound, on).over is over


def test_a_rival_that_costs_nothing_gives_no_ratio() -> None:
    with pytest.raises(ValueError, match="no ratio"):
        result([1, 1], [1, 0])


def test_the_record_is_a_list_of_plain_values() -> None:
    entry = json.loads(json.dumps(as_json([result([1, 1], [2, 2], 5)])))[0]
    wanted = {"name": "check", "ours": 1, "rival": 2, "ratio": 0.5, "bound": 5, "runs": 1, "unit": "s CPU", "machine": "2 cores"}
    assert {key: entry[key] for key in wanted} == wanted


def test_the_table_has_a_row_for_each_and_says_what_is_over() -> None:
    table = as_table([result([1, 1], [2, 2], 5), result([9, 9], [1, 1], 5), result([1, 1], [1, 1], 0.5, "ours")], "Measured.")
    lines = table.splitlines()
    assert lines[0] == "Measured."
    assert lines[4] == "| check | compose | 1.00 s CPU (1.00 to 1.00) | 2.00 s CPU (2.00 to 2.00) | **0.50** | 5 | 1 |"
    assert "| **9.00** | 5 — **over it** | 1 |" in lines[5]
    assert "| ours 0.5 s CPU — **over it** |" in lines[6]
    assert lines[-1] == "- check: six folders."


def test_the_table_replaces_the_last_one_and_nothing_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert placed(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert placed(placed(page, "new"), "old") == page
    with pytest.raises(ValueError, match="the page has no"):
        placed("before", "new")


def test_cpu_counts_what_a_command_starts_and_no_waiting() -> None:
    spin = SPIN.format(0.3)
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])"
    assert 0.3 <= cpu_seconds(["python3", "-c", nested], HERE) < 3
    assert cpu_seconds(["sleep", "1"], HERE) < 0.3
    assert wall_seconds(["sleep", "0.3"], HERE) >= 0.3


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(Unmeasurable, match="ended with 3:\nbroken"):
        cpu_seconds(["sh", "-c", "echo broken; exit 3"], HERE)
