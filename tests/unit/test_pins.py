"""What a pin says: as little as gives what serves, and never a digest that a later change of the files would make wrong."""

from slipway import pins
from slipway.environment import Instance, Pin
from slipway.model import Service, Stack, Store

OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def stack(version: str) -> Stack:
    image = f"a/app:{version}"
    services = {name: Service(name=name, image=image) for name in ("api", "worker")}
    return Stack(name="demo", services={**services, "db": Service(name="db", image="postgres:17", store=Store())})


def test_a_choice_goes_before_the_old_pin_and_takes_its_digests_away() -> None:
    old = Pin({"RELEASE": "1.0.0", "API_RATE": "10"}, {"api": OLD})
    assert pins.with_choice(old, {"RELEASE": "1.1.0"}) == Pin({"RELEASE": "1.1.0", "API_RATE": "10"})


def test_a_digest_holds_as_long_as_the_image_keeps_its_name() -> None:
    old = Pin({"RELEASE": "1.0.0"}, {"api": OLD, "gone": NEW})
    assert pins.kept_digests(old, stack("1.0.0"), stack("1.0.0")) == {"a/app:1.0.0": OLD}
    assert pins.kept_digests(old, stack("1.0.0"), stack("1.1.0")) == {}


def test_variables_stand_in_the_pin_where_they_were_chosen_or_the_inventory_says_otherwise() -> None:
    instance = Instance("demo", {"RELEASE": "1.0.0", "SITE": "a", "RATE": "10"}, {"KEY": "vault"})
    served = {"RELEASE": "1.0.0", "SITE": "a", "RATE": "20", "GONE": "x", "KEY": "y"}
    found = pins.variables_of(served, instance, {"RELEASE", "SITE", "RATE", "KEY"}, {"RELEASE"})
    assert found == {"RATE": "20", "RELEASE": "1.0.0"}


def test_each_image_has_one_digest_under_its_first_service() -> None:
    served = {"worker": ("a/app:1.1.0", NEW), "api": ("a/app:1.1.0", NEW), "db": ("postgres:17", OLD), "old": ("b/x:1", OLD)}
    tags = {"api": {"RELEASE"}, "worker": {"RELEASE"}, "old": {"RELEASE"}}
    assert pins.images_of({"api": served["api"], "worker": served["worker"]}, stack("1.1.0"), tags, ["RELEASE"]) == {"api": NEW}


def test_a_tag_that_is_not_made_of_pinned_variables_has_no_digest_in_the_pin() -> None:
    served = {"api": ("a/app:1.1.0", NEW)}
    assert pins.images_of(served, stack("1.1.0"), {"api": set()}, ["RELEASE"]) == {}
    assert pins.images_of(served, stack("1.1.0"), {"api": {"RELEASE", "EDITION"}}, ["RELEASE"]) == {}
    assert pins.images_of(served, stack("1.2.0"), {"api": {"RELEASE"}}, ["RELEASE"]) == {}, "the file names another image now"
    assert pins.images_of({"api": ("a/app:1.1.0", "")}, stack("1.1.0"), {"api": {"RELEASE"}}, ["RELEASE"]) == {}
