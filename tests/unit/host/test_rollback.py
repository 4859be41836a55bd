"""Going back: to which release, as it was, and with which secrets."""

from pathlib import Path
from typing import Any

import pytest

from slipway.errors import HostError, ReleaseRefused
from slipway.host import records, rollback
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work

from .releases import AT, DIGESTS, folder, ran, release, stack

ASKED: dict[str, Any] = {
    "schema": 1,
    "secrets": {"DB_PASSWORD": "new", "OTHER": "x"},
    "who": "ann@desk",
    "commit": "abc",
    "to": None,
}


def work(tmp_path: Path, *made: Any, **serving: Any) -> Work:
    return Work(Machine(Layout(tmp_path)), folder(tmp_path, *made, **serving))


def test_the_release_before_comes_back_with_its_variables_and_digests_and_todays_secrets(tmp_path: Path) -> None:
    old = release(1, "1.0.0", stack=stack("1.0.0", API_RATE="10"))
    words = rollback.words(work(tmp_path, old, release(2, "1.1.0")), ASKED)
    request, values = records.request_of(words, "2026-11-21T08:00:00.000Z")
    assert request.stack.variables == {"RELEASE": "1.0.0", "API_RATE": "10"}
    assert request.stack.pins == {"a/app:1.0.0": DIGESTS["1.0.0"]}, "stores stay as they are"
    assert values == {"DB_PASSWORD": "new"}, "no secret that the old release does not know"
    assert (request.verb, request.returns_to, request.why) == ("rollback", 1, "fab rollback to 1")
    assert request.pinned == request.stack.variables


def test_a_second_rollback_goes_further_back_and_never_to_a_held_release() -> None:
    one, two, three = release(1, "1.0.0"), release(2, "1.1.0"), release(3, "1.2.0")
    assert rollback.before(release(4, "1.1.0", returns_to=2), [one, two, three], ()) == 1
    assert rollback.before(release(4, "1.1.0"), [one, two, three], (3,)) == 1, "2 is the same as 4"
    assert rollback.before(release(4, "1.1.0"), [one, two, three], ()) == 3
    assert rollback.before(one, [one], ()) is None


def test_what_never_served_on_all_hosts_is_not_the_release_before(tmp_path: Path) -> None:
    one = work(tmp_path, release(1, "1.0.0"), release(2, "1.1.0"), release(3, "1.2.0"))
    Journal(one.folder.journal).append({"event": "returned", "from": 2, "to": 1, "together": "c0ffee", "at": AT})
    assert rollback.words(one, ASKED)["returns_to"] == 1
    assert rollback.words(one, {**ASKED, "to": 2})["returns_to"] == 2, "by its number it may be had"


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (9, "demo has no release 9 to go back to"),
        (3, "demo has no release 3 to go back to"),
        (2, "release 2 serves already"),
    ],
)
def test_what_is_not_there_is_the_users_input(tmp_path: Path, to: int, said: str) -> None:
    one = work(tmp_path, release(1, "1.0.0"), release(2, "1.1.0"))
    records.keep_release(one.folder, release(3, "1.2.0"))  # a refused one: its record alone
    with pytest.raises(rollback.ReleaseUnknown, match=said) as caught:
        rollback.words(one, {**ASKED, "to": to})
    assert caught.value.exit_code == 2
    assert "1" in caught.value.next_step


def test_nothing_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(rollback.ReleaseUnknown, match="no release served before 1"):
        rollback.words(work(tmp_path, release(1, "1.0.0")), ASKED)
    with pytest.raises(HostError, match="nothing of demo serves"):
        rollback.words(work(tmp_path / "empty"), ASKED)


def test_a_secret_that_is_gone_from_the_inventory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="release 1 needs DB_PASSWORD, which the inventory names no more"):
        rollback.words(work(tmp_path, release(1, "1.0.0"), release(2, "1.1.0")), {**ASKED, "secrets": {}})


def test_a_migration_that_contracts_closes_the_way(tmp_path: Path) -> None:
    one = work(tmp_path, release(1, "1.0.0"), release(2, "1.2.0"))
    ran(one.folder, 2, migrated="Running upgrade 0002 -> 0003, drop writer")
    with pytest.raises(ReleaseRefused, match="never run backwards"):
        rollback.words(one, ASKED)
