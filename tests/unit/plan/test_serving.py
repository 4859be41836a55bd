from dataclasses import replace

import pytest

from slipway.codec import from_json, to_json
from slipway.errors import SlipwayError
from slipway.serving import Canary, Serving, Unconfirmed


def test_a_release_comes_and_the_old_one_goes() -> None:
    first = Serving("shop").begun(1).switched(1, "2030-01-01T00:00:00Z")
    assert first == Serving("shop", current=1, since="2030-01-01T00:00:00Z")
    second = first.begun(2).switched(2, "2030-01-02T00:00:00Z")
    assert (second.current, second.previous, second.retiring, second.next) == (2, 1, (1,), None)
    assert second.retired(1).retiring == ()
    assert second.retired(1).previous == 1


def test_a_release_that_was_given_up_leaves_what_serves() -> None:
    serving = Serving("shop", current=1, since="then")
    assert serving.begun(2).abandoned(2) == serving
    assert serving.begun(2).abandoned(3).next == 2


def test_two_releases_are_never_made_at_once() -> None:
    with pytest.raises(SlipwayError, match="still in the making") as caught:
        Serving("shop").begun(1).begun(2)
    assert "slipway resume shop" in caught.value.next_step


WATCHED = Serving("shop", current=1, since="then").begun(2).switched(2, "now", "later")


def test_while_a_release_is_watched_the_one_before_stands_by() -> None:
    assert (WATCHED.current, WATCHED.standby, WATCHED.retiring, WATCHED.watched) == (2, 1, (), True)
    assert WATCHED.present == (2, 1)
    passed = WATCHED.settled(2)
    assert (passed.current, passed.standby, passed.retiring, passed.watched) == (2, None, (1,), False)


def test_a_first_release_is_watched_with_nothing_to_return_to() -> None:
    first = Serving("shop").begun(1).switched(1, "now", "later")
    assert (first.watched, first.standby) == (True, None)
    assert first.begun(2).switched(2, "now", "later").standby == 1, "nobody else is there"


def test_the_last_release_that_passed_stands_by_not_one_whose_watch_was_cut_short() -> None:
    third = WATCHED.begun(3).switched(3, "now", "later")
    assert (third.current, third.standby, third.retiring) == (3, 1, (2,))
    back = third.returned_from(3, "then")
    assert (back.current, back.retiring, back.held) == (1, (2, 3), (3,))


def test_a_release_without_a_watch_leaves_nothing_standing_by() -> None:
    third = WATCHED.begun(3).switched(3, "now")
    assert (third.standby, third.retiring, third.watched) == (None, (1, 2), False)


def test_a_return_is_made_once_and_holds_what_turned_bad() -> None:
    back = WATCHED.returned_from(2, "then")
    assert (back.current, back.previous, back.standby, back.retiring, back.held) == (1, None, None, (2,), (2,))
    assert not back.watched
    assert back.returned
    assert not back.retired(2).returned
    with pytest.raises(SlipwayError, match="cannot return"):
        back.returned_from(1, "then")
    assert back.retired(2).begun(3).next == 3


def test_what_passed_after_all_is_held_no_longer() -> None:
    back = WATCHED.returned_from(2, "then").begun(3).switched(3, "now", "later")
    assert back.settled(3, freed=(2,)).held == ()
    with pytest.raises(SlipwayError, match="not watched"):
        back.settled(1)


@pytest.mark.parametrize("used", [Serving("shop", current=4), Serving("shop", retiring=(4,)), Serving("shop", held=(4,))])
def test_a_number_is_never_used_twice(used: Serving) -> None:
    with pytest.raises(SlipwayError, match="used before"):
        used.begun(4)


def test_only_what_was_begun_can_serve() -> None:
    with pytest.raises(SlipwayError, match="cannot serve"):
        Serving("shop", current=1).switched(2, "now")


def test_the_record_survives_json() -> None:
    serving = Serving("shop", current=3, previous=2, retiring=(2,), since="then", held=(1,), standby=2, watch_until="later")
    assert from_json(Serving, to_json(serving)) == serving


TOGETHER = Serving("shop", current=1, since="then").begun(2).switched(2, "now", "later", "c0ffee")


