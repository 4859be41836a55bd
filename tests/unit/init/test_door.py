"""New files only, all or none; bad input ends with its place and leaves nothing behind."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.errors import SlipwayError, StackError
from slipway.init.team import read_values
from slipway.ops import init
from slipway.ops.init import AlreadyThere
from slipway.ops.operation import BadOption
from tests.unit.init.project import ORDER, Project

ROOT = Path(__file__).resolve().parents[3]
WEB = "services:\n  web:\n    image: acme/web:1\n    ports: ['8000:8000']\n"


def files(project: Project) -> list[str]:
    return sorted(str(path.relative_to(project.root)) for path in project.root.rglob("*") if path.is_file())


def test_a_first_stack_is_these_files(project: Project) -> None:
    outcome = project.init(WEB)
    assert files(project) == sorted(outcome.paths)
    assert files(project) == [
        "compose/shop/.env",
        "compose/shop/compose.override.yml",
        "compose/shop/compose.yml",
        "inventory/production/group_vars/all/ssh.yml",
        "inventory/production/group_vars/all/stacks.yml",
        "inventory/production/hosts.yml",
    ]


def test_a_dry_run_writes_nothing_and_tells_the_same(project: Project) -> None:
    outcome = project.init(WEB, dry_run=True)
    assert not project.root.exists()
    assert outcome.paths == project.init(WEB).paths


def test_a_stack_that_is_there_is_never_touched(project: Project) -> None:
    project.init(WEB)
    before = {path: (project.root / path).read_bytes() for path in files(project)}
    with pytest.raises(AlreadyThere) as refused:
        project.init(WEB.replace("acme/web:1", "acme/web:2"))
    assert refused.value.exit_code == 2
    assert {path: (project.root / path).read_bytes() for path in files(project)} == before


def test_an_inventory_that_is_there_stays_and_the_words_for_it_are_told(project: Project) -> None:
    project.init(WEB)
    second = replace(project, order=replace(ORDER, name="blog"))
    before = project.written("inventory/production/group_vars/all/stacks.yml")
    outcome = second.init(WEB)
    assert project.written("inventory/production/group_vars/all/stacks.yml") == before
    assert "  blog:" in init.as_text(outcome)
    assert "compose: blog" in init.as_json(outcome)["stack_words"]


def test_where_the_second_folder_cannot_be_made_the_first_is_taken_back(project: Project) -> None:
    project.root.mkdir()
    (project.root / "inventory").write_text("a file where a folder is wanted\n")
    with pytest.raises(SlipwayError):
        project.init(WEB)
    assert files(project) == ["inventory"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("services: [a\n", 2, "is not YAML"),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", 3, "written twice"),
        ("services:\n  a: *gone\n", 2, "has no anchor"),
        ("services:\n  a: text\n", 2, "where a mapping is wanted"),
        ("version: '3'\n", 1, "no service"),
        ("", 1, "no service"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
    ],
)
def test_what_cannot_be_read_ends_with_its_line_and_nothing_is_written(project: Project, text: str, line: int, says: str) -> None:
    with pytest.raises(StackError) as unreadable:
        project.init(text)
    assert unreadable.value.exit_code == 2
    assert [(fault.line, says in fault.message) for fault in unreadable.value.faults] == [(line, True)]
    assert str(unreadable.value).endswith("nothing was written")
    assert not project.root.exists()


def test_a_file_that_is_not_there_or_no_text_is_a_fault(project: Project) -> None:
    with pytest.raises(StackError, match="cannot be read"):
        init.start(project.root, str(project.folder / "gone.yml"), ORDER, dry_run=False)
    (project.folder / "odd.yml").write_bytes(b"services:\n  a: {image: \xff}\n")
    with pytest.raises(StackError, match="UTF-8"):
        init.start(project.root, str(project.folder / "odd.yml"), ORDER, dry_run=False)


@pytest.mark.parametrize(
    "given",
    [
        ("", "shop", "production", {}),
        ("a.yml", "Shop", "production", {}),
        ("a.yml", "shop-r2", "production", {}),
        ("a.yml", "shop", "../up", {}),
        ("a.yml", "shop", "production", {"domain": "localhost"}),
        ("a.yml", "shop", "production", {"host": "a b"}),
        ("a.yml", "shop", "production", {"registry": "https://x"}),
        ("a.yml", "shop", "production", {"release": "a b"}),
    ],
)
def test_options_that_do_not_fit_are_refused(given: tuple[str, str, str, dict[str, str]]) -> None:
    with pytest.raises(BadOption):
        init.order(*given)


def test_the_folder_of_the_file_names_the_stack() -> None:
    assert init.order("/srv/My Shop/docker-compose.yml", "", "production", {}).name == "my-shop"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b c", "b c"),
        ("A='b # c'", "b # c"),
        ('A="b"', "b"),
        ("export A=b", "b"),
        ("A=b # c", "b"),
        ("A=", ""),
        (" A = b", "b"),
    ],
)
def test_values_of_env_files_are_read_as_compose_does(line: str, value: str) -> None:
    assert read_values(line) == {"A": value}


def test_the_verb_answers_on_the_command_line(project: Project) -> None:
    project.file("docker-compose.yml", WEB)
    command = [sys.executable, "-m", "fabric", "init", "--from", str(project.folder / "team/docker-compose.yml")]
    wanted = ["--name", "first-stack", "--env", "first-environment", "--dry-run", "--json"]
    done = subprocess.run([*command, *wanted], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, '"stack": "first-stack"' in done.stdout) == (0, True), done.stderr
    assert not (ROOT / "compose/first-stack").exists()
