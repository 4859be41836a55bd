import json
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.codec import to_json
from slipway.errors import HostError
from slipway.host import records
from slipway.host.journal import Journal
from slipway.host.layout import Layout, StackFolder
from slipway.host.machine import Machine, Work
from slipway.host.records import Release
from slipway.model import Service, Stack
from slipway.placement import Placement
from slipway.serving import Canary, Serving

STACK = Stack(name="demo", services={"web": Service(name="web", image="a/b:1")})
AT = "2026-11-21T08:00:00.000Z"


@pytest.fixture
def folder(tmp_path: Path) -> StackFolder:
    return Layout(tmp_path).stack("demo")


def asked(**changes: object) -> dict[str, object]:
    return {"schema": 1, "stack": to_json(STACK), "secrets": {"A": "x"}, "who": "me", "why": "site.yml", **changes}


def release(number: int) -> Release:
    return Release(number, "f", STACK, Placement(number, slots={"web-1-1": 20001}), who="me", why="site.yml", at=AT)


def test_numbers_are_never_given_twice(folder: StackFolder) -> None:
    assert records.next_number(folder) == 1
    assert records.next_number(folder) == 2, "a number is used up even if nothing came of it"
    records.keep_release(folder, release(7))
    assert records.next_number(folder) == 8, "folders count too"
    folder.number.unlink()
    assert records.next_number(folder) == 8


def test_a_release_comes_back_as_it_was_written(folder: StackFolder) -> None:
    records.keep_release(folder, release(3))
    assert records.release(folder, 3) == release(3)
    assert records.last_placement(folder) == release(3).placement


def test_a_missing_record_says_what_to_do(folder: StackFolder) -> None:
    with pytest.raises(HostError, match="record of release 4 is missing") as caught:
        records.release(folder, 4)
    assert "run site.yml" in caught.value.next_step


def test_a_request_holds_no_secrets(folder: StackFolder) -> None:
    request, values = records.request_of(asked(), AT)
    records.file_request(folder, request)
    assert values == {"A": "x"}
    written = [path.read_text() for path in folder.requests.iterdir()]
    assert len(written) == 1
    assert "secrets" not in json.loads(written[0])


def test_requests_wait_in_the_order_they_came(folder: StackFolder) -> None:
    first, _ = records.request_of(asked(), "2026-11-21T08:00:00.000Z")
    second, _ = records.request_of(asked(), "2026-11-21T08:00:00.001Z")
    records.file_request(folder, second)
    records.file_request(folder, first)
    assert [request.id for request in records.waiting(folder)] == [first.id, second.id]
    records.drop_request(folder, first.id)
    assert records.waiting(folder) == [second]


def test_a_request_that_begun_is_told_from_one_that_waits(folder: StackFolder) -> None:
    begun, _ = records.request_of(asked(), "2026-11-21T08:00:00.000Z")
    waits, _ = records.request_of(asked(), "2026-11-21T08:00:01.000Z")
    records.file_request(folder, begun)
    records.file_request(folder, waits)
    Journal(folder.journal).append({"event": "begin", "request": begun.id})
    assert records.begun_requests(folder) == [begun.id]


@pytest.mark.parametrize("other", [{"schema": 2}, {"stack": {"name": "demo", "services": {}, "novelty": 1}}])
def test_a_controller_of_another_version_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(records.OtherVersion) as caught:
        records.request_of(asked(**other), AT)
    assert "run site.yml" in caught.value.next_step


def test_the_fingerprint_knows_the_stack_and_its_secrets() -> None:
    other = Stack(name="demo", services={"web": Service(name="web", image="a/b:2")})
    assert records.fingerprint(STACK, 1) == records.fingerprint(STACK, 1)
    assert len({records.fingerprint(STACK, 1), records.fingerprint(STACK, 2), records.fingerprint(other, 1)}) == 3


def test_migrations_are_kept_in_the_order_they_ran_each_once(folder: StackFolder) -> None:
    assert records.migrations(folder) == []
    for image in ("app@1", "app@2", "app@1", "app@2"):
        records.note_migration(folder, "migrate", image)
    assert records.migrations(folder) == ["app@1", "app@2"]


def test_a_migration_that_was_begun_is_none_that_ended(folder: StackFolder) -> None:
    for task in ("first", "second"):
        records.begin_migration(folder, task)
        records.note_migration(folder, task, "app@1")
    records.begin_migration(folder, "second")
    assert records.migrated(folder) == {"first": "app@1"}
    assert records.migrations(folder) == ["app@1"], "the schema went forward all the same"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secrets": ["A"]},
        {"secrets": {"A": 1}},
        {"stack": None},
        {"stack": {"name": "demo", "services": [], "more": 1}},
        {"returns_to": "../1"},
        {"again_of": {"a": 1}},
    ],
)
def test_a_request_that_could_not_be_read_back_is_refused_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(records.OtherVersion):
        records.request_of(asked(**wrong), AT)


def test_what_a_request_says_of_itself_is_one_printable_line() -> None:
    request, _ = records.request_of(asked(why="a\x1b[2J\nb" + "x" * 5000, commit={"a": 1}), AT)
    assert request.why.startswith("a[2Jb")
    assert len(request.why) == 1000
    assert request.commit == "{'a': 1}"


def test_a_revision_is_kept_for_the_schema_and_for_the_release_that_made_it(folder: StackFolder) -> None:
    for number in (1, 2):
        records.keep_release(folder, release(number))
    assert records.revisions(folder) == {}
    records.note_revision(folder, 1, "migrate", "0001")
    records.note_revision(folder, 2, "migrate", "0002")
    assert records.revisions(folder) == {"migrate": "0002"}
    assert [records.release(folder, number).revisions for number in (1, 2)] == [{"migrate": "0001"}, {"migrate": "0002"}]
    records.note_revision(folder, 2, "migrate", "")
    assert (records.revisions(folder), records.release(folder, 2).revisions) == ({}, {}), "nobody knows it any more"


def test_an_engine_from_before_reads_a_release_that_uses_nothing_new(folder: StackFolder) -> None:
    records.keep_release(folder, replace(release(1), revisions={"migrate": "0001"}))
    kept = json.loads((folder.release(1) / "release.json").read_text())
    assert set(kept) == {"number", "fingerprint", "stack", "placement", "who", "why", "at"}
    assert records.release(folder, 1).revisions == {"migrate": "0001"}


def test_an_engine_from_before_reads_what_serves_where_nothing_is_tried(folder: StackFolder) -> None:
    work = Work(Machine(), folder)
    work.keep_serving(Serving("demo", current=1, canary=Canary(2, 10)))
    assert work.serving().tried == 2
    work.keep_serving(Serving("demo", current=1))
    known = "stack schema current previous next retiring since held standby watch_until"
    assert set(json.loads(folder.serving.read_text())) == set(known.split())
