"""Files from before a deploy undo nothing that was deployed since; a new wish goes through."""

import shutil
from dataclasses import replace
from pathlib import Path

from slipway.host import pinned, records
from slipway.host.layout import StackFolder
from slipway.host.records import Release, Request
from slipway.model import Stack

from .releases import AT, DIGESTS, folder, release, stack


def asks(wanted: Stack, verb: str = "", **names: str) -> Request:
    return Request(
        "q", wanted, "ann@desk" if verb else "bob@desk", f"fab {verb}" if verb else "site.yml", AT, verb=verb, pinned=names
    )


def served(tmp_path: Path, *versions: str, verb: str = "deploy", **more: str) -> tuple[StackFolder, Release]:
    """Return a stack that served these versions, the last of them by a verb."""
    found = folder(tmp_path, *(release(number, version) for number, version in enumerate(versions, 1)))
    *before, last = records.served(found)
    if more:
        records.keep_release(found, release(last, versions[-1], stack=stack(versions[-1], **more)))
    for number in before:
        pinned.note(found, records.release(found, number), asks(stack(versions[number - 1])))
    current = records.release(found, last)
    pinned.note(found, current, asks(current.stack, verb, RELEASE=versions[-1], **more) if verb else asks(current.stack))
    return found, current


def test_an_older_version_is_left_and_it_is_said_who_chose_what(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0", "1.1.0")
    said = pinned.left(found, current, asks(stack("1.0.0")))
    assert "release 2 is left as it is: ann@desk chose it since (fab deploy, 2026-11-21T08:00Z)" in said
    assert "RELEASE 1.0.0 is asked for, 1.1.0 serves" in said
    assert "fab pin demo" in said


def test_a_version_that_never_served_is_a_new_wish(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0", "1.1.0")
    assert pinned.left(found, current, asks(stack("1.2.0"))) == ""


def test_what_no_verb_chose_is_the_files_to_say(tmp_path: Path) -> None:
    found, current = served(tmp_path / "files", "1.0.0", "1.1.0", verb="")
    assert pinned.left(found, current, asks(stack("1.0.0"))) == "", "site.yml deployed it itself"
    found, current = served(tmp_path / "verb", "1.0.0", "1.1.0")
    assert pinned.left(found, current, asks(stack("1.1.0", API_RATE="10"))) == "", "the same version, another setting"


def test_a_person_may_go_back_and_the_files_are_in_charge_again_once_nothing_is_pinned(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0", "1.1.0")
    assert pinned.left(found, current, asks(stack("1.0.0"), "deploy")) == ""
    pinned.note(found, current, asks(current.stack, "deploy"))
    assert pinned.left(found, current, asks(stack("1.0.0"))) == ""


def test_a_verb_that_chooses_nothing_changes_nothing_about_it(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0", "1.1.0")
    pinned.note(found, current, asks(current.stack, "other"))
    assert "ann@desk chose it since (fab deploy," in pinned.left(found, current, asks(stack("1.0.0")))


def test_a_setting_that_was_chosen_is_kept_like_a_version(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0", "1.0.0", API_RATE="20")
    pinned.note(found, release(1, "1.0.0", stack=stack("1.0.0", API_RATE="10")), asks(current.stack, "other"))
    assert "API_RATE 10 is asked for, 20 serves" in pinned.left(found, current, asks(stack("1.0.0", API_RATE="10")))
    assert pinned.left(found, current, asks(stack("1.0.0", API_RATE="30"))) == ""
    assert pinned.left(found, current, asks(stack("1.0.0"))) == "", "the file asks for it no more"


def test_an_older_digest_under_the_same_tag_is_left_too(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0")
    images = {name: f"a/app@{DIGESTS['1.2.0']}" for name in ("web", "migrate")}
    moved = replace(current, number=2, placement=replace(current.placement, images=images))
    pinned.note(found, moved, asks(moved.stack, "deploy", RELEASE="1.0.0"))
    old, new = (replace(stack("1.0.0"), pins={"a/app:1.0.0": DIGESTS[which]}) for which in ("1.0.0", "1.1.0"))
    assert "a/app:1.0.0 sha256:111111111111 is asked for, sha256:333333333333 serves" in pinned.left(found, moved, asks(old))
    assert pinned.left(found, moved, asks(new)) == "", "a digest nobody has seen"


def test_what_turned_bad_is_not_taken_for_older(tmp_path: Path) -> None:
    found, bad = served(tmp_path, "1.0.0", "1.1.0", "1.2.0")
    good = records.release(found, 2)
    newer = replace(stack("1.2.0"), pins={"a/app:1.2.0": DIGESTS["1.2.0"]})
    assert pinned.left(found, good, asks(newer)), "while it is known"
    pinned.forget(found, bad, good)
    assert pinned.left(found, good, asks(newer)) == "", "it goes on, and is refused as held"
    assert pinned.left(found, good, asks(stack("1.0.0"))), "what served before is older still"


def test_it_is_remembered_after_the_records_are_pruned(tmp_path: Path) -> None:
    found, current = served(tmp_path, "1.0.0", "1.1.0")
    shutil.rmtree(found.release(1))
    assert pinned.left(found, current, asks(stack("1.0.0")))


def test_a_pin_that_is_written_down_later_changes_nothing() -> None:
    current = release(2, "1.1.0")
    assert pinned.agree(current, replace(stack("1.1.0"), pins={"a/app:1.1.0": DIGESTS["1.1.0"]}))
    assert not pinned.agree(current, replace(stack("1.1.0"), pins={"a/app:1.1.0": DIGESTS["1.2.0"]}))
    plain = records.fingerprint(stack("1.1.0"), 1)
    assert plain == records.fingerprint(replace(stack("1.1.0"), pins={"a/app:1.1.0": DIGESTS["1.1.0"]}), 1)
