"""The host of the load: one file for all sides, and what is read of Docker's and the shell's words."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.load import load_environment
from tests.bench.load.occasions import turned
from tests.bench.load.sides import child_seconds, ports_text, spans_of
from tests.bench.load.stand import DRAIN_SECONDS, counted, edge_text, varied
from tests.bench.registry import ROOT


def stack_file() -> dict[str, Any]:
    found: dict[str, Any] = varied(yaml.safe_load((ROOT / "compose/demo/compose.yml").read_text(encoding="utf-8")))
    return found


def test_slipway_takes_the_file_that_the_rivals_get(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/compose.yml").write_text(yaml.safe_dump(stack_file(), sort_keys=False))
    stack = load_environment(ROOT / "inventory/lab", tmp_path).stacks["demo"]
    routes = [route for service in stack.services.values() for route in service.routes]
    assert {route.drain_seconds for route in routes} == {DRAIN_SECONDS}
    assert [service.scale.max for service in stack.services.values() if service.scale] == [4, 3]


def test_the_rivals_run_as_many_replicas() -> None:
    services = counted(stack_file())["services"]
    assert (services["api"]["deploy"]["replicas"], services["worker"]["deploy"]["replicas"]) == (2, 1)
    assert not any("scale" in service.get("x-slipway", {}) for service in services.values())


def test_every_container_of_the_application_differs_from_release_to_release_and_no_store_does() -> None:
    services = stack_file()["services"]
    differing = {name for name, service in services.items() if "DEPLOY" in service.get("environment", {})}
    assert differing == {"api", "web", "worker", "beat"}


def test_the_rival_publishes_what_nginx_asks() -> None:
    published = yaml.safe_load(ports_text())["services"]["api"]["ports"]
    assert published == ["127.0.0.1:18001-18004:8000"]
    text = edge_text("bench-1", "api.bench-1.localhost")
    assert [port for port in range(18000, 18010) if f"127.0.0.1:{port} " in text] == [18001, 18002, 18003, 18004]
    assert text.count("{") == text.count("}")
    assert text.count("proxy_request_buffering off") == 2


def event(name: str, action: str, at: float) -> dict[str, Any]:
    return {"Action": action, "timeNano": int(at * 1e9), "Actor": {"Attributes": {"name": name}}}


def test_a_start_until_health_and_a_task_until_its_end_are_the_application_s_own_time() -> None:
    found = spans_of(
        [
            event("demo-r2-migrate", "start", 1),
            event("demo-r2-migrate", "die", 3),
            event("demo-r2-api-1", "start", 4),
            event("rival-api-1", "start", 4),
            event("demo-r2-api-1", "health_status: unhealthy", 5),
            event("demo-r2-api-1", "health_status: healthy", 6),
            event("demo-r2-api-1", "die", 9),
            event("demo-r1-api-1", "die", 9),
        ]
    )
    assert [(span.began, span.ended) for span in found] == [(1, 3), (4, 6)]


@pytest.mark.parametrize(("said", "seconds"), [("0m0.010s 0m0.020s\n0m1.500s 0m0.250s\n", 1.75), ("1m2.0s 0m0.5s", 62.5)])
def test_the_shell_says_what_its_children_used(said: str, seconds: float) -> None:
    assert child_seconds(f"output of a script\n{said}") == pytest.approx(seconds)


def entry(at: int, event: str, state: str, name: str = "") -> dict[str, Any]:
    return {"at": f"2026-01-01T00:00:{at:02}.000Z", "event": event, "state": state, "name": name}


@pytest.mark.parametrize(("before_verdict", "second"), [(["start-standby", "ask-api"], 20), (["ask-api"], 20), ([], 25)])
def test_a_return_begins_when_the_standby_is_looked_at_and_not_when_the_release_was_asked(
    before_verdict: list[str], second: int
) -> None:
    looked = [entry(20 + index, "step", "begun", name) for index, name in enumerate(before_verdict)]
    early = [entry(1, "step", "begun", "ask-api"), entry(2, "step", "done", "switch"), entry(3, "step", "begun", "drain-1")]
    entries = [*early, *looked, entry(25, "watch", "bad"), entry(26, "step", "done", "switch")]
    assert turned(entries) % 60 == second
