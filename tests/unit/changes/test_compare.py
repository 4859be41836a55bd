"""What differs between two stacks, told once, in the words of the file, and never less than everything."""

import dataclasses
from collections.abc import Callable
from dataclasses import replace

import pytest

from slipway.changes.change import TOPICS, Change
from slipway.changes.parts import OWN_FIELDS, OWN_WORDS
from slipway.changes.stack import HIDDEN, compare
from slipway.model import Health, Metric, Mount, Rate, Route, Scale, Service, Stack, Task, Threshold, Watch
from tests.unit.plan.stacks import API, BEAT, DB, MIGRATE, SHOP, WORKER, with_services


def test_the_same_stack_has_no_changes() -> None:
    assert compare(SHOP, SHOP) == []


def test_a_new_image_is_told_once_for_all_services_that_share_it() -> None:
    moved = [replace(service, image="shop/app:1.1") for service in (API, WORKER, BEAT, MIGRATE)]
    assert compare(SHOP, with_services(SHOP, *moved)) == [
        Change("image", ("api", "beat", "migrate", "worker"), "image", "shop/app:1.0", "shop/app:1.1")
    ]


def test_variables_come_change_and_go() -> None:
    before, after = replace(SHOP, variables={"A": "1", "B": "1"}), replace(SHOP, variables={"A": "2", "C": ""})
    assert compare(before, after) == [
        Change("variable", ("A",), "", "1", "2"),
        Change("variable", ("B",), "", "1", None),
        Change("variable", ("C",), "", None, ""),
    ]


def test_a_rate_is_a_limit_of_its_route() -> None:
    route, socket = API.routes
    after = with_services(SHOP, replace(API, routes=(replace(route, rate=Rate(15, burst=30)), socket)))
    expected = Change("limit", ("shop.example/",), "rate", "10 per second, burst 20", "15 per second, burst 30")
    assert compare(SHOP, after) == [expected]


def test_routes_go_by_domain_and_path_whatever_their_order() -> None:
    first, second = API.routes
    assert compare(SHOP, with_services(SHOP, replace(API, routes=(second, first)))) == []
    new = Route("site", 8000, "/new")
    found = compare(SHOP, with_services(SHOP, replace(API, routes=(first, new))))
    assert [(change.of, change.old is None) for change in found] == [
        (("shop.example/new",), True),
        (("shop.example/ws/",), False),
    ]


def test_a_route_that_leads_elsewhere_is_one_change() -> None:
    first, second = API.routes
    web = Service("web", "shop/app:1.0", networks={"app": ()}, routes=(first,))
    found = compare(SHOP, with_services(SHOP, replace(API, routes=(second,)), web))
    assert Change("route", ("shop.example/",), "leads to", "api:8000", "web:8000") in found


def test_limits_replicas_and_schedules_have_their_own_topics() -> None:
    limits = {"deploy": {"resources": {"limits": {"memory": "256m", "cpus": "1"}}}}
    before = with_services(
        SHOP, replace(API, compose={**API.compose, **limits}), replace(MIGRATE, task=Task("schedule", schedule="1 * * * *"))
    )
    wider = {"deploy": {"resources": {"limits": {"memory": "512m", "cpus": "1"}}}}
    after = with_services(
        SHOP,
        replace(API, compose={**API.compose, **wider}, replicas=3, memory_mb=512),
        replace(MIGRATE, task=Task("schedule", schedule="2 * * * *")),
        replace(WORKER, scale=Scale(2, 3)),
    )
    assert compare(before, after) == [
        Change("replicas", ("api",), "replicas", "2 replicas", "3 replicas"),
        Change("replicas", ("worker",), "replicas", "1 to 3 replicas", "2 to 3 replicas"),
        Change("limit", ("api",), "memory", "256m", "512m"),
        Change("schedule", ("migrate",), "task.schedule", "1 * * * *", "2 * * * *"),
    ]


def test_a_value_that_becomes_a_secret_is_not_shown() -> None:
    before = with_services(SHOP, replace(API, compose={"environment": {"KEY": "s3cr3t$$x"}}))
    after = with_services(SHOP, replace(API, compose={"environment": {"KEY": "${SECRET_KEY}"}}))
    assert compare(before, after) == [Change("environment", ("api",), "KEY", HIDDEN, "${SECRET_KEY}")]
    assert compare(after, before) == [Change("environment", ("api",), "KEY", "${SECRET_KEY}", HIDDEN)]


def test_a_new_stack_is_listed_whole_and_compactly() -> None:
    found = compare(None, SHOP)
    assert {change.old for change in found} == {None}
    assert Change("service", ("api",), "", None, "web, shop/app:1.0, 2 replicas") in found
    assert Change("service", ("worker",), "", None, "worker, shop/app:1.0, 1 to 3 replicas") in found
    assert Change("service", ("migrate",), "", None, "task, shop/app:1.0, runs at `migrate`") in found
    assert Change("domain", ("shop.example",), "", None, "www.shop.example") in found
    assert Change("secret", ("DB_PASSWORD",), "", None, "fills password") in found
    assert [change.topic for change in found] == sorted((change.topic for change in found), key=TOPICS.index)


def test_a_service_that_leaves_is_one_line_and_so_is_each_of_its_routes() -> None:
    found = compare(SHOP, with_services(SHOP, without=("api",)))
    assert [(change.topic, change.of, change.new) for change in found] == [
        ("service", ("api",), None),
        ("route", ("shop.example/",), None),
        ("route", ("shop.example/ws/",), None),
    ]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda s: replace(s, watch=Watch(p95_ms=Threshold(60, over=900.0))), id="watch"),
        pytest.param(lambda s: replace(s, production=True), id="production"),
        pytest.param(lambda s: replace(s, egress_ports=(443,)), id="egress"),
        pytest.param(lambda s: replace(s, mask_query=()), id="mask"),
        pytest.param(lambda s: replace(s, files={"a.conf": "x\n"}), id="file"),
        pytest.param(lambda s: replace(s, pins={"shop/app:1.0": "sha256:1"}), id="pin"),
        pytest.param(lambda s: replace(s, metrics={"depth": Metric(sql="select 1")}), id="metric"),
        pytest.param(lambda s: replace(s, secret_files={"password": "SECRET_KEY"}), id="secret file"),
        pytest.param(lambda s: with_services(s, replace(DB, mounts=(Mount("volume", "/data", "other"),))), id="mount"),
        pytest.param(lambda s: with_services(s, replace(DB, networks={"data": ()})), id="aliases"),
        pytest.param(lambda s: with_services(s, replace(API, health=Health("/health", json={"ok": True}))), id="health"),
        pytest.param(lambda s: with_services(s, replace(API, compose={**API.compose, "cap_drop": ["ALL"]})), id="compose"),
        pytest.param(lambda s: with_services(s, replace(API, compose={**API.compose, "tmpfs": []})), id="empty list"),
        pytest.param(lambda s: with_services(s, replace(API, order="stop-first")), id="order"),
    ],
)
def test_no_difference_can_hide(edit: Callable[[Stack], Stack]) -> None:
    assert compare(SHOP, edit(SHOP))
    assert compare(edit(SHOP), SHOP)


def test_what_is_told_in_a_way_of_its_own_exists() -> None:
    assert set(OWN_FIELDS) <= {field.name for field in dataclasses.fields(Stack)}
    assert set(OWN_WORDS) <= {field.name for field in dataclasses.fields(Service)}
