from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted((ROOT / "molecule").glob("*/molecule.yml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.parent.name)
def test_every_playbook_of_a_scenario_exists_and_none_is_skipped(path: Path) -> None:
    scenario = yaml.safe_load(path.read_text())
    playbooks = scenario["ansible"]["playbooks"]
    steps = [step.split() for step in scenario["scenario"]["test_sequence"]]
    assert {step[0] for step in steps} & {"create", "converge", "side_effect"} <= set(playbooks)
    named = [*playbooks.values(), *(word for step in steps for word in step[1:])]
    assert all((path.parent / name).is_file() for name in named)
