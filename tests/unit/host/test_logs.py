"""Which lines of a log are wanted."""

import pytest

from slipway.host.logs import NoPattern, Wanted


def test_a_pattern_chooses_lines_and_none_means_all() -> None:
    fits = Wanted(grep="5\\d\\d|timeout").fits
    assert [line for line in ("a 502", "a 200", "timeout") if fits(line)] == ["a 502", "timeout"]
    assert Wanted().fits("anything")


def test_what_is_no_pattern_is_the_users_input() -> None:
    with pytest.raises(NoPattern, match="--grep is '\\['") as caught:
        Wanted(grep="[").fits("")
    assert caught.value.exit_code == 2
