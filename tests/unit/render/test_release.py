import dataclasses
from typing import Any

from slipway.model import Mount, SecretUse
from slipway.render.release import release_project
from tests.unit.plan.stacks import API, SHOP, WORKER, release, with_services


def services(stack: Any = SHOP) -> dict[str, Any]:
    placed = release(3, stack)
    found: dict[str, Any] = release_project(placed.stack, placed.placement)["services"]
    return found


def test_the_most_replicas_are_rendered_and_stores_are_not() -> None:
    assert sorted(services()) == [
        "r3-api-1",
        "r3-api-2",
        "r3-beat-1",
        "r3-migrate",
        "r3-seed",
        "r3-worker-1",
        "r3-worker-2",
        "r3-worker-3",
    ]


def test_nothing_starts_by_itself_or_unnamed() -> None:
    for service in services().values():
        assert (service["restart"], service["profiles"], service["pull_policy"]) == ("no", ["slipway"], "never")
        assert "depends_on" not in service
        assert service["image"].startswith("slipway.local/shop/")


def test_a_replica_has_the_teams_names_only_in_the_release() -> None:
    assert services()["r3-api-2"]["networks"] == {
        "app": {"aliases": ["api", "backend"], "ipv4_address": "10.213.1.3"},
        "data": {"aliases": ["api"], "ipv4_address": "10.213.2.3"},
        "shared_data": {},
    }


def test_a_task_gets_any_address_of_the_upper_half() -> None:
    assert services()["r3-migrate"]["networks"]["data"] == {"aliases": ["migrate"]}


def test_networks_are_twins_and_shared_ones_belong_to_the_base() -> None:
    placed = release(3)
    networks = release_project(placed.stack, placed.placement)["networks"]
    assert networks["data"] == {
        "name": "shop-r3_data",
        "labels": {"slipway.stack": "shop", "slipway.release": "3"},
        "ipam": {"config": [{"subnet": "10.213.2.0/24", "gateway": "10.213.2.1", "ip_range": "10.213.2.128/25"}]},
        "internal": True,
    }
    assert networks["shared_data"] == {"name": "shop_data", "external": True}
    assert "shared_app" not in networks


def test_volumes_are_never_the_releases_own() -> None:
    placed = release(3)
    assert release_project(placed.stack, placed.placement)["volumes"] == {"beat": {"name": "shop_beat", "external": True}}


def test_compose_strings_pass_through_escaped() -> None:
    assert services()["r3-api-1"]["environment"] == {"KEY": "${SECRET_KEY}", "PRICE": "5$$"}


def test_labels_say_whose_it_is() -> None:
    team = dataclasses.replace(API, compose={"labels": {"team": "blue", "slipway.kind": "mine"}})
    assert services(with_services(SHOP, team))["r3-api-1"]["labels"] == {
        "team": "blue",
        "slipway.stack": "shop",
        "slipway.release": "3",
        "slipway.service": "api",
        "slipway.kind": "web",
    }


def test_a_health_check_is_asked_every_second_while_the_service_starts() -> None:
    check = services()["r3-api-1"]["healthcheck"]
    assert check == {"test": ["CMD", "true"], "interval": "5s", "start_period": "90s", "start_interval": "1s"}


def test_what_the_team_said_about_its_check_stays() -> None:
    own = {"test": ["CMD", "x"], "start_period": "5s", "start_interval": "2s"}
    off = {"disable": True}
    stack = with_services(
        SHOP,
        dataclasses.replace(API, compose={"healthcheck": own}),
        dataclasses.replace(WORKER, compose={"healthcheck": off}),
    )
    assert services(stack)["r3-api-1"]["healthcheck"] == own
    assert services(stack)["r3-worker-1"]["healthcheck"] == off
    assert services(stack)["r3-migrate"]["healthcheck"] == {"disable": True}


def test_keys_that_would_undo_our_rules_are_left_out() -> None:
    compose = {
        "restart": "always",
        "ports": ["80:80"],
        "logging": {"driver": "journald"},
        "deploy": {"restart_policy": {"condition": "any"}, "resources": {"limits": {"memory": "1g"}}},
    }
    found = services(with_services(SHOP, dataclasses.replace(API, compose=compose)))["r3-api-1"]
    assert found["restart"] == "no"
    assert "ports" not in found
    assert found["deploy"] == {"resources": {"limits": {"memory": "1g"}}}
    assert found["logging"] == {"driver": "journald"}
    assert found["stop_grace_period"] == "20s"


def test_mounts_are_found_in_the_releases_folder() -> None:
    mounts = (
        Mount("bind", "/app/config.yml", "./config/app.yml", read_only=True),
        Mount("bind", "/sock", "/var/run/docker.sock"),
        Mount("tmpfs", "/tmp"),  # noqa: S108 - a mount point inside a container
    )
    found = services(with_services(SHOP, dataclasses.replace(API, mounts=mounts)))["r3-api-1"]["volumes"]
    assert [mount.get("source") for mount in found] == [
        "/var/lib/slipway/shop/releases/3/files/config/app.yml",
        "/var/run/docker.sock",
        None,
    ]
    assert found[0]["read_only"] is True
    assert found[0]["bind"] == {"create_host_path": False}


def test_secrets_are_files_of_the_image_user_in_the_releases_generation() -> None:
    stack = with_services(SHOP, dataclasses.replace(API, secrets=(SecretUse("password", "/run/x"),)))
    placed = release(3, stack)
    project = release_project(placed.stack, placed.placement)
    assert project["secrets"] == {"password-0": {"file": "/etc/slipway/secrets/shop/4/0/password"}}
    assert project["services"]["r3-api-1"]["secrets"] == [{"source": "password-0", "target": "/run/x"}]


def test_a_service_outside_all_networks_joins_none() -> None:
    outside = dataclasses.replace(WORKER, networks={}, compose={"network_mode": "none"})
    found = services(with_services(SHOP, outside))["r3-worker-1"]
    assert found["network_mode"] == "none"
    assert "networks" not in found
