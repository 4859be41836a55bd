"""A call that is killed is finished or taken back by the next, and nothing it wrote stays unheard of."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from slipway import host_guard
from slipway.host_entries import Entry, entry_json
from slipway.host_files import Means, Request, bring, heard
from slipway.host_strokes import exhaust
from tests.unit.host_files.places import Place, agrees, file, folder, link, place_in

OURS = "# Written by Slipway (roles/x): …\n"
STROKES = 21  # of the set below; a test holds it


def before(place: Place) -> None:
    for name, text in {
        "a": "old a\n",
        "b": "old b\n",
        "mode": "same\n",
        "gone": "x",
        "stale": OURS,
        "foreign": "theirs\n",
    }.items():
        (place.folder / name).write_text(text)


def wanted(place: Place, **words: Any) -> Request:
    at = place.folder
    entries = (
        folder(at / "made", 0o750),
        file(at / "a", "new a\n"),
        file(at / "b", "new b\n", backup=True),
        file(at / "c", "new c\n", 0o600),
        file(at / "made/d", "new d\n"),
        file(at / "mode", "same\n", 0o600),
        link(at / "link", "/dev/null"),
        Entry(str(at / "gone")),
    )
    return Request(entries, exclusive=(str(at),), **words)


def killed(place: Place, request: Request, carry_out: Callable[[Iterator[str]], object], arm: Any = None) -> None:
    """Make the call in a child that is killed before anybody hears its answer."""
    child = os.fork()
    if child == 0:
        with suppress(Exception):  # a child must not go on as a second pytest; whoever waits sees that it was not killed
            bring(request, Means(agrees, place.note, carry_out=carry_out, arm=arm))
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def cut_after(count: int) -> Callable[[Iterator[str]], None]:
    def carry_out(strokes: Iterator[str]) -> None:
        for number, _ in enumerate(strokes, 1):
            if number == count:
                os.kill(os.getpid(), signal.SIGKILL)

    return carry_out


def whole(parent: Path) -> tuple[Place, dict[str, Any]]:
    """Return what a call that nobody cuts makes of the same folder."""
    place = place_in(parent)
    before(place)
    return place, bring(wanted(place), Means(agrees, place.note))


def test_the_cuts_below_are_all_there_are(place: Place) -> None:
    names: list[str] = []
    before(place)
    bring(wanted(place), Means(agrees, place.note, carry_out=names.extend))
    assert len(names) == STROKES
    assert [name for name in names if "/" not in name] == ["noted", "staged on disk", "armed", "decided", "on disk"]


@pytest.mark.parametrize("count", range(1, STROKES + 1))
def test_a_kill_after_any_stroke_is_mended_by_the_next_call_as_check_mode_foretold(tmp_path: Path, count: int) -> None:
    good, answer = whole(tmp_path / "whole")
    place = place_in(tmp_path / "cut")
    before(place)
    old = place.tree()
    killed(place, wanted(place), cut_after(count))
    left = place.tree()
    for path, state in left.items():
        if not path.endswith(".slipway-new"):
            assert state in (old.get(path), good.tree().get(path), ("folder", b"", 0o700)), path
    foretold = bring(wanted(place, check=True, diff=True), Means(agrees, place.note))
    assert place.tree() == left
    assert bring(wanted(place, diff=True), Means(agrees, place.note)) == foretold
    assert sorted(Path(path).name for path in foretold["paths"]) == sorted(Path(path).name for path in answer["paths"])
    heard(wanted(place), place.note)
    assert place.tree() == good.tree()
    assert bring(wanted(place), Means(agrees, place.note))["changed"] is False
    assert not (place.note.folder / "note.json").exists()


@pytest.mark.parametrize("count", range(1, STROKES + 1))
def test_a_set_that_changed_its_mind_after_the_kill_gets_what_it_wants(place: Place, count: int) -> None:
    before(place)
    killed(place, wanted(place), cut_after(count))
    other = (file(place.folder / "a", "newer a\n"), file(place.folder / "b", "old b\n"))
    place.bring(*other)
    assert {name: place.tree()[name][1] for name in "ab"} == {"a": b"newer a\n", "b": b"old b\n"}
    assert not [path for path in place.tree() if path.endswith(".slipway-new")]


def test_another_sets_call_settles_the_cut_one_and_its_own_call_still_tells_of_it(place: Place, tmp_path: Path) -> None:
    before(place)
    killed(place, wanted(place), cut_after(STROKES - 3))
    assert place.bring(file(tmp_path / "elsewhere", "x"))["paths"] == [str(tmp_path / "elsewhere")]
    assert place.tree()["c"] == ("file", b"new c\n", 0o600)
    result = bring(wanted(place), Means(agrees, place.note))
    assert str(place.folder / "c") in result["paths"]


def test_an_answer_that_nobody_heard_is_given_again_and_one_that_was_heard_is_not(place: Place) -> None:
    before(place)
    killed(place, wanted(place), exhaust)
    again = bring(wanted(place), Means(agrees, place.note))
    assert again["changed"] is True
    assert bring(wanted(place), Means(agrees, place.note)) == again
    heard(wanted(place), place.note)
    assert bring(wanted(place), Means(agrees, place.note))["changed"] is False


def test_two_cut_calls_one_after_the_other_are_both_told_of(place: Place, tmp_path: Path) -> None:
    before(place)
    killed(place, wanted(place), exhaust)
    elsewhere = Request((file(tmp_path / "elsewhere", "x"),))
    killed(place, elsewhere, exhaust)
    assert bring(elsewhere, Means(agrees, place.note))["paths"] == [str(tmp_path / "elsewhere")]
    heard(elsewhere, place.note)
    assert str(place.folder / "a") in bring(wanted(place), Means(agrees, place.note))["paths"]


def test_what_was_begun_and_is_wanted_no_more_leaves_nothing_behind(place: Place) -> None:
    killed(place, Request((file(place.folder / "deep/a", "x"),)), cut_after(4))
    assert place.tree() != {}
    place.bring(file(place.folder / "b", "x"))
    assert sorted(place.tree()) == ["b"]


def test_a_rename_that_fails_puts_back_what_was_renamed_before(place: Place) -> None:
    before(place)
    old = place.tree()

    def obstruct(strokes: Iterator[str]) -> None:
        for name in strokes:
            if name == f"placed {place.folder / 'b'}":
                (place.folder / "c").mkdir()
                (place.folder / "c/x").write_text("somebody was quicker")

    with pytest.raises(Exception, match=r"c: Is a directory|no file was changed"):
        bring(wanted(place), Means(agrees, place.note, carry_out=obstruct))
    assert {path: state for path, state in place.tree().items() if not path.startswith("c")} == old


@pytest.mark.parametrize("count", range(1, STROKES + 1))
def test_a_guarded_call_that_was_cut_goes_back_whole(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(host_guard, "GUARDS", tmp_path / "guard")
    before(place)
    old = place.tree()
    undo = [["touch", str(tmp_path / "undone")], ["no-such-program"]]
    guarded = wanted(place, guard={"name": "lab", "seconds": 90, "undo": undo})

    def arm(guard: dict[str, Any], past: Sequence[Entry], program: bytes) -> None:
        """Keep the past as a guard does, with no timer: here the next call is always first."""
        (tmp_path / "guard/lab").mkdir(parents=True)
        kept = {"entries": [entry_json(entry) for entry in past], "commands": guard["undo"]}
        (tmp_path / "guard/lab/undo.json").write_text(json.dumps(kept))

    killed(place, guarded, cut_after(count), arm)
    decided = place.note.read().decided
    assert place.bring(file(tmp_path / "elsewhere", "x"))["paths"] == [str(tmp_path / "elsewhere")]
    assert place.tree() == old
    assert (tmp_path / "undone").exists() == decided
