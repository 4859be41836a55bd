import dataclasses
from typing import Any

from slipway.model import Mount, Stack
from slipway.render.base import base_project
from tests.unit.plan.stacks import DB, SHOP, release, with_services


def project(stack: Stack = SHOP) -> dict[str, Any]:
    placed = release(3, stack)
    return base_project(placed.stack, placed.placement)


def test_the_base_holds_stores_their_networks_and_nothing_of_a_release() -> None:
    base = project()
    assert list(base["services"]) == ["db"]
    assert list(base["networks"]) == ["data"]
    assert "r3" not in str(base)


def test_a_store_keeps_running_under_the_teams_names_at_a_fixed_address() -> None:
    store = project()["services"]["db"]
    assert store["restart"] == "unless-stopped"
    assert store["container_name"] == "shop-db-1"
    assert store["networks"] == {"data": {"ipv4_address": "10.213.0.2", "aliases": ["database"]}}
    assert store["labels"] == {"slipway.stack": "shop", "slipway.service": "db", "slipway.kind": "store"}


def test_another_digest_is_another_image_and_the_same_one_is_not() -> None:
    assert project()["services"]["db"]["image"] == f"slipway.local/shop/db:{'a' * 12}"


def test_a_host_built_image_without_digest_has_a_tag_too() -> None:
    placed = release(1)
    placement = dataclasses.replace(placed.placement, images={**placed.placement.images, "db": "sha256:" + "c" * 64})
    assert base_project(SHOP, placement)["services"]["db"]["image"] == f"slipway.local/shop/db:{'c' * 12}"


def test_no_compose_command_can_remove_a_volume() -> None:
    assert project()["volumes"] == {"pg": {"name": "shop_pg", "external": True}}


def test_secrets_stay_in_the_generation_the_base_was_made_with() -> None:
    assert project()["secrets"] == {"password-999": {"file": "/etc/slipway/secrets/shop/2/999/password"}}


def test_a_store_waits_for_stores_only() -> None:
    pooler = dataclasses.replace(DB, name="pooler", depends_on={"db": "service_healthy", "api": "service_started"})
    assert project(with_services(SHOP, pooler))["services"]["pooler"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_a_changed_file_of_a_store_is_a_changed_store() -> None:
    stores = with_services(SHOP, dataclasses.replace(DB, mounts=(Mount("bind", "/init", "./initdb"),)))
    sources = [
        project(dataclasses.replace(stores, files={"initdb/a.sql": text}))["services"]["db"]["volumes"][0]["source"]
        for text in ("one", "one", "two")
    ]
    assert sources[0] == sources[1] != sources[2]
    assert sources[0].startswith("/var/lib/slipway/shop/base/files/")
    assert sources[0].endswith("/initdb")


def test_loopback_ports_of_a_store_stay() -> None:
    ports = [{"target": 5432, "published": "5432", "host_ip": "127.0.0.1"}]
    store = dataclasses.replace(DB, compose={"ports": ports})
    assert project(with_services(SHOP, store))["services"]["db"]["ports"] == ports


def test_a_stack_without_stores_has_an_empty_base() -> None:
    assert project(with_services(SHOP, without=("db",))) == {"name": "shop", "services": {}}
