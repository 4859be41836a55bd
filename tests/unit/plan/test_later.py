import dataclasses

from slipway.model import Assets, Cache, Canary, Route, Scale
from slipway.plan.later import not_carried_out
from tests.unit.plan.stacks import API, SHOP, WORKER, with_services


def test_words_that_nothing_carries_out_are_named() -> None:
    assert not_carried_out(SHOP) == []
    api = dataclasses.replace(
        API, assets=Assets("/static", "/s/"), routes=(*API.routes, Route("site", 8000, "/c", cache=Cache(5)))
    )
    worker = dataclasses.replace(WORKER, scale=Scale(1, 3, queue_drain_seconds=60))
    stack = dataclasses.replace(with_services(SHOP, api, worker), canary=Canary(10, 60))
    assert not_carried_out(stack) == [
        "services.api.x-slipway.assets",
        "services.api.x-slipway.routes[2].cache",
        "services.worker.x-slipway.scale.queue_drain_seconds",
        "x-slipway.canary",
    ]
