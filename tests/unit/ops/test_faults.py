"""All faults of all environments, once each."""

from pathlib import Path

import pytest

from slipway.environment import Environment
from slipway.errors import Fault
from slipway.model import Stack
from slipway.ops import faults
from slipway.ops.hosts import InventoryUnreadable

BAD = Fault("compose/demo/compose.yml", 3, "services.api", "no image", "name one")
GOOD = Environment(name="lab", stacks={"demo": Stack("demo", {})}, waiting=(Fault("a.yml", 7, "watch", "not in force yet"),))


def test_every_fault_is_shown_once_and_every_environment_has_an_outcome() -> None:
    verdicts = [faults.Verdict("lab", GOOD), faults.Verdict("a", faults=(BAD,)), faults.Verdict("b", faults=(BAD, BAD))]
    text = faults.as_text(verdicts).splitlines()
    assert text[:2] == ["compose/demo/compose.yml:3: services.api: no image; name one", "lab:"]
    assert "    watch: a.yml:7" in text
    assert text[-2:] == ["a: 1 fault; no host was touched", "b: 2 faults; no host was touched"]


def test_machines_get_the_faults_of_each_environment_as_data() -> None:
    entries = faults.as_json([faults.Verdict("lab", GOOD), faults.Verdict("a", faults=(BAD,))])
    assert [entry["environment"] for entry in entries] == ["lab", "a"]
    assert [len(entry["faults"]) for entry in entries] == [0, 1]
    assert entries[1]["faults"][0]["line"] == 3


def test_all_environments_are_checked_unless_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(InventoryUnreadable, match="no environment"):
        faults.chosen(tmp_path, "")
    for name in ("lab", "production"):
        (tmp_path / "inventory" / name).mkdir(parents=True)
        (tmp_path / "inventory" / name / "hosts.yml").write_text("all: {}\n")
    assert [path.name for path in faults.chosen(tmp_path, "")] == ["lab", "production"]
    assert [path.name for path in faults.chosen(tmp_path, "lab")] == ["lab"]
