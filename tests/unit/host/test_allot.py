from dataclasses import replace
from pathlib import Path

import pytest

from slipway.errors import ReleaseRefused
from slipway.host.allot import Wish, known_references, release_of, slots_in_use, with_generations
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Release, Request
from slipway.model import SecretUse, Service, Stack, Store
from slipway.placement import Placement
from slipway.plan.place import Taken, place
from tests.unit.plan.stacks import API, SHOP, images_of, with_services

from .releases import folder, release

WEB, DB = Service(name="web", image="a/web:1"), Service(name="db", image="postgres:17", store=Store())
STACK = Stack(name="demo", services={"web": WEB, "db": DB})
IMAGES = {"web": "a/web@sha256:1", "db": "postgres@sha256:2"}
BEFORE = Release(1, "f", STACK, Placement(1, images=IMAGES), who="me", why="site.yml", at="")


def test_nothing_is_known_of_a_first_release() -> None:
    assert known_references(STACK, None, None) == {"web": "", "db": ""}


def test_a_moved_tag_changes_nothing_of_what_serves() -> None:
    assert known_references(STACK, BEFORE, BEFORE) == IMAGES


def test_after_a_refused_first_release_only_stores_keep_their_digest() -> None:
    assert known_references(STACK, None, BEFORE) == {"web": "", "db": "postgres@sha256:2"}


def test_another_tag_is_not_known() -> None:
    other = replace(STACK, services={"web": replace(WEB, image="a/web:2"), "db": replace(DB, image="postgres:18")})
    assert known_references(other, BEFORE, BEFORE) == {"web": "", "db": ""}


def test_a_pin_goes_before_all_else() -> None:
    pinned = replace(STACK, pins={"a/web:1": "sha256:9"})
    assert known_references(pinned, BEFORE, BEFORE)["web"] == "a/web@sha256:9"


SECRET = replace(
    STACK,
    services={"db": replace(DB, secrets=(SecretUse("a", "/run/secrets/a"),))},
    secret_files={"a": "A", "b": "B"},
    secret_names=("A", "B"),
)
CACHE = Service(name="cache", image="redis:8", store=Store(), secrets=(SecretUse("b", "/run/secrets/b"),))
MORE = replace(SECRET, services={**SECRET.services, "cache": CACHE})


def base_generation(root: Path, asked: Stack, *, deployer: bool = False) -> int:
    """Return whose values the base takes when the second generation's come along; the base was made with A alone."""
    work = Work(Machine(Layout(root)), Layout(root).stack("demo"))
    for number, values in (("1", '{"A": "old"}'), ("2", '{"A": "new", "B": "new"}')):
        kept = work.secrets.folder / number / "values.json"
        kept.parent.mkdir(parents=True)
        kept.write_text(values)
    wish = Wish(Request(id="1", stack=asked, who="me", why="", at="", deployer=deployer), "f", 2)
    return with_generations(work, wish, Placement(2), Placement(1, base_generation=1)).base_generation


def test_stores_keep_the_secrets_they_were_made_with(tmp_path: Path) -> None:
    assert base_generation(tmp_path, SECRET, deployer=True) == 1


def test_a_deployer_gives_the_stores_no_secrets_of_theirs(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="not made with: B") as refused:
        base_generation(tmp_path, MORE, deployer=True)
    assert "-e base=demo" in refused.value.next_step


def test_an_admin_gives_the_stores_new_secrets_for_a_new_store(tmp_path: Path) -> None:
    assert base_generation(tmp_path, MORE) == 2


def test_the_slots_of_what_serves_are_in_use_also_after_a_refused_release_with_fewer(tmp_path: Path) -> None:
    slots = [{"old": 20001}, {"web-1": 20002, "web-2": 20003}, {"web-1": 20002, "web-3": 20004}]
    made = [release(number, "1.0.0") for number in (1, 2, 3)]
    placed = [replace(one, placement=replace(one.placement, slots=has)) for one, has in zip(made, slots, strict=True)]
    found = folder(tmp_path, *placed, current=2, previous=1, retiring=(9,))
    found.release(9).mkdir()
    assert slots_in_use([found]) == {20001, 20002, 20003, 20004}


def test_a_stack_keeps_its_own_slots_and_gets_none_that_an_earlier_release_of_it_has() -> None:
    images = images_of(SHOP)
    first = place(SHOP, 1, Taken(), None, images)
    fewer = place(with_services(SHOP, replace(API, replicas=1)), 2, Taken(slots=first.slots.values()), first, images)
    more = place(with_services(SHOP, replace(API, replicas=2)), 3, Taken(slots=first.slots.values()), fewer, images)
    assert set(fewer.slots.items()) < set(first.slots.items())
    assert set(more.slots.values()) & set(first.slots.values()) == set(fewer.slots.values())


def test_what_was_chosen_is_in_the_record_of_a_canary_alone() -> None:
    asked = Request(id="1", stack=STACK, who="me", why="", at="", verb="deploy", pinned={"RELEASE": "2"})
    assert [release_of(Wish(asked, "f", 1, percent), Placement(2)).pinned for percent in (0, 10)] == [(), ("RELEASE",)]
