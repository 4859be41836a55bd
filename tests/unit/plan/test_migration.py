"""What surrounds a migration: saved before, asked afterwards, and neither where nothing is left to apply."""

from dataclasses import replace

import pytest

from slipway.model import Mount, Service, Stack, Store, Task
from slipway.placement import Placed
from slipway.plan.deploy import Before, steps
from slipway.plan.migration import Schema, dump, read_back, stores_of, told
from slipway.plan.step import Step
from slipway.render.base import base_project
from tests.unit.plan.stacks import DB, MIGRATE, SHOP, release, with_services

ALEMBIC = replace(MIGRATE, compose={"command": "alembic upgrade head"}, depends_on={"db": "service_healthy"})
SAVED = replace(ALEMBIC, task=Task("migrate", 120, backup_first=True))
STACK = with_services(SHOP, SAVED)
OLD = release(1, STACK)
BASE = base_project(OLD.stack, OLD.placement)
IMAGE = OLD.placement.images["migrate"]
KNOWN = Schema({"migrate": IMAGE}, {"migrate": "0003"})


def planned(stack: Stack, schema: Schema, old: Placed | None = OLD, digest: str = "a" * 64) -> list[Step]:
    new = release(2, stack, OLD.placement, digest)
    return steps(new, Before(old, BASE, base_allowed=True, schema=schema), "site")


def named(plan: list[Step]) -> list[str]:
    wanted = ("backup-", "task-", "revision-")
    return [step.name for step in plan if step.name.startswith(wanted)]


def test_a_new_images_migration_is_saved_before_and_asked_afterwards() -> None:
    plan = planned(STACK, KNOWN, digest="b" * 64)
    assert named(plan) == ["backup-db", "task-migrate", "revision-migrate"]
    backup, revision = (next(step for step in plan if step.action == action) for action in ("backup", "revision"))
    assert backup.argv == dump("shop-db-1")
    assert backup.arguments == {"store": "db", "container": "shop-db-1", "number": 2, "point": "before release 2"}
    assert revision.argv[-2:] == ("--no-recreate", "r2-current-migrate")
    assert (revision.arguments["container"], revision.environment) == ("shop-r2-current-migrate", True)
    (body,) = revision.arguments["project"]["services"].values()
    assert (body["command"], body["restart"]) == (["alembic", "current"], "no")


def test_a_first_release_is_saved_too() -> None:
    plan = steps(release(1, STACK), Before(), "site")
    assert named(plan) == ["backup-db", "task-migrate", "revision-migrate"]


def test_where_the_same_task_ran_last_nothing_is_saved_or_asked() -> None:
    assert named(planned(STACK, KNOWN)) == ["task-migrate"]
    assert named(planned(STACK, Schema(KNOWN.images))) == ["task-migrate", "revision-migrate"], "nobody asked before"
    assert named(planned(STACK, replace(KNOWN, images={"migrate": "other"}))) == ["backup-db", "task-migrate", "revision-migrate"]
    assert named(planned(STACK, KNOWN, old=None)) == ["backup-db", "task-migrate", "revision-migrate"]


def test_of_two_tasks_of_one_image_the_one_that_did_not_end_is_saved_before() -> None:
    second = replace(SAVED, name="upgrade", depends_on={"db": "", "migrate": ""})
    stack = with_services(STACK, second)
    old, images = release(1, stack), {"migrate": IMAGE, "upgrade": IMAGE}
    assert old.placement.images == {**old.placement.images, **images}, "one image"
    both = Schema(images, {"migrate": "1", "upgrade": "2"})
    assert named(planned(stack, both, old)) == ["task-migrate", "task-upgrade"]
    first = Schema({"migrate": IMAGE}, both.revisions)
    assert named(planned(stack, first, old)) == ["backup-db", "task-migrate", "task-upgrade", "revision-upgrade"]


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        ({"compose": {**SAVED.compose, "environment": {"LIMIT": "9"}}}, ["backup-db", "task-migrate"]),
        ({"compose": {"command": "alembic upgrade 0004"}}, ["backup-db", "task-migrate", "revision-migrate"]),
        ({"mounts": (Mount("bind", "/sql", "sql"),)}, ["backup-db", "task-migrate", "revision-migrate"]),
    ],
)
def test_a_task_that_is_not_the_same_may_apply_something(changed: dict[str, object], left: list[str]) -> None:
    assert named(planned(with_services(SHOP, replace(SAVED, **changed)), KNOWN)) == left  # type: ignore[arg-type]


