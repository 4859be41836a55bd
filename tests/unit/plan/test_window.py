"""The window: what is left of it, who looks when, what comes before."""

import pytest

from slipway.plan.window import minute, window


@pytest.mark.parametrize(
    ("text", "at", "left"),
    [
        ("03:00-05:00", "03:00", 120),
        ("03:00-05:00", "04:59", 1),
        ("03:00-05:00", "05:00", 0),
        ("03:00-05:00", "02:59", 0),
        ("23:30-01:00", "23:30", 90),
        ("23:30-01:00", "00:15", 45),
        ("23:30-01:00", "01:00", 0),
        ("23:30-01:00", "12:00", 0),
        ("00:00-23:59", "12:00", 719),
    ],
)
def test_what_is_left_of_the_window(text: str, at: str, left: int) -> None:
    assert window(text).left(minute(at)) == left


def test_a_host_by_itself_looks_every_quarter_of_an_hour_and_leaves_time_for_what_follows() -> None:
    assert window("03:00-05:00").looks() == ["03:00", "03:15", "03:30", "03:45", "04:00", "04:15", "04:30", "04:45"]
    assert window("23:30-00:30").looks() == ["23:30", "23:45", "00:00", "00:15"]
    assert window("03:00-03:30").looks() == ["03:00", "03:15"]


def test_hosts_take_turns_and_none_is_left_out() -> None:
    three = [window("03:00-05:00").looks(turn, 3) for turn in range(3)]
    assert three == [["03:00", "03:45", "04:30"], ["03:15", "04:00", "04:45"], ["03:30", "04:15"]]


def test_more_hosts_than_looks_share_them() -> None:
    many = [window("03:00-04:00").looks(turn, 9) for turn in range(9)]
    assert all(len(looks) == 1 for looks in many)
    assert {look for looks in many for look in looks} == {"03:00", "03:15", "03:30", "03:45"}


def test_updates_come_before_the_window_and_over_midnight() -> None:
    assert (window("03:00-05:00").before(60), window("00:30-02:00").before(60)) == ("02:00", "23:30")
