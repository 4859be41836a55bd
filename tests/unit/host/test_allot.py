from dataclasses import replace

from slipway.host.allot import known_references
from slipway.host.records import Release
from slipway.model import Service, Stack, Store
from slipway.placement import Placement

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
