"""An orderly way down: who ends when, and what keeps a host up."""

from dataclasses import replace

import pytest

from slipway.plan import reboot
from slipway.plan.reboot import Facts
from tests.unit.plan.stacks import BEAT, DB, SHOP, WORKER, release, with_services

PLACED = release(4)
READY = Facts(wants=("a kernel",), allowed=True, left_seconds=7200, needed_seconds=600)


def test_schedulers_and_workers_end_first_then_web_then_stores() -> None:
    steps = [*reboot.end_jobs(PLACED), *reboot.jobs_ended(PLACED), *reboot.close(PLACED)]
    assert [(step.name, step.action) for step in steps] == [
        ("end-jobs", "stop"),
        ("jobs-ended", "ended"),
        ("back-at-boot", "restart"),
        ("end-web", "stop"),
        ("web-ended", "ended"),
        ("close-stores", "stop"),
        ("stores-closed", "ended"),
    ]
    jobs, _, back, web, _, stores, _ = (step.arguments["containers"] for step in steps)
    assert jobs == ["shop-r4-worker-1", "shop-r4-worker-2", "shop-r4-worker-3", "shop-r4-beat-1"]  # those people started too
    assert web == ["shop-r4-api-1", "shop-r4-api-2"]
    assert stores == ["shop-db-1"]
    assert back == ["shop-r4-api-1", "shop-r4-api-2", "shop-r4-beat-1", "shop-r4-worker-1"]  # those that a deploy starts


def test_a_reboot_that_is_given_up_waits_for_what_it_told_to_end_and_for_nothing_else() -> None:
    assert reboot.still_ending(PLACED, {"jobs-ended"}) == []
    assert [step.name for step in reboot.still_ending(PLACED, {"end-jobs"})] == ["jobs-ended"]
    every = {"end-jobs", "jobs-ended", "back-at-boot", "end-web", "close-stores"}
    assert [step.name for step in reboot.still_ending(PLACED, every)] == ["jobs-ended", "web-ended", "stores-closed"]


def test_a_job_gets_the_grace_its_worker_asks_for() -> None:
    assert reboot.jobs_ended(PLACED)[0].limit_seconds > WORKER.stop_grace_seconds
    slow = release(5, with_services(SHOP, replace(WORKER, stop_grace_seconds=900)))
    assert reboot.needed_seconds([PLACED, slow]) - reboot.needed_seconds([PLACED]) == 900 - WORKER.stop_grace_seconds


def test_nobody_is_shut_out_for_long_because_of_an_open_socket() -> None:
    assert reboot.edge_seconds([PLACED]) == reboot.EDGE_SECONDS  # a route of the stack drains for 300 s
    assert reboot.edge_seconds([]) == 0


def test_a_stack_of_stores_has_no_jobs_and_no_web() -> None:
    only = release(1, replace(SHOP, services={"db": DB}, domains={}))
    assert reboot.end_jobs(only) == reboot.jobs_ended(only) == []
    assert [step.name for step in reboot.close(only)] == ["close-stores", "stores-closed"]


def test_a_scheduler_without_workers_ends_too() -> None:
    only = release(1, replace(SHOP, services={"beat": BEAT}, domains={}))
    assert reboot.end_jobs(only)[0].argv == ("docker", "stop", "shop-r1-beat-1")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"left_seconds": 0}, "outside the window"),
        ({"left_seconds": 599}, "may need 600 s to end their work, the window has 599 s left"),
        ({"left_seconds": 600}, ""),
        ({"allowed": False}, "`updates.reboot` is false"),
        ({"since_hours": 1.5}, "1.5 hours ago and did not help"),
        ({"since_hours": 20.0}, ""),
    ],
)
def test_what_keeps_a_host_up(change: dict[str, float], why: str) -> None:
    found = reboot.obstacle(replace(READY, **change))  # type: ignore[arg-type] # one field at a time
    assert why in found if why else found == ""
