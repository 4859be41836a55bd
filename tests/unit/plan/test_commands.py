"""How long a start may take: by kind, by the health question, or by the team's own check where that allows more."""

import pytest

from slipway.model import Health, Service, Store
from slipway.plan import commands


@pytest.mark.parametrize(
    ("service", "seconds"),
    [
        (Service("worker", "w:1"), commands.WORKER_START_SECONDS),
        (Service("web", "w:1", health=Health(path="/", start_seconds=40)), 40),
        (Service("db", "p:1", store=Store(), compose={"healthcheck": {"start_period": "30s"}}), commands.STORE_START_SECONDS),
        (Service("db", "p:1", store=Store(), compose={"healthcheck": {"start_period": "10m0s"}}), 600),
        (Service("worker", "w:1", compose={"healthcheck": {"start_period": "1h2m3s"}}), 3723),
        (Service("web", "w:1", compose={"healthcheck": {"start_period": "90s"}}, health=Health(path="/", start_seconds=40)), 90),
    ],
)
def test_a_start_may_take_as_long_as_its_own_check_allows(service: Service, seconds: int) -> None:
    assert commands.start_seconds([service]) == seconds


def test_the_slowest_counts_and_nothing_takes_no_time() -> None:
    slow = Service("slow", "w:1", compose={"healthcheck": {"start_period": "5m0s"}})
    assert commands.start_seconds([Service("quick", "w:1"), slow]) == 300
    assert commands.start_seconds([]) == 0
