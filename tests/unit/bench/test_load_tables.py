"""The load's tables, its record beside the others, and what counts as a broken word."""

from typing import Any

from tests.bench.load.seen import Asked, Held, Ledger, Seen
from tests.bench.load.series import Series, as_json
from tests.bench.load.sides import Deploy
from tests.bench.load.tables import broken, occasions, sides, what_failed
from tests.bench.record import merged
from tests.bench.runner import placed


def series(name: str, seen: Seen, books: Ledger, switched: float | None) -> dict[str, Any]:
    deploys = [Deploy(10, 20, switched, 1.5 if switched else None), Deploy(10, 24, switched, 2.5 if switched else None)]
    return as_json(Series(name, deploys, seen, [Asked("kept", 0, 0.01)], books, cpu_seconds=6, outage=0.4))


OURS = series("Slipway", Seen([Asked("kept", 11, 11.02)], [Held(0, 46, "1012")]), Ledger(300, 300, 0, 0, 4.5, 1.9), 15)
RIVAL = series("compose", Seen([Asked("kept", 11, 12, "502")], [Held(0, 12, "1006")]), Ledger(300, 299, 1, 1, 12, 0.3), None)


def test_a_series_becomes_figures() -> None:
    assert (OURS["deploys"], OURS["failed"], OURS["sockets_cut"], OURS["sockets_cut_early"]) == (2, 0, 1, 0)
    assert (OURS["seconds_per_deploy"], OURS["seconds_over_start"], OURS["cpu_seconds_per_deploy"]) == (12, 2, 3)
    assert (RIVAL["failures"], RIVAL["jobs_lost"], RIVAL["two_schedulers"]) == ({"kept: 502": 1}, 1, True)
    assert (RIVAL["seconds_to_switch"], RIVAL["p99_ms_after_switch"]) == (None, None)


def test_each_side_is_a_column_and_what_failed_is_named() -> None:
    lines = sides([OURS, RIVAL]).splitlines()
    assert lines[0] == "| | Slipway | compose |"
    assert "| failed | 0 | 1 |" in lines
    assert "| two schedulers at once | no | yes |" in lines
    assert "| until the traffic moved, s | 5.0 | - |" in lines
    assert what_failed([OURS, RIVAL]) == "- compose: 1 kept: 502."


def occasion(**changed: Any) -> dict[str, Any]:
    plain = {"occasion": "a reload of nginx", "seconds": 0.1, "requests": 9, "failed": 0, "failures": {}, "stale": 0}
    return {**plain, "sockets_cut_early": 0, "outage_seconds": 0.1, "seconds_from_verdict_to_move": None, **changed}


def test_an_occasion_is_a_line() -> None:
    assert occasions([occasion()]).splitlines()[-1] == "| a reload of nginx | 0.1 | 9 | 0 | 0 | 0 | 0.1 | - |"


def test_only_our_own_broken_word_is_told() -> None:
    assert broken([OURS, RIVAL], [occasion()]) == []
    assert len(broken([RIVAL, OURS], [])) == 6
    assert broken([], [occasion(sockets_cut_early=2)]) == ["a reload of nginx: 0 failed, 2 sockets cut, allowed is none"]


def test_a_part_replaces_its_own_rows_of_the_record() -> None:
    known = [{"name": "fab check"}, {"part": "load", "side": "old"}]
    assert merged(known, "load", [{"side": "new"}]) == [{"name": "fab check"}, {"part": "load", "side": "new"}]
    assert merged(known, "costs", [{"name": "fab plan"}]) == [{"part": "costs", "name": "fab plan"}, known[1]]


def test_a_page_may_hold_two_tables() -> None:
    assert placed("a <x> old <y> b", "new", "<x>", "<y>") == "a <x>\nnew\n<y> b"
