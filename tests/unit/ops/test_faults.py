"""All faults of all environments, once each."""

from pathlib import Path

from slipway.errors import Fault
from slipway.ops import faults

BAD = Fault("compose/demo/compose.yml", 3, "services.api", "no image", "name one")


def test_every_fault_is_shown_once_and_every_environment_has_a_verdict() -> None:
    verdicts = [faults.Verdict("lab", ("demo", "shop")), faults.Verdict("a", faults=(BAD,)), faults.Verdict("b", faults=(BAD,))]
    assert faults.as_text(verdicts).splitlines() == [
        "compose/demo/compose.yml:3: services.api: no image; name one",
        "lab: fine (demo, shop)",
        "a: 1 fault; no host was touched",
        "b: 1 fault; no host was touched",
    ]
    assert faults.as_json(verdicts)[1]["faults"][0]["line"] == 3


def test_all_environments_are_checked_unless_one_is_named(tmp_path: Path) -> None:
    for name in ("lab", "production"):
        (tmp_path / "inventory" / name).mkdir(parents=True)
        (tmp_path / "inventory" / name / "hosts.yml").write_text("all: {}\n")
    assert [path.name for path in faults.chosen(tmp_path, "")] == ["lab", "production"]
    assert [path.name for path in faults.chosen(tmp_path, "lab")] == ["lab"]
