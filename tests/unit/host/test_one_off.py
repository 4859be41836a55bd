"""A command in a container of its own leaves a trace, however it ends."""

from pathlib import Path

import pytest

from slipway.errors import SlipwayError
from slipway.host import one_off
from slipway.host.asker import Asker
from slipway.host.docker import Docker
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine
from slipway.host.one_off import Errand, NothingToRun
from slipway.host.runner import Runner

from .releases import folder, release


def machine(root: Path) -> Machine:
    """Return a machine without Docker and its command: what is begun breaks off."""
    return Machine(Layout(root), Docker(root / "no-docker"), Runner({"PATH": str(root)}), Asker("deploy", "ann"))


def test_a_command_that_breaks_off_is_in_the_journal(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"))
    with pytest.raises((SlipwayError, OSError)):
        one_off.run(machine(tmp_path), "demo", Errand("web", ("id", "-u")))
    (entry,) = Journal(found.journal).entries()
    assert (entry["event"], entry["who"], entry["service"], entry["command"]) == ("runs", "ann as deploy", "web", "id -u")


def test_a_command_that_is_refused_runs_nowhere_and_is_not_told(tmp_path: Path) -> None:
    found = folder(tmp_path, release(1, "1.0.0"))
    with pytest.raises(NothingToRun):
        one_off.run(machine(tmp_path), "demo", Errand("web"))
    assert Journal(found.journal).entries() == []
