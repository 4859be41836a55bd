"""What became of each release, told from records and journal."""

from pathlib import Path

import pytest

from slipway.changes.change import Change
from slipway.host import history, records
from slipway.host.journal import Journal

from .releases import AT, DIGESTS, folder, ran, release, stack


def test_each_release_has_a_state_and_the_reason_of_a_refusal(tmp_path: Path) -> None:
    made = [release(n, "1.0.0") for n in (2, 3, 5)]
    found = folder(tmp_path, *made, previous=3, held=[])
    ran(found, 1)
    ran(found, 2)
    ran(found, 4, result={"verdict": "refused", "release": 3, "error": "never healthy\nmore", "code": 5})
    records.keep_release(found, release(4, "1.1.0"))
    rows = {row.number: row for row in history.releases(found)}
    assert list(rows) == [5, 4, 3, 2, 1], "the newest first"
    assert {number: row.state for number, row in rows.items()} == {
        5: "serving",
        4: "refused",
        3: "previous",
        2: "kept",
        1: "gone",
    }
    assert (rows[4].verdict, rows[4].error, rows[4].seconds) == ("refused", "never healthy\nmore", 12.5)
    assert (rows[1].who, rows[1].commit, rows[1].images) == ("ann@desk", "abc1234", {}), "only the journal knows it"
    assert rows[5].images["web"] == ("a/app:1.0.0", DIGESTS["1.0.0"])
    assert rows[5].variables == {"RELEASE": "1.0.0"}


def test_a_release_that_the_host_took_back_is_held_with_the_reason(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"), release(2, "1.1.0"), current=1, held=[2])
    ran(found, 2)
    Journal(found.journal).append(
        {"at": AT, "event": "returned", "from": 2, "text": "12 of 40 failed", "request": "", "release": 1}
    )
    two = history.releases(found)[0]
    assert (two.number, two.state, two.verdict, two.error) == (2, "held", "returned", "12 of 40 failed")


def test_a_watch_that_was_passed_is_the_verdict(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"))
    ran(found, 1)
    told = {"at": AT, "event": "watch", "state": "passed", "text": "0 of 900 failed", "request": "", "release": 1}
    Journal(found.journal).append(told)
    (one,) = history.releases(found)
    assert (one.state, one.verdict, one.error) == ("serving", "passed", "")


def test_a_stack_nobody_deployed_has_none(tmp_path: Path) -> None:
    assert history.releases(folder(tmp_path)) == []


def test_a_difference_names_variables_images_and_a_digest_that_moved(tmp_path: Path) -> None:
    images = {"web": f"a/app@{DIGESTS['1.2.0']}", "migrate": f"a/app@{DIGESTS['1.2.0']}"}
    old, new = release(1, "1.0.0"), release(2, "1.0.0", stack=stack("1.0.0", API_RATE="5"))
    new.placement.images.update(images)  # type: ignore[attr-defined] # a dict in tests
    found = folder(tmp_path, old, new)
    assert history.differences(found, 1, 2) == [
        Change("variable", ("API_RATE",), new="5"),
        Change("image", ("migrate", "web"), "digest of a/app:1.0.0", DIGESTS["1.0.0"], DIGESTS["1.2.0"]),
    ]
    with pytest.raises(history.NoRecord, match="demo has no record of release 9") as caught:
        history.differences(found, 1, 9)
    assert caught.value.next_step == "records that are kept: 1, 2"


def test_the_schemas_revision_is_told_with_a_release_and_as_a_difference(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"), release(2, "1.0.0"), release(3, "1.0.0"))
    records.note_revision(found, 2, "migrate", "0002")
    records.note_revision(found, 3, "migrate", "0003")
    assert [row.revisions for row in history.releases(found)] == [{"migrate": "0003"}, {"migrate": "0002"}, {}]
    assert history.differences(found, 2, 3) == [Change("schema", ("migrate",), "", "0002", "0003")]
    assert history.differences(found, 1, 2) == [], "nobody asked then"
