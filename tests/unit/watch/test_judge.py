"""Each trigger with its control: the same window short of the bound."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from slipway.model import Threshold, Watch
from slipway.watch.judge import enough, judge
from slipway.watch.window import Check, Memory, Restarts, Second, Traffic, Verdict, Window

WATCH = Watch()
P95 = replace(WATCH, p95_ms=Threshold(over=1000, for_seconds=120))
MEMORY = replace(WATCH, memory_mb=Threshold(over=400, for_seconds=60))


def seconds(begin: int, end: int, requests: int = 1, failed: int = 0, slow: int = 0) -> list[Second]:
    return [Second(at, requests, failed, requests - failed, slow) for at in range(begin, end)]


def api(found: Sequence[Second], before: Sequence[Second] = ()) -> Window:
    return Window(at=found[-1].at + 1, traffic=[Traffic("api", found, before)])


def streams(found: Sequence[Second], still_open: int = 0) -> Window:
    return Window(at=found[-1].at + 1, traffic=[Traffic("api", found, kind="stream", open=still_open)])


def used(*mb: float, limit: float = 512, every: int = 5) -> Window:
    return Window(at=100, memory=[Memory(index * every, "api-1", value, limit) for index, value in enumerate(mb)])


def test_failed_checks_in_a_row_take_a_release_back() -> None:
    check = Check("api-1", 3, "answered 500, wanted 200: broken")
    verdict = judge(WATCH, Window(at=20, checks=[Check("api-2"), check]))
    assert (verdict.state, verdict.trigger) == ("bad", "failed_checks")
    assert verdict.text == "api-1: 3 failed checks in a row: answered 500, wanted 200: broken"
    assert judge(WATCH, Window(at=20, checks=[replace(check, bad_in_a_row=2)])).state == "undecided"


def test_restarts_take_a_release_back() -> None:
    verdict = judge(WATCH, Window(at=41, restarts=[Restarts("worker-1", 2, "out of memory")]))
    assert (verdict.state, verdict.trigger) == ("bad", "restarts")
    assert verdict.text == "worker-1 was restarted 2 times in 41 s (out of memory)"
    assert judge(WATCH, Window(at=41, restarts=[Restarts("worker-1", 1), Restarts("worker-2", 1)])).state == "undecided"


def test_failures_take_a_release_back_once_they_are_surely_too_many() -> None:
    verdict = judge(WATCH, api([*seconds(3, 51), *seconds(51, 63, failed=1)]))
    assert (verdict.state, verdict.trigger) == ("bad", "error_ratio")
    assert verdict.text == "api: 12 of 60 requests failed within 60 s: surely over 11.8%, allowed 5.0%"
    assert judge(WATCH, api([*seconds(3, 57), *seconds(57, 63, failed=1)])).state == "undecided"  # 6 of 60: surely 4.7 %


def test_a_few_failures_are_too_few_whatever_their_share() -> None:
    assert judge(WATCH, api(seconds(3, 7, failed=1))).state == "undecided"
    assert judge(WATCH, api(seconds(3, 8, failed=1))).state == "bad"
    assert judge(replace(WATCH, min_errors=6), api(seconds(3, 8, failed=1))).state == "undecided"


def test_only_the_last_seconds_count_where_traffic_is_enough() -> None:
    early = [*seconds(3, 20, requests=10, failed=5), *seconds(20, 200, requests=10)]
    assert judge(WATCH, api(early)).state == "undecided"
    assert judge(WATCH, api(early[:30])).state == "bad"


def test_a_quiet_service_is_judged_over_more_time() -> None:
    slow_bleed = [Second(6 * index, 1, int(index % 5 == 0), 1) for index in range(1, 50)]  # one request in six seconds
    assert judge(WATCH, api(slow_bleed)).trigger == "error_ratio"
    within_a_minute = [second for second in slow_bleed if second.at >= 240]
    assert sum(second.failed for second in within_a_minute) < WATCH.min_errors


def test_a_release_that_is_no_worse_than_the_one_before_stays() -> None:
    bad = seconds(3, 63, requests=2, failed=1)
    assert judge(WATCH, api(bad, before=seconds(-60, 0, requests=2, failed=1))).state == "undecided"
    assert judge(WATCH, api(bad, before=seconds(-60, 0, requests=2))).state == "bad"
    assert judge(WATCH, api(bad, before=seconds(-4, 0, failed=1))).state == "bad"  # four failures prove nothing of it
    passed = judge(WATCH, replace(api(bad, before=seconds(-60, 0, requests=2, failed=1)), at=300))
    assert passed.state == "good"
    assert "50.0% of the requests to api failed, 50.0% before the switch" in passed.text


def test_slow_answers_take_a_release_back_once_it_is_warm() -> None:
    slow = [*seconds(3, 113), *seconds(113, 122, slow=1), *seconds(122, 140)]
    assert judge(P95, api(slow)).state == "undecided"  # 9 of 120: surely 4.0 %
    slower = [*seconds(3, 113), *seconds(113, 125, slow=1), *seconds(125, 140)]
    verdict = judge(P95, api(slower))
    assert (verdict.state, verdict.trigger) == ("bad", "p95_ms")
    assert verdict.text == "api: 12 of 120 requests took longer than 1000 ms within 120 s, allowed are 5%"
    cold = [*seconds(3, 13, slow=1), *seconds(13, 119)]
    assert judge(P95, api(cold)).state == "undecided"
    assert judge(WATCH, api(slower)).state == "undecided"


def test_a_few_slow_answers_of_few_are_no_percentile() -> None:
    assert judge(P95, api([*seconds(119, 124, slow=1)])).trigger == "p95_ms"
    assert judge(P95, api([*seconds(119, 123, slow=1)])).state == "undecided"


def test_a_service_that_was_as_slow_before_stays() -> None:
    slow = seconds(3, 140, requests=5, slow=1)
    assert judge(P95, api(slow)).trigger == "p95_ms"
    assert judge(P95, api(slow, before=seconds(-120, 0, requests=5, slow=1))).state == "undecided"


@pytest.mark.parametrize(
    ("watch", "high", "trigger"), [(WATCH, 480, "memory_ratio"), (MEMORY, 410, "memory_mb")], ids=["ratio", "megabytes"]
)
def test_memory_takes_a_release_back_when_it_stays_high(watch: Watch, high: float, trigger: str) -> None:
    assert judge(watch, used(100, *[high] * 13)).trigger == trigger
    assert judge(watch, used(100, *[high] * 12)).state == "undecided"
    assert judge(watch, used(*[high] * 6, 100, *[high] * 12)).state == "undecided"
    assert judge(watch, used(*[high] * 13, 100)).state == "undecided"


def test_memory_without_a_limit_has_no_share() -> None:
    assert judge(WATCH, used(*[10_000] * 20, limit=0)).state == "undecided"


def test_each_replica_holds_its_own_memory() -> None:
    mixed = [Memory(at * 5, f"api-{1 + at % 2}", 500, 512) for at in range(13)]
    assert judge(WATCH, Window(at=100, memory=mixed[::2])).trigger == "memory_ratio"
    alternating = [replace(sample, mb=500 if sample.at % 10 else 100) for sample in mixed]
    assert judge(WATCH, Window(at=100, memory=[replace(sample, replica="api-1") for sample in alternating])).state == "undecided"


def test_streams_that_go_on_weigh_against_those_that_failed() -> None:
    failed = seconds(3, 9, failed=1)
    assert judge(WATCH, streams(failed)).trigger == "error_ratio"
    assert judge(WATCH, streams(failed, 100)).state == "undecided"
    assert "streams" in judge(WATCH, streams(failed, 4)).text


def test_one_service_is_not_hidden_behind_another() -> None:
    busy, broken = seconds(3, 63, requests=1000), seconds(3, 63, failed=1)
    both = Window(at=63, traffic=[Traffic("api", busy), Traffic("site", broken)])
    assert judge(WATCH, both).text.startswith("site: ")


def test_a_release_is_watched_to_the_end_and_then_passes() -> None:
    held = api(seconds(3, 300))
    assert judge(WATCH, replace(held, at=299.9)).state == "undecided"
    verdict = judge(WATCH, held)
    assert (verdict.state, verdict.text) == ("good", "held for 300 s")


def test_too_little_traffic_is_a_verdict_of_its_own() -> None:
    assert enough(WATCH, 0.05) == 100
    verdict = judge(WATCH, replace(api(seconds(3, 102)), at=300))
    assert verdict.state == "too-little"
    assert "too little traffic to judge api: 99 requests, 0 failed, 100 would be enough" in verdict.text
    assert judge(WATCH, replace(api(seconds(3, 103)), at=300)).state == "good"


def test_a_quiet_service_beside_a_busy_one_is_told_and_its_failures_are_never_passed_over() -> None:
    busy, quiet = Traffic("api", seconds(3, 300)), Traffic("site", seconds(3, 20))
    verdict = judge(WATCH, Window(at=300, traffic=[busy, quiet]))
    assert verdict.state == "good"
    assert "too little traffic to judge site: 17 requests, 0 failed" in verdict.text
    failing = replace(quiet, seconds=seconds(3, 5, failed=1))
    assert judge(WATCH, Window(at=300, traffic=[busy, failing])).state == "too-little"


def test_a_stack_without_web_services_passes_by_its_checks() -> None:
    assert judge(WATCH, Window(at=300, checks=[Check("worker-1")])).state == "good"


def test_a_release_that_nobody_watches_passes_at_once() -> None:
    assert judge(replace(WATCH, seconds=0), Window(at=0)) == Verdict(
        "good", text="held for 0 s", numbers=judge(WATCH, Window(at=0)).numbers
    )


def test_the_numbers_fit_into_the_journal() -> None:
    window = Window(
        at=12.34,
        traffic=[Traffic("api", seconds(3, 5), seconds(-5, 0, failed=1)), Traffic("api", (), kind="stream", open=3)],
        checks=[Check("api-1", 1, "late")],
        restarts=[Restarts("api-1", 1)],
        memory=[Memory(5, "api-1", 90.4), Memory(10, "api-1", 101.6)],
    )
    assert json.loads(json.dumps(judge(WATCH, window).numbers)) == {
        "seconds": 12.3,
        "traffic": [
            {
                "service": "api",
                "kind": "plain",
                "requests": 2,
                "failed": 0,
                "timed": 2,
                "slow": 0,
                "before": {"requests": 5, "failed": 5},
            },
            {"service": "api", "kind": "stream", "requests": 0, "failed": 0, "open": 3, "before": {"requests": 0, "failed": 0}},
        ],
        "failed_checks": {"api-1": 1},
        "restarts": {"api-1": 1},
        "memory_mb": {"api-1": 102},
    }


def beside(found: Sequence[Second], other: Sequence[Second]) -> Window:
    return Window(at=found[-1].at + 1, traffic=[Traffic("api", found, beside=other)])


LONG = replace(WATCH, seconds=1000)
LONG_P95 = replace(P95, seconds=1000)


def test_a_canary_is_judged_by_what_the_release_beside_it_does_in_the_very_same_seconds() -> None:
    bad = [*seconds(0, 300), *seconds(300, 360, requests=2, failed=1)]
    assert judge(LONG, beside(bad, seconds(0, 360, requests=20))).trigger == "error_ratio"
    both = [*seconds(0, 300, requests=20), *seconds(300, 360, requests=20, failed=10)]
    assert judge(LONG, beside(bad, both)).state == "undecided", "an outage of both"
    earlier = [*seconds(0, 60, requests=20, failed=20), *seconds(60, 360, requests=20)]
    assert judge(LONG, beside(bad, earlier)).state == "bad", "an outage that is over excuses nothing"


def test_a_canary_that_is_worse_than_the_release_beside_it_is_bad_although_that_one_fails_too() -> None:
    bad = seconds(0, 60, requests=2, failed=1)
    assert judge(WATCH, beside(bad, seconds(0, 60, requests=20, failed=2))).text.endswith("allowed 10.0%")
    few = [Second(1, 20, 4), *seconds(2, 60, requests=1)]
    assert judge(WATCH, beside(bad, few)).text.endswith("allowed 5.0%"), "four failures prove nothing"


def test_a_canary_is_as_slow_as_the_release_beside_it() -> None:
    slow = seconds(0, 360, requests=2, slow=1)
    assert judge(LONG_P95, beside(slow, seconds(0, 360, requests=20))).trigger == "p95_ms"
    assert judge(LONG_P95, beside(slow, seconds(0, 360, requests=20, slow=10))).state == "undecided"


def test_the_numbers_and_the_verdict_tell_of_the_release_beside_a_canary() -> None:
    found = beside(seconds(0, 300, requests=2, failed=1), seconds(0, 300, requests=20, failed=10))
    verdict = judge(WATCH, found)
    assert verdict.state == "good"
    assert "50.0% of the requests to api failed, 50.0% of those beside it" in verdict.text
    assert verdict.numbers["traffic"][0]["beside"] == {"requests": 6000, "failed": 3000}
    assert "beside" not in judge(WATCH, api(seconds(0, 300))).numbers["traffic"][0]
