"""What was chosen for a stack: kept whole, changed by one at a time, told where it cannot be read."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from slipway.errors import HostError
from slipway.host import choices
from slipway.host.choices import Choices, Maintenance
from slipway.host.layout import StackFolder

from .releases import AT, folder

SHUT = Maintenance(AT, "ops (ann@desk)", "word", "the disk is changed", 120)


def test_where_nobody_chose_there_is_nothing(tmp_path: Path) -> None:
    assert choices.read(folder(tmp_path)) == Choices()


def test_a_choice_is_read_back_as_it_was_made(tmp_path: Path) -> None:
    found = folder(tmp_path)
    made = choices.change(found, "a test", lambda old: replace(old, counts={"web": 3}, maintenance=SHUT))
    assert choices.read(found) == made == Choices({"web": 3}, SHUT)
    assert (found.path / choices.FILE).stat().st_mode & 0o777 == 0o600


def test_two_who_choose_at_once_lose_nothing(tmp_path: Path) -> None:
    found = folder(tmp_path)

    def one_more(name: str) -> None:
        for _ in range(20):
            choices.change(found, "a test", lambda old: replace(old, counts={**old.counts, name: old.counts.get(name, 0) + 1}))

    threads = [Thread(target=one_more, args=(name,)) for name in ("web", "worker", "web")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert choices.read(found).counts == {"web": 40, "worker": 20}


def test_a_change_that_is_refused_leaves_what_was_chosen(tmp_path: Path) -> None:
    found = folder(tmp_path)
    choices.change(found, "a test", lambda old: replace(old, counts={"web": 3}))

    def refused(_: Choices) -> Choices:
        raise HostError("no")

    with pytest.raises(HostError, match="no"):
        choices.change(found, "a test", refused)
    assert choices.read(found) == Choices({"web": 3})


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{", "cannot be read"),
        ('{"counts": {"web": "3"}}', "cannot be read: Choices.counts.web: str where int is wanted"),
        ('{"color": "red"}', "cannot be read"),
        (json.dumps({"schema": 2}), "is of schema 2, this engine reads 1"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_way_out(tmp_path: Path, text: str, cause: str) -> None:
    found: StackFolder = folder(tmp_path)
    found.path.mkdir(parents=True, exist_ok=True)
    (found.path / choices.FILE).write_text(text)
    with pytest.raises(HostError, match=cause) as caught:
        choices.read(found)
    assert caught.value.next_step