def test_what_served_stands_by_until_all_hosts_are_known_to_serve_the_next() -> None:
    assert (TOGETHER.current, TOGETHER.standby, TOGETHER.unconfirmed) == (2, 1, Unconfirmed("c0ffee"))
    assert TOGETHER.confirmed(2) == replace(WATCHED, since="now")
    back = TOGETHER.taken_back(2, "after")
    assert (back.current, back.held, back.retiring, back.standby, back.watched) == (1, (), (2,), None, False)
    assert back.returned, "the later release is on its way out"


def test_without_a_watch_it_stands_by_all_the_same_and_leaves_with_the_word() -> None:
    unwatched = Serving("shop", current=1).begun(2).switched(2, "now", "", "c0ffee")
    assert (unwatched.standby, unwatched.retiring) == (1, ())
    confirmed = unwatched.confirmed(2)
    assert (confirmed.standby, confirmed.retiring, confirmed.unconfirmed) == (None, (1,), None)


def test_a_watch_that_the_switch_cut_short_goes_on_where_the_hosts_go_back() -> None:
    both = WATCHED.begun(3).switched(3, "after", "even later", "c0ffee")
    assert (both.standby, both.present, both.retiring) == (2, (3, 2, 1), ())
    assert both.taken_back(3, "x") == replace(WATCHED, since="x", retiring=(3,), previous=None)
    assert both.confirmed(3) == replace(WATCHED.begun(3).switched(3, "after", "even later"))


def test_a_first_release_has_nothing_to_go_back_to_and_waits_for_no_word() -> None:
    first = Serving("shop").begun(1).switched(1, "now", "later", "c0ffee")
    assert first.unconfirmed is None
    with pytest.raises(SlipwayError, match="waits for no word"):
        first.confirmed(1)


def test_a_switch_that_follows_an_unconfirmed_one_leaves_nothing_behind() -> None:
    stuck = WATCHED.begun(3).switched(3, "after", "even later", "c0ffee").begun(4).switched(4, "later still", "end")
    assert (stuck.current, stuck.unconfirmed) == (4, None)
    assert set(stuck.present) == {4, 3, 2, 1}, "all of them are still to be seen to"


SHARED = Serving("shop", current=1, previous=0, since="then").begun(2).shared(2, 10, "now", "later")


def test_a_canary_is_neither_what_serves_nor_on_its_way_out() -> None:
    assert SHARED.canary == Canary(2, 10, "now", "later")
    assert (SHARED.current, SHARED.next, SHARED.tried, SHARED.since) == (1, None, 2, "then")
    assert (SHARED.present, SHARED.old, SHARED.highest) == ((1, 2), (), 2)
    assert SHARED.looked_at
    assert not SHARED.watched


def test_a_canary_that_is_promoted_serves_with_a_watch_of_its_own() -> None:
    promoted = SHARED.switched(2, "at last", "even later")
    assert (promoted.current, promoted.standby, promoted.canary, promoted.watched) == (2, 1, None, True)


def test_an_aborted_canary_is_held_and_leaves_from_now_on() -> None:
    aborted = SHARED.aborted(2, "at last")
    assert (aborted.current, aborted.previous, aborted.canary) == (1, 0, None)
    assert (aborted.retiring, aborted.held, aborted.since) == ((2,), (2,), "at last")
    assert aborted.returned, "a resume leads its visitors back"
    assert not aborted.looked_at


def test_only_a_release_in_the_making_becomes_a_canary_beside_one_that_serves() -> None:
    for serving in (Serving("shop", current=1), Serving("shop").begun(2), SHARED):
        with pytest.raises(SlipwayError, match="cannot be a canary"):
            serving.shared(2, 10, "now")
    with pytest.raises(SlipwayError, match="is no canary"):
        SHARED.aborted(3, "now")
    with pytest.raises(SlipwayError, match="cannot serve"):
        SHARED.switched(3, "now")


def test_a_record_with_a_canary_is_read_as_it_was_written_and_one_from_before_has_none() -> None:
    assert from_json(Serving, to_json(SHARED)) == SHARED
    assert from_json(Serving, {"stack": "shop", "current": 1}).canary is None
