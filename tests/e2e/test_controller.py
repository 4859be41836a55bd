"""The same lab driven from another controller: Debian 13 with Python 3.13 and the newer ansible-core."""

import pytest

from slipway.lab import controller

from .demo_site import Site


def said(*command: str) -> str:
    lines: list[str] = []
    controller.run(command, lines.append)
    return "\n".join(lines)


def test_a_controller_with_python_3_13_finds_nothing_to_change(site: Site) -> None:
    assert "Python 3.13" in said("python3", "--version")
    output = said("ansible-playbook", "-i", f"molecule/inventory/{site.inventory.name}", "site.yml")
    assert "changed=0" in output
    assert "failed=0" in output
    assert "DEPRECATION" not in output


@pytest.mark.parametrize(
    "tests",
    [
        pytest.param(("tests/golden", "tests/unit/render", "tests/unit/plan"), id="what-it-renders"),
        pytest.param(("tests/golden", "tests/unit"), id="all", marks=pytest.mark.sweep),
    ],
)
def test_unit_and_golden_tests_pass_on_python_3_13(tests: tuple[str, ...]) -> None:
    output = said("pytest", "-q", "--numprocesses", "logical", *tests)
    assert " passed" in output
    assert " failed" not in output
