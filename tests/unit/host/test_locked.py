"""A stack that a person locked: told by whom, theirs until it is unlocked."""

from pathlib import Path

import pytest

from slipway.errors import LockHeld
from slipway.host import locked
from slipway.host.locked import Locked

from .releases import AT, folder

ANN = Locked("ops (ann@desk)", AT, "the fair")


def test_a_locked_stack_says_who_when_and_why(tmp_path: Path) -> None:
    found = folder(tmp_path)
    locked.check(found)
    locked.lock(found, ANN)
    with pytest.raises(LockHeld, match=r"demo was locked by ops \(ann@desk\) at 2026-11-21T08:00Z: the fair") as caught:
        locked.check(found)
    assert (caught.value.exit_code, caught.value.next_step) == (4, "once that is over: fab unlock demo")


def test_a_lock_stays_with_whoever_had_it_first_and_anybody_may_unlock(tmp_path: Path) -> None:
    found = folder(tmp_path)
    locked.lock(found, ANN)
    with pytest.raises(LockHeld):
        locked.lock(found, Locked("bob", AT))
    assert locked.unlock(found) == ANN
    assert locked.unlock(found) is None
    locked.check(found)
