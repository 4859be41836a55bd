"""Each role says its inputs once: argument_specs and defaults hold the same words and values."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/tasks/main.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def options(role: Path) -> dict[str, Any]:
    found: dict[str, Any] = read(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return found


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_equal_the_argument_specs(role: Path) -> None:
    defaults = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert read(role / "defaults/main.yml") == defaults


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_inputs_carry_the_name_of_their_role_and_a_sentence(role: Path) -> None:
    for name, option in options(role).items():
        assert name.startswith(f"{role.name}_")
        assert option["description"].endswith(".")


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_tasks_are_named_for_their_topic(role: Path) -> None:
    topic = f"{role.name.capitalize()} | "
    names = [task["name"] for file in role.glob("tasks/*.yml") for task in read(file)]
    assert [name for name in names if not name.startswith(topic)] == []


WRITERS = (
    "template",
    "copy",
    "file",
    "lineinfile",
    "blockinfile",
    "replace",
    "assemble",
    "ini_file",
    "unarchive",
    "synchronize",
    "shell",
)


def words_of(tasks: list[dict[str, Any]]) -> set[str]:
    """Return every word of the tasks, those in blocks too, modules without their collection."""
    inner = [task for outer in tasks for section in ("block", "rescue", "always") for task in outer.get(section, [])]
    return {word.rsplit(".", 1)[-1] for task in tasks for word in task} | (words_of(inner) if inner else set())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_files_are_written_by_host_files_only(role: Path) -> None:
    tasks = [task for folder in ("tasks", "handlers") for file in role.glob(f"{folder}/*.yml") for task in read(file)]
    assert words_of(tasks) & set(WRITERS) == set()


@pytest.mark.parametrize("template", sorted(ROOT.glob("roles/*/templates/*")), ids=lambda path: path.name)
def test_written_files_say_who_wrote_them(template: Path) -> None:
    assert template.read_text().splitlines()[0].startswith("# Written by Slipway (roles/")
