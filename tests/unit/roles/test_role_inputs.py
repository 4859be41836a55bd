"""Each role says its inputs once: argument_specs and defaults hold the same words and values."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from slipway import firewall
from slipway.codec import to_json
from slipway.load import surroundings
from slipway.reference import roles
from slipway.reference.entries import entries, everything, is_hole

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


def tasks_of(role: Path) -> list[dict[str, Any]]:
    return [task for folder in ("tasks", "handlers") for file in role.glob(f"{folder}/*.yml") for task in read(file)]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_tasks_hold_no_programs(role: Path) -> None:
    """A newcomer reads a role in five minutes: what decides or computes is Python with tests of its own."""
    assert not words_of(tasks_of(role)) & {"set_fact", "shell", "script", "raw"}
    text = "".join(file.read_text() for file in role.glob("[th]*/*.yml"))
    assert re.findall(r"\bsh -c\b|- (?:ba)?sh$|combine\(|namespace\(|{%|\blookup\(", text, re.MULTILINE) == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_is_short(role: Path) -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in role.glob("tasks/*.yml")}
    assert max(lines.values()) <= 90, lines
    assert len(read(role / "tasks/main.yml")) <= 12, "one file per topic"


@pytest.mark.parametrize("template", sorted(ROOT.glob("roles/*/templates/*")), ids=lambda path: path.name)
def test_templates_only_fill_in_and_repeat(template: Path) -> None:
    words = re.findall(r"{%-? *(\w+)", template.read_text())
    assert set(words) <= {"for", "endfor", "if", "endif"}
    assert "default(" not in template.read_text()


def test_the_ports_that_are_always_open_are_the_same_for_role_verb_and_check() -> None:
    always = [opening.port for opening in firewall.ALWAYS]
    assert options(ROOT / "roles/firewall")["firewall_tcp_ports"]["default"] == always == list(surroundings.OPEN)


OF_THE_NETWORK = (
    *("/etc/hosts", "/etc/resolv", "/etc/network", "/etc/netplan", "/etc/systemd/network", "/etc/systemd/resolved"),
    *("/etc/NetworkManager", "/etc/sysctl", "/etc/dhcp", "/etc/modules", "/etc/modprobe", "/etc/nsswitch", "/etc/gai"),
)


def test_no_role_writes_the_hosts_own_network_settings() -> None:
    told = [task.told for role in roles.read_roles(ROOT) for task in role.tasks]
    lists = [item for words in told for word in ("files", "links", "folders") for item in words.get(word, [])]
    paths = [*(item.get("dest", item.get("path")) for item in lists), *(words["dest"] for words in told if "dest" in words)]
    assert len(paths) > 20
    assert [path for path in paths if path.startswith(OF_THE_NETWORK)] == []


WORDS = {".".join(part for part in entry.path if not is_hole(part)): entry for entry in everything(entries("inventory"))}
HANDED = [
    (role, variable)
    for role in roles.read_roles(ROOT)
    for variable, expression in role.handed.items()
    if "default(" in expression and role.source(variable)
]


@pytest.mark.parametrize(("role", "variable"), HANDED, ids=lambda one: one if isinstance(one, str) else "")
def test_what_a_playbook_hands_over_where_nothing_is_written_is_the_default_of_role_and_inventory(
    role: roles.Role, variable: str
) -> None:
    handed = NativeEnvironment().from_string(role.handed[variable]).render()
    entry = WORDS[role.source(variable)]
    meant = {child.key: child.default for child in entry.children} if entry.key == "public_ports" else to_json(entry.default)
    assert handed == role.options[variable]["default"]
    assert handed == meant or (not handed and not meant)
