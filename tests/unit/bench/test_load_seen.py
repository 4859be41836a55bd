"""What visitors met becomes numbers: failures, cuts before their bound, times around a switch, the books of the application."""

import math

import pytest

from tests.bench.load.seen import (
    Asked,
    Held,
    Ledger,
    Seen,
    Span,
    around,
    covered,
    cut_early,
    failures,
    longest_outage,
    p99_ms,
)

SWITCH, BOUND = 100.0, 30.0


def test_what_the_bench_broke_itself_is_no_failure() -> None:
    seen = Seen([Asked("kept", 0, 1, "500"), Asked("kept", 0, 1, "switched on by FAULT", wanted=True), Asked("post", 0, 1)])
    assert [one.failure for one in seen.failed] == ["500"]
    assert failures(seen) == {"kept: 500": 1}


def test_a_repeated_request_is_listed_and_fails_only_where_the_repetition_did() -> None:
    seen = Seen([Asked("kept", 0, 1, stale=True), Asked("kept", 0, 1, "ReadError", stale=True)])
    assert (seen.stale, len(seen.failed)) == (2, 1)


@pytest.mark.parametrize(
    ("held", "early"),
    [
        pytest.param(Held(0, 131, "1012"), False, id="at its bound"),
        pytest.param(Held(0, 120, "1012"), True, id="in the middle of its drain"),
        pytest.param(Held(0, 90, "1006"), True, id="without any switch in its life"),
        pytest.param(Held(0, 120), False, id="the visitor left"),
        pytest.param(Held(105, 131, "1012"), True, id="opened after the switch"),
        pytest.param(Held(105, 231, "1012"), False, id="at the bound of the next switch"),
    ],
)
def test_a_socket_may_be_cut_at_its_bound_and_not_before(held: Held, early: bool) -> None:
    assert bool(cut_early([held], [SWITCH, SWITCH + 100], BOUND)) is early


def test_each_cut_is_early_where_nobody_promised_when() -> None:
    assert len(cut_early([Held(0, 500, "1006"), Held(0, 10)], [], BOUND)) == 1


def test_an_outage_is_the_longest_time_without_a_good_answer() -> None:
    seen = Seen([Asked("kept", 0, 1), Asked("fresh", 1, 2), Asked("kept", 3, 4, "502"), Asked("slow", 3, 5), Asked("kept", 6, 7)])
    assert longest_outage(seen) == 5
    assert longest_outage(Seen()) == math.inf


def test_p99_is_of_small_requests_that_went_well() -> None:
    quick = [Asked("kept", 0, 0.01 + number / 100_000) for number in range(100)]
    assert p99_ms([*quick, Asked("slow", 0, 3), Asked("kept", 0, 9, "502")]) == pytest.approx(10.98)
    assert p99_ms([]) is None


def test_requests_around_a_switch_are_told_apart_by_their_beginning() -> None:
    seen = Seen([Asked("kept", at, at + 5) for at in (89, 91, 99.9, 100, 109, 111)])
    before, after = around(seen, [SWITCH], 10)
    assert [one.began for one in before] == [91, 99.9]
    assert [one.began for one in after] == [100, 109]


def test_overlapping_work_of_the_application_counts_once_and_only_within_the_time() -> None:
    assert covered([Span(1, 3), Span(2, 4), Span(9, 20), Span(-5, 0.5)], 0, 10) == pytest.approx(0.5 + 3 + 1)
    assert covered([], 0, 10) == 0


def test_the_books_tell_lost_jobs_apart_from_jobs_done_twice() -> None:
    since = Ledger(queued=310, done=309, done_again=2, longest_gap=4, shortest_gap=1.5).since(Ledger(queued=10, done=10))
    assert (since.queued, since.lost, since.done_again, since.longest_gap) == (300, 1, 2, 4)
    both = since + Ledger(queued=5, done=5, longest_gap=9, shortest_gap=0.2)
    assert (both.queued, both.lost, both.longest_gap, both.shortest_gap) == (305, 1, 9, 0.2)