def test_files_that_are_mounted_may_have_changed_unseen() -> None:
    stack = with_services(SHOP, replace(SAVED, mounts=(Mount("bind", "/sql", "sql"),)))
    assert named(planned(stack, KNOWN, old=release(1, stack))) == ["backup-db", "task-migrate", "revision-migrate"]


def test_nothing_is_saved_unasked_and_nothing_on_the_way_back() -> None:
    stack = with_services(SHOP, ALEMBIC)
    assert named(planned(stack, Schema())) == ["task-migrate", "revision-migrate"]
    back = steps(release(2, STACK, OLD.placement), Before(OLD, BASE, migrated=frozenset({IMAGE})), "site")
    assert named(back) == []


def test_a_migration_that_is_not_alembics_is_asked_by_its_own_command_only() -> None:
    rails = replace(ALEMBIC, compose={"command": "rails db:migrate"})
    assert named(planned(with_services(SHOP, rails), Schema())) == ["task-migrate"]
    told_how = replace(rails, task=Task("migrate", current="sh -c 'rails db:version | tail -1'"))
    plan = planned(with_services(SHOP, told_how), Schema())
    asked = next(step for step in plan if step.action == "revision")
    (body,) = asked.arguments["project"]["services"].values()
    assert body["command"] == ["sh", "-c", "rails db:version | tail -1"]


def test_a_command_by_hand_that_no_check_saw_breaks_no_plan() -> None:
    odd = replace(ALEMBIC, task=Task("migrate", current="alembic 'current"))
    assert "revision-migrate" in named(planned(with_services(SHOP, odd), Schema()))


def test_the_stores_of_a_task_are_those_it_names_or_the_only_one() -> None:
    other = replace(DB, name="events")
    pooler = Service("pool", "b/pool:1", store=Store("pooler"), depends_on={"db": ""})
    cache = Service("cache", "redis:8", store=Store("redis"))
    all_of = {one.name: one for one in (DB, other, pooler, cache)}
    cases = {
        (): [],
        ("cache",): [],
        ("db",): ["db"],
        ("pool",): ["db"],
        ("db", "events", "nothing"): ["db", "events"],
    }
    for needed, found in cases.items():
        task = replace(MIGRATE, depends_on=dict.fromkeys(needed, ""))
        assert [store.name for store in stores_of(all_of, task)] == found
    assert [store.name for store in stores_of(all_of, replace(MIGRATE, connections={"events": 1}))] == ["events"]
    assert [store.name for store in stores_of({"db": DB, "cache": cache}, MIGRATE)] == ["db"], "the only one"


def test_no_password_is_in_a_command() -> None:
    for argv in (dump("c"), read_back("c")):
        assert argv[-1] == "sh"
        assert "POSTGRES_PASSWORD=$(cat" in argv[-2]
    assert read_back("c")[:4] == ("docker", "exec", "--interactive", "c")


def test_what_was_saved_is_told_in_a_line() -> None:
    saved = {
        "store": "db",
        "folder": "/var/backups/slipway/shop/2/db",
        "databases": [{"name": "shop", "tables": 5, "bytes": 24_600}],
        "restore_point": "before release 2",
        "no_point": "",
    }
    line = "saved before the migration: db (shop 5 tables 24 KiB) in /var/backups/slipway/shop/2/db, "
    assert told(saved) == f"{line}restore point `before release 2`"
    assert "shop 5 tables 20 MiB" in told({**saved, "databases": [{"name": "shop", "tables": 5, "bytes": 20 << 20}]})
    odd = {"name": "sh\x1b]0;op\n", "tables": 5, "bytes": 24_600}
    assert "db (sh]0;op 5 tables 24 KiB)" in told({**saved, "databases": [odd]})
    assert told({**saved, "restore_point": "", "no_point": "x"}) == f"{line}no restore point: x"
