"""One container beside a release: like its service, and met by no traffic and no judgement."""

import json
from typing import Any

from slipway.model import Service, Task
from slipway.render import one_off

BODY: dict[str, Any] = {
    "container_name": "demo-r3-api-1",
    "command": ["serve"],
    "environment": {"KEY": "${KEY}"},
    "healthcheck": {"test": ["CMD", "x"]},
    "labels": {"slipway.stack": "demo", "slipway.release": "3", "slipway.service": "api", "slipway.kind": "web"},
    "networks": {"app": {"aliases": ["api"], "ipv4_address": "10.213.0.2"}, "shared_data": {}},
    "profiles": ["slipway"],
    "restart": "no",
}
RELEASE = {
    "name": "demo-r3",
    "services": {"r3-api-1": BODY, "r3-api-2": BODY, "r3-seed": {**BODY, "container_name": "demo-r3-seed"}},
    "networks": {"app": {"name": "demo-r3_app"}, "shared_data": {"name": "demo_data", "external": True}},
}


def body(service: Service, *command: str) -> dict[str, Any]:
    made = one_off.project(RELEASE, "demo", 3, service, command)
    assert (made["name"], made["networks"]) == ("demo-r3", RELEASE["networks"]), "in the release's own networks"
    ((key, found),) = made["services"].items()
    assert key == f"r3-run-{service.name}"
    return dict(found)


def test_a_command_takes_the_place_of_the_services_own() -> None:
    found = body(Service(name="api", image="a/b:1", replicas=2), "python", "-c", "print('$HOME')")
    assert found["command"] == ["python", "-c", "print('$$HOME')"], "Compose shall not fill it in"
    assert (found["container_name"], found["restart"], found["environment"]) == ("demo-r3-run-api", "no", {"KEY": "${KEY}"})
    assert "profiles" not in found


def test_nothing_finds_it_by_the_services_name_address_label_or_check() -> None:
    found = body(Service(name="api", image="a/b:1"), "true")
    assert found["networks"] == {"app": {}, "shared_data": {}}
    assert found["healthcheck"] == {"disable": True}
    assert (found["labels"]["slipway.service"], found["labels"]["slipway.kind"]) == ("run-api", "task")
    assert found["labels"]["slipway.release"] == "3", "it goes with its release"


def test_a_task_runs_what_it_says_itself() -> None:
    found = body(Service(name="seed", image="a/b:1", task=Task(when="demand")))
    assert found["command"] == ["serve"]


def test_a_service_without_networks_gets_none() -> None:
    bare = {name: value for name, value in BODY.items() if name != "networks"}
    made = one_off.project({**RELEASE, "services": {"r3-api-1": bare}}, "demo", 3, Service(name="api", image="a/b:1"), ["x"])
    assert "networks" not in json.loads(json.dumps(made))["services"]["r3-run-api"]
