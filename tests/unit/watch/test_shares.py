import pytest

from slipway.watch.shares import surely


@pytest.mark.parametrize(
    ("part", "whole", "least"),
    [(0, 0, 0.0), (0, 10, 0.0), (1, 1, 0.2065), (1, 2, 0.0945), (5, 5, 0.5655), (12, 60, 0.1183), (100, 200, 0.4314)],
)
def test_what_a_share_surely_is_matches_the_published_interval(part: int, whole: int, least: float) -> None:
    assert surely(part, whole) == pytest.approx(least, abs=5e-5)


def test_more_of_the_same_makes_it_surer_and_never_overstates_it() -> None:
    sure = [surely(size // 5, size) for size in (5, 10, 50, 100, 1000, 10_000)]
    assert sure == sorted(sure)
    assert all(value < 0.2 for value in sure)
