"""The two tables of the load, as Markdown. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
LONGEST_GAP = 10  # seconds between two ticks
SIDES = (
    ("releases", "deploys"),
    ("requests", "requests"),
    ("failed", "failed"),
    ("repeated once (stale)", "stale"),
    ("sockets cut before their bound", "sockets_cut_early"),
    ("jobs", "jobs"),
    ("jobs lost", "jobs_lost"),
    ("jobs done twice", "jobs_done_again"),
    ("two schedulers at once", "two_schedulers"),
    ("longest gap between ticks, s", "tick_gap_longest"),
    ("longest time without an answer, s", "outage_seconds"),
    ("seconds a release, median", "seconds_per_deploy"),
    ("until the traffic moved, s", "seconds_to_switch"),
    ("of which over the application's own start, s", "seconds_over_start"),
    ("CPU seconds of the tool a release", "cpu_seconds_per_deploy"),
    ("p99 of small requests without a release, ms", "p99_ms_quiet"),
    ("p99 while a release is brought out, ms", "p99_ms_deploying"),
    ("p99 in the 10 s before the traffic moved, ms", "p99_ms_before_switch"),
    ("p99 in the 10 s after, ms", "p99_ms_after_switch"),
)
OCCASIONS = (
    ("", "occasion"),
    ("seconds", "seconds"),
    ("requests", "requests"),
    ("failed", "failed"),
    ("stale", "stale"),
    ("sockets cut before their bound", "sockets_cut_early"),
    ("longest without an answer, s", "outage_seconds"),
    ("from the verdict to the move, s", "seconds_from_verdict_to_move"),
)


def sides(found: Sequence[Row]) -> str:
    """Return a column for each side, so that it fits a page."""
    head = f"| | {' | '.join(row['side'] for row in found)} |"
    rule = f"|-|{'-|' * len(found)}"
    lines = [f"| {words} | {' | '.join(cell(row[key]) for row in found)} |" for words, key in SIDES]
    return "\n".join([head, rule, *lines])


def occasions(found: Sequence[Row]) -> str:
    """Return a line for each occasion."""
    head = f"| {' | '.join(words for words, _ in OCCASIONS)} |"
    lines = [f"| {' | '.join(cell(row[key]) for _, key in OCCASIONS)} |" for row in found]
    return "\n".join([head, "|-" * len(OCCASIONS) + "|", *lines])


def what_failed(found: Sequence[Row]) -> str:
    """Return a line for each side or occasion in which requests failed, with kinds and reasons."""
    lines = []
    for row in found:
        reasons = ", ".join(f"{count} {words}" for words, count in row["failures"].items())
        lines += [f"- {row.get('side') or row.get('occasion')}: {reasons}."] if reasons else []
    return "\n".join(lines)


def cell(value: object) -> str:
    """Return a figure as people read it; a dash where there is none."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else f"{value}"


def broken(sides_found: Sequence[Row], occasions_found: Sequence[Row]) -> list[str]:
    """Return what our own side, the first, promises and did not keep."""
    said = _broken_by(sides_found[0]) if sides_found else []
    return said + [
        f"{row['occasion']}: {row['failed']} failed, {row['sockets_cut_early']} sockets cut, allowed is none"
        for row in occasions_found
        if row["failed"] or row["sockets_cut_early"]
    ]


def _broken_by(ours: Row) -> list[str]:
    never = ("failed", "sockets_cut_early", "jobs_lost", "jobs_done_again", "two_schedulers")
    said = [f"{ours['side']}: {words}: {cell(ours[key])}" for words, key in SIDES if key in never and ours[key]]
    gap = ours["tick_gap_longest"]
    return said + ([f"{ours['side']}: {gap} s without a tick, allowed are {LONGEST_GAP}"] if gap > LONGEST_GAP else [])
