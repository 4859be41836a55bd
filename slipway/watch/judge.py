"""Judge a window by the bounds of the watch.

A share of few requests proves nothing, so a bound on a share is broken only where the share is surely over it. A quiet service
is judged over more time than `for_seconds`, and where all of the window holds too few requests, that is said.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..model import Threshold, Watch
from .shares import surely
from .window import Memory, Second, Traffic, Verdict, Window

SLOW_SHARE = 0.05  # a 95th percentile is over a bound when more than this share of the requests is

Broken = tuple[str, str]  # the word of the watch, and what happened


def judge(watch: Watch, window: Window) -> Verdict:
    """Return the verdict; the caller asks again while it is `undecided`, which ends with the window."""
    numbers = numbers_of(window)
    for trigger, text in broken(watch, window):
        return Verdict("bad", trigger, text, numbers)
    if window.at < watch.seconds:
        return Verdict("undecided", text=f"watched for {window.at:.0f} of {watch.seconds} s", numbers=numbers)
    return _at_the_end(watch, window, numbers)


def broken(watch: Watch, window: Window) -> Iterator[Broken]:
    """Yield each bound that is broken."""
    yield from _failed_checks(watch, window)
    yield from _restarts(watch, window)
    for traffic in window.traffic:
        yield from _error_ratio(watch, traffic, window.at)
        yield from _p95(watch, traffic, window.at)
    yield from _memory(watch, window)


def _failed_checks(watch: Watch, window: Window) -> Iterator[Broken]:
    for check in window.checks:
        if check.bad_in_a_row >= watch.failed_checks:
            yield "failed_checks", f"{check.replica}: {check.bad_in_a_row} failed checks in a row: {check.fault}"


def _restarts(watch: Watch, window: Window) -> Iterator[Broken]:
    for restarts in window.restarts:
        if restarts.count >= watch.restarts:
            cause = f" ({restarts.cause})" if restarts.cause else ""
            yield "restarts", f"{restarts.replica} was restarted {restarts.count} times in {window.at:.0f} s{cause}"


def _error_ratio(watch: Watch, traffic: Traffic, now: float) -> Iterator[Broken]:
    bound = watch.error_ratio.over
    if bound is None:
        return
    found = _recent(traffic.seconds, now, watch.error_ratio.for_seconds, enough(watch, bound))
    whole, allowed = (
        found.requests + traffic.open,
        max(bound, _failed_before(watch, traffic), _failed_beside(watch, traffic, found.at)),
    )
    least = surely(found.failed, whole)
    if found.failed >= watch.min_errors and least > allowed:
        what = f"{found.failed} of {whole} {_noun(traffic)} failed within {now - found.at:.0f} s"
        yield "error_ratio", f"{traffic.service}: {what}: surely over {least:.1%}, allowed {allowed:.1%}"


def _p95(watch: Watch, traffic: Traffic, now: float) -> Iterator[Broken]:
    """A release is cold when it goes live, so its times are judged once it served for `for_seconds`."""
    bound = watch.p95_ms
    if bound is None or now < bound.for_seconds:
        return
    found = _recent(traffic.seconds, now, bound.for_seconds, enough(watch, SLOW_SHARE))
    allowed = max(SLOW_SHARE, _slow_before(watch, traffic), _slow_beside(watch, traffic, found.at))
    if found.slow >= watch.min_errors and surely(found.slow, found.timed) > allowed:
        what = f"{found.slow} of {found.timed} requests took longer than {bound.over:g} ms"
        yield "p95_ms", f"{traffic.service}: {what} within {now - found.at:.0f} s, allowed are {allowed:.0%}"


def _memory(watch: Watch, window: Window) -> Iterator[Broken]:
    for replica in sorted({sample.replica for sample in window.memory}):
        samples = [sample for sample in window.memory if sample.replica == replica]
        if watch.memory_mb and _held([sample.mb for sample in samples], samples, watch.memory_mb):
            text = f"{replica} used over {watch.memory_mb.over:g} MB for {watch.memory_mb.for_seconds} s"
            yield "memory_mb", f"{text}, {samples[-1].mb:.0f} at last"
        shares = [sample.mb / sample.limit_mb if sample.limit_mb else 0.0 for sample in samples]
        if _held(shares, samples, watch.memory_ratio):
            text = f"{replica} used over {watch.memory_ratio.over:.0%} of its memory for {watch.memory_ratio.for_seconds} s"
            yield "memory_ratio", f"{text}, {samples[-1].mb:.0f} of {samples[-1].limit_mb:.0f} MB at last"


def _held(values: Sequence[float], samples: Sequence[Memory], bound: Threshold) -> bool:
    """Say whether the last samples are all over a bound, and reach back far enough."""
    over = [value > bound.over for value in values] if bound.over is not None else [False]
    first = len(over) - (over[::-1].index(False) if False in over else len(over))
    return first < len(samples) and samples[-1].at - samples[first].at >= bound.for_seconds


def enough(watch: Watch, share: float) -> int:
    """Return how many requests can show that a share is too high: among so many, it means `min_errors`."""
    return math.ceil(watch.min_errors / share) if share else watch.min_errors


def _recent(seconds: Sequence[Second], now: float, for_seconds: int, wanted: int) -> Second:
    """Add up the last seconds, `at` being the first: `for_seconds` of them, or more where they hold fewer than wanted."""
    requests = failed = timed = slow = 0
    first = int(now)
    for second in reversed(seconds):
        if second.at < now - for_seconds and requests >= wanted:
            break
        requests, failed = requests + second.requests, failed + second.failed
        timed, slow, first = timed + second.timed, slow + second.slow, second.at
    return Second(first, requests, failed, timed, slow)


def _failed_before(watch: Watch, traffic: Traffic) -> float:
    """Return the share that failed before the switch: going back to what was as bad would help nobody."""
    before = total(traffic.before)
    return before.failed / before.requests if before.failed >= watch.min_errors else 0.0


def _slow_before(watch: Watch, traffic: Traffic) -> float:
    before = total(traffic.before)
    return before.slow / before.timed if before.slow >= watch.min_errors else 0.0


def _failed_beside(watch: Watch, traffic: Traffic, since: int) -> float:
    """Return the share of the release that serves in the very seconds judged: what both suffer is no fault of a canary."""
    beside = total(second for second in traffic.beside if second.at >= since)
    return beside.failed / beside.requests if beside.failed >= watch.min_errors else 0.0


def _slow_beside(watch: Watch, traffic: Traffic, since: int) -> float:
    beside = total(second for second in traffic.beside if second.at >= since)
    return beside.slow / beside.timed if beside.slow >= watch.min_errors else 0.0


def total(seconds: Iterable[Second]) -> Second:
    """Return the sum of seconds."""
    requests = failed = timed = slow = 0
    for second in seconds:
        requests, failed = requests + second.requests, failed + second.failed
        timed, slow = timed + second.timed, slow + second.slow
    return Second(0, requests, failed, timed, slow)


def _at_the_end(watch: Watch, window: Window, numbers: Mapping[str, Any]) -> Verdict:
    """Pass the release; say where the window held too few requests to tell."""
    bound = watch.error_ratio.over or 0.0
    sums = [(traffic, total(traffic.seconds)) for traffic in window.traffic]
    quiet = [(traffic, found) for traffic, found in sums if found.requests + traffic.open < enough(watch, bound)]
    told = "; ".join([f"held for {watch.seconds} s", *(_quiet(watch, *each) for each in quiet), *_no_worse(watch, sums)])
    nothing_judged = bool(quiet) and len(quiet) == len(sums)
    if nothing_judged or any(found.failed for _, found in quiet):
        return Verdict("too-little", text=told, numbers=numbers)
    return Verdict("good", text=told, numbers=numbers)


def _quiet(watch: Watch, traffic: Traffic, found: Second) -> str:
    wanted = enough(watch, watch.error_ratio.over or 0.0)
    whole = found.requests + traffic.open
    seen = f"{whole} {_noun(traffic)}, {found.failed} failed, {wanted} would be enough"
    return f"too little traffic to judge {traffic.service}: {seen}"


def _no_worse(watch: Watch, sums: Iterable[tuple[Traffic, Second]]) -> Iterator[str]:
    """Tell of failures over the bound that were there before the switch, or beside a canary."""
    for traffic, found in sums:
        before = _failed_before(watch, traffic)
        if found.requests and before > (watch.error_ratio.over or 0.0):
            share = found.failed / found.requests
            yield f"{share:.1%} of the {_noun(traffic)} to {traffic.service} failed, {before:.1%} before the switch"
        beside = _failed_beside(watch, traffic, 0)
        if found.requests and beside > (watch.error_ratio.over or 0.0):
            share = found.failed / found.requests
            yield f"{share:.1%} of the {_noun(traffic)} to {traffic.service} failed, {beside:.1%} of those beside it"


def _noun(traffic: Traffic) -> str:
    return "streams" if traffic.kind == "stream" else "requests"


def numbers_of(window: Window) -> dict[str, Any]:
    """Return what was seen, for the journal."""
    return {
        "seconds": round(window.at, 1),
        "traffic": [_counts(traffic) for traffic in window.traffic],
        "failed_checks": {check.replica: check.bad_in_a_row for check in window.checks if check.bad_in_a_row},
        "restarts": {restarts.replica: restarts.count for restarts in window.restarts if restarts.count},
        "memory_mb": {sample.replica: round(sample.mb) for sample in window.memory},
    }


def _counts(traffic: Traffic) -> dict[str, Any]:
    found, before, beside = total(traffic.seconds), total(traffic.before), total(traffic.beside)
    more = {"open": traffic.open} if traffic.kind == "stream" else {"timed": found.timed, "slow": found.slow}
    return {
        "service": traffic.service,
        "kind": traffic.kind,
        "requests": found.requests,
        "failed": found.failed,
        **more,
        "before": {"requests": before.requests, "failed": before.failed},
        **({"beside": {"requests": beside.requests, "failed": beside.failed}} if traffic.beside else {}),
    }
