"""Bring releases out under load: `python -m tests.bench.load [--once] [--deploys N] [--rounds N] [--host NAME] [--only PART]`.

Each part is written down in build/bench.json and docs/benchmarks.md; with `--once`, three releases a side, nothing is.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from ..cost import Unmeasurable, machine
from ..lab_hosts import BENCH
from ..record import PAGE, keep
from ..runner import placed
from . import occasions, series, tables
from .seen import failures
from .sides import GET_ROLLOUT, ROLLOUT, Side, Slipway, remove_rival, rivals
from .stand import stand
from .tables import Row
from .visitors import Jobs

SIDES, OCCASIONS = "load", "occasions"
JOBS = 300
ONCE = 3


def main(words: Sequence[str]) -> int:
    """Measure, show, and write down; 1 where Slipway breaks its word or something cannot be measured."""
    asked, where = _asked(words), machine()
    found, happened = list[Row](), list[Row]()
    try:
        with stand(asked.host) as place:
            ours = Slipway(place)
            ours.deploy(0)
            if asked.only != OCCASIONS:
                found = _sides(ours, asked)
                _write(SIDES, tables.sides(found), found, where, once=asked.once)
            if asked.only != SIDES:
                happened = _happened(ours, asked.deploys + 1)
                _write(OCCASIONS, tables.occasions(happened), happened, where, once=asked.once)
    except Unmeasurable as missing:
        say(f"cannot be measured: {missing}")
        return 1
    broken = tables.broken(found, happened)
    for line in broken:
        say(f"not kept: {line}")
    return int(bool(broken))


def _write(part: str, table: str, rows: Sequence[Row], where: str, *, once: bool) -> None:
    """Show a part, and write it down where it was measured as it should be."""
    heading = f"Measured {datetime.now(UTC):%Y-%m-%d} on {where}."
    text = "\n\n".join(filter(None, [heading, table, tables.what_failed(rows)]))
    say(f"\n{text}\n")
    if not once:
        keep(part, rows)
        page = placed(PAGE.read_text(encoding="utf-8"), text, f"<!-- {part} -->", f"<!-- end of {part} -->")
        PAGE.write_text(page, encoding="utf-8")


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load")
    parser.add_argument("--once", action="store_true", help=f"{ONCE} releases a side, and write nothing")
    parser.add_argument("--deploys", type=int, default=20, help="releases a side")
    parser.add_argument("--rounds", type=int, default=4, help="the sides take turns so often")
    parser.add_argument("--host", default=BENCH[0].name, help="a lab host, which keeps its stack; else one of the bench's own")
    parser.add_argument("--only", default="", choices=("", SIDES, OCCASIONS), help="leave the other part out")
    asked = parser.parse_args(words)
    if asked.once:
        asked.deploys, asked.rounds = ONCE, 1
    return asked


def _sides(ours: Slipway, asked: argparse.Namespace) -> list[Row]:
    """Have all sides bring releases out; the rivals leave the host afterwards."""
    if not ROLLOUT.is_file():
        say(f"docker-rollout is not measured; to have it:\n  {GET_ROLLOUT}")
    try:
        ours.stand.pause(ours.project)
        theirs = rivals(ours.stand)
        ours.stand.pause("rival")
        return _in_turn([ours, *theirs], asked.deploys, asked.rounds)
    finally:
        ours.stand.wake(ours.project)
        remove_rival(ours.stand)


def _in_turn(sides: Sequence[Side], deploys: int, rounds: int) -> list[Row]:
    """Have the sides take turns, so that a busy machine troubles all of them."""
    found = {side.name: series.Series(side.name) for side in sides}
    each = [deploys // rounds + (turn < deploys % rounds) for turn in range(rounds)]
    first = 1
    for count in filter(None, each):
        for side in sides:
            jobs = JOBS * count // deploys
            found[side.name].add(series.run(side, first, count, Jobs(jobs)))
            mine = found[side.name]
            say(f"{side.name}: {len(mine.deploys)} of {deploys} releases; failed: {failures(mine.seen) or 'nothing'}")
        first += count
    return [series.as_json(one) for one in found.values()]


def _happened(ours: Slipway, number: int) -> list[Row]:
    found: list[Row] = []
    for one in occasions.run(ours, number):
        found.append(occasions.as_json(one))
        say(f"{one.name}: {found[-1]['failed']} failed")
    return found


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
