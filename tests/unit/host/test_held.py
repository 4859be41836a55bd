"""What the host took back is known again by words, secrets and images, and refused until somebody insists."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import ReleaseRefused
from slipway.host import held, records
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Release, Request
from slipway.model import Service, Stack, Store
from slipway.placement import Placement
from slipway.serving import Serving

STACK = Stack("demo", {"web": Service("web", "a/b:1"), "db": Service("db", "c/d:1", store=Store())}, variables={"COLOUR": "red"})
IMAGES = {"web": "a/b@sha256:1", "db": "c/d@sha256:2"}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    work = Work(Machine(Layout(tmp_path)), Layout(tmp_path).stack("demo"))
    placement = Placement(4, images=IMAGES, secrets_generation=2)
    release = Release(4, records.fingerprint(STACK, 2), STACK, placement, "me", "site.yml", "then")
    records.keep_release(work.folder, release)
    work.keep_serving(Serving("demo", current=3, held=(4,)))
    work.note({"event": "watch", "release": 4, "state": "bad", "text": "api: 9 of 20 failed"})
    return work


def asked(stack: Stack = STACK, **words: Any) -> Request:
    return Request("id", stack, "me", "site.yml", "now", **words)


def test_the_same_again_is_refused_with_the_reason_and_the_remedy(work: Work) -> None:
    with pytest.raises(ReleaseRefused, match=r"release 4 of demo again.*api: 9 of 20 failed") as caught:
        held.check(work, asked(), 2, IMAGES)
    assert caught.value.exit_code == 5
    assert "fab deploy --again" in caught.value.next_step
    assert "-e again=4" in caught.value.next_step


def test_a_pin_of_the_same_image_makes_no_other_release(work: Work) -> None:
    with pytest.raises(ReleaseRefused):
        held.check(work, asked(replace(STACK, pins={"a/b:1": "sha256:1"})), 2, IMAGES)


def test_images_nobody_knows_yet_are_taken_for_the_same(work: Work) -> None:
    with pytest.raises(ReleaseRefused):
        held.check(work, asked(), 2, {})


def test_other_words_secrets_or_images_are_another_release(work: Work) -> None:
    held.check(work, asked(replace(STACK, variables={"COLOUR": "blue"})), 2, IMAGES)
    held.check(work, asked(), 3, IMAGES)
    held.check(work, asked(), 2, {**IMAGES, "web": "a/b@sha256:9"})


def test_another_image_of_a_store_is_no_way_around(work: Work) -> None:
    with pytest.raises(ReleaseRefused):
        held.check(work, asked(), 2, {**IMAGES, "db": "c/d@sha256:9"})


def test_somebody_may_insist_on_all_or_on_this_one_alone(work: Work) -> None:
    held.check(work, asked(again=True), 2, IMAGES)
    held.check(work, asked(again_of=4), 2, IMAGES)
    with pytest.raises(ReleaseRefused):
        held.check(work, asked(again_of=5), 2, IMAGES)


def test_a_rollback_to_a_held_release_is_refused_as_well(work: Work) -> None:
    other = replace(STACK, variables={"COLOUR": "blue"})
    with pytest.raises(ReleaseRefused, match="release 4"):
        held.check(work, asked(other, returns_to=4), 2, IMAGES)
    held.check(work, asked(other, returns_to=4, again=True), 2, IMAGES)
    held.check(work, asked(other, returns_to=3), 2, IMAGES)


def test_a_held_release_whose_record_is_gone_holds_nothing(work: Work) -> None:
    work.keep_serving(Serving("demo", current=3, held=(2,)))
    held.check(work, asked(), 2, IMAGES)


def test_who_insists_on_the_last_of_two_alike_gets_through(work: Work) -> None:
    again = replace(records.release(work.folder, 4), number=5)
    records.keep_release(work.folder, again)
    work.keep_serving(Serving("demo", current=3, held=(4, 5)))
    with pytest.raises(ReleaseRefused, match="release 5") as caught:
        held.check(work, asked(again_of=4), 2, IMAGES)
    assert "-e again=5" in caught.value.next_step
    held.check(work, asked(again_of=5), 2, IMAGES)
    held.check(work, asked(again_of=5, returns_to=4), 2, IMAGES)


def test_a_canary_that_a_person_took_back_is_held_with_that_persons_reason(work: Work) -> None:
    work.note({"event": "returned", "from": 4, "to": 3, "how": "aborted", "text": "ann@desk: it is late"})
    with pytest.raises(
        ReleaseRefused, match=r"release 4 of demo again, a canary that was taken back at .*: ann@desk: it is late"
    ):
        held.check(work, asked(), 2, IMAGES)
    held.check(work, asked(again=True), 2, IMAGES)
