"""The five systems as production renders them: `systems/<stack>/` holds what was reviewed."""

from pathlib import Path

import pytest

from slipway.environment import Environment
from slipway.load import load_environment
from slipway.placement import Host

from .test_renders import compare, rendered

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "systems"
DEBIAN_13 = Host(nginx=(1, 26, 3), https_port=443)
SYSTEMS = ("epu", "palmistry", "policy", "propflow", "ps-labs-agent")


@pytest.fixture(scope="module")
def production() -> Environment:
    return load_environment(ROOT / "inventory/fleet", ROOT / "compose")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_is_rendered_as_reviewed(system: str, production: Environment, request: pytest.FixtureRequest) -> None:
    compare(rendered(production.stacks[system], None, DEBIAN_13), HERE / system, request)


def test_every_system_of_production_is_reviewed_and_nothing_else(production: Environment) -> None:
    assert set(production.stacks) == set(SYSTEMS) == {path.name for path in HERE.iterdir()}
    assert {path.name for path in HERE.glob("*/*")} == {
        "base.json",
        "compose.json",
        "site.conf",
        "switch.nft",
        "egress.nft",
        "plan.txt",
    }
