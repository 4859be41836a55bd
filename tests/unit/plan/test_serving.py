import pytest

from slipway.codec import from_json, to_json
from slipway.errors import SlipwayError
from slipway.serving import Serving


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


@pytest.mark.parametrize("used", [Serving("shop", current=4), Serving("shop", retiring=(4,)), Serving("shop", held=(4,))])
def test_a_number_is_never_used_twice(used: Serving) -> None:
    with pytest.raises(SlipwayError, match="used before"):
        used.begun(4)


def test_only_what_was_begun_can_serve() -> None:
    with pytest.raises(SlipwayError, match="cannot serve"):
        Serving("shop", current=1).switched(2, "now")


def test_the_record_survives_json() -> None:
    serving = Serving("shop", current=3, previous=2, retiring=(2,), since="then", held=(1,))
    assert from_json(Serving, to_json(serving)) == serving
