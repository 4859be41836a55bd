"""Deploys under the traffic that is hard to judge: little of it, with some failures that are nobody's fault.

The seeds are fixed and the clock is passed in: the window is as long as on a host, and holds as many requests.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

import pytest

from slipway.model import Threshold, Watch
from slipway.watch.judge import judge
from slipway.watch.tally import Answer, Tally
from slipway.watch.window import Traffic, Verdict, Window

DEPLOYS = range(40)
RATES = (0.2, 1.0, 5.0)
BEFORE, FIRST, END = -120.0, 3.0, 300.0
NOISE, BROKEN = 0.01, 0.2
WATCH = Watch(p95_ms=Threshold(over=1000, for_seconds=120))


def traffic(random: Random, rate: float, failing: float, slow: float) -> list[Answer]:
    """Return answers as a host would log them, from before the switch to the end of the window."""
    answers, at = [], BEFORE
    while (at := at + random.expovariate(rate)) < END:
        bad = NOISE if at < 0 else failing
        late = NOISE if at < 0 else slow
        milliseconds = random.uniform(1200, 3000) if random.random() < late else random.expovariate(1 / 80)
        answers.append(Answer(at, "api", 500 if random.random() < bad else 200, milliseconds))
    return answers


def watched(seed: int, rate: float, failing: float, slow: float = NOISE) -> Verdict:
    """Watch one deploy, a look each second."""
    answers = traffic(Random(f"{seed} {rate} {failing} {slow}"), rate, failing, slow)  # noqa: S311 - no secret
    ended, tally = defaultdict(list), Tally(1000)
    for answer in answers:
        ended[max(0, int(answer.began + (answer.milliseconds or 0) / 1000))].append(answer)
    for at in range(1, 302):
        tally.add(ended[at - 1])
        seen = Traffic("api", tally.seconds("api", "plain", FIRST, END), tally.seconds("api", "plain", BEFORE, 0))
        verdict = judge(WATCH, Window(at=at, traffic=[seen]))
        if verdict.state != "undecided":
            return verdict
    raise AssertionError("the watch has no end")


def verdicts(rate: float, failing: float, slow: float = NOISE) -> Counter[tuple[str, str]]:
    found = [watched(seed, rate, failing, slow) for seed in DEPLOYS]
    return Counter((verdict.state, verdict.trigger) for verdict in found)


def states(found: Counter[tuple[str, str]]) -> set[str]:
    return {state for state, _ in found}


@pytest.mark.parametrize("rate", RATES)
def test_of_forty_good_deploys_none_is_taken_back(rate: float) -> None:
    found = verdicts(rate, failing=NOISE)
    assert found.total() == 40
    assert "bad" not in states(found)
    assert states(found) == ({"too-little"} if rate < 1 else {"good"})


@pytest.mark.parametrize("rate", RATES[1:])
def test_forty_of_forty_deploys_with_a_fifth_of_failures_are_taken_back(rate: float) -> None:
    assert verdicts(rate, failing=BROKEN) == {("bad", "error_ratio"): 40}


def test_under_hardly_any_traffic_a_bad_deploy_is_taken_back_or_told_but_never_passed_in_silence() -> None:
    found = verdicts(RATES[0], failing=BROKEN)
    assert found.total() == 40
    assert states(found) <= {"bad", "too-little"}
    assert found["bad", "error_ratio"] >= 20


@pytest.mark.parametrize("rate", RATES[1:])
def test_forty_of_forty_slow_deploys_are_taken_back(rate: float) -> None:
    assert verdicts(rate, failing=NOISE, slow=BROKEN) == {("bad", "p95_ms"): 40}


def told(found: Sequence[Verdict]) -> list[str]:
    return [verdict.text for verdict in found if verdict.state == "too-little"]


def test_too_little_traffic_says_how_little() -> None:
    texts = told([watched(seed, RATES[0], NOISE) for seed in range(5)])
    assert len(texts) == 5
    assert all("too little traffic to judge api" in text and "100 would be enough" in text for text in texts)
