"""Run the comparisons: `python -m tests.bench [--once] [WORD …]`; without words all of them, written down in build/ and docs/.

`--once` measures each a single time, cold: enough to see that it runs.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime

from . import entries, file_entries, site_entries
from .cost import Unmeasurable, machine
from .record import PAGE, RECORD, keep
from .registry import ENTRIES, ROOT
from .runner import Entry, Result, as_json, as_table, measure, placed

ONCE = "--once"
MODULES = (entries, site_entries, file_entries)  # each adds its own to the list


def main(words: list[str]) -> int:
    """Measure, show, and write down what was measured; 1 where a bound is exceeded or something cannot be measured."""
    where, failed, results = machine(), False, list[Result]()
    for entry in chosen(words):
        try:
            results.append(measure(entry, where))
        except Unmeasurable as missing:
            say(f"{entry.name}: cannot be measured: {missing}")
            failed = True
            continue
        say(str(results[-1]))
    table = as_table(results, f"Measured {datetime.now(UTC):%Y-%m-%d} on {where}.")
    if words or failed:
        say(f"\n{table}\n\nnothing was written down: not all entries were measured")
    else:
        write_down(results, table)
    return int(failed or any(result.over for result in results))


def chosen(words: list[str]) -> list[Entry]:
    """Return the entries that are asked for."""
    wanted = [word for word in words if word != ONCE]
    found = [entry for entry in ENTRIES if not wanted or any(word in f"{entry.name} {entry.against}" for word in wanted)]
    return [replace(entry, runs=1, warm_ups=0) for entry in found] if ONCE in words else found


def write_down(results: list[Result], table: str) -> None:
    """Keep the results for machines and people."""
    keep("costs", as_json(results))
    PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), table), encoding="utf-8")
    say(f"written: {RECORD.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
