"""Values of secrets come from where the inventory says, and appear in no fault."""

from collections.abc import Sequence

import pytest

from slipway.environment import Environment
from slipway.errors import CommandFailed, StackError
from slipway.load.secrets import secret_values
from tests.unit.load.project import Project

NAMES = ("FROM_VAULT", "FROM_COMMAND")


@pytest.fixture
def environment(project: Project) -> Environment:
    project.base(
        {"services/api/environment": list(NAMES)},
        {"stacks/shop/secrets": {"FROM_VAULT": "vault", "FROM_COMMAND": {"command": ["pass", "show", "x"]}}},
    )
    project.inventory("$ANSIBLE_VAULT;1.1;AES256\n00\n", "vault.yml")
    return project.load()


def faults(environment: Environment, vault: dict[str, object], output: str) -> str:
    with pytest.raises(StackError) as caught:
        secret_values(environment, "shop", vault, lambda argv: output)
    return str(caught.value)


def test_values_are_taken_as_they_are(environment: Environment) -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> str:
        asked.append(argv)
        return "two\nlines $HOME\n\n"

    values = secret_values(environment, "shop", {"shop": {"FROM_VAULT": " a'$\"\n"}}, run)
    assert values == {"FROM_VAULT": " a'$\"\n", "FROM_COMMAND": "two\nlines $HOME\n"}
    assert asked == [("pass", "show", "x")]


def test_all_that_is_missing_is_named_at_its_line(environment: Environment) -> None:
    found = faults(environment, {"shop": {"FROM_VALUT": "hunter2"}}, "\n")
    assert "inventory/test/group_vars/all/stacks.yml:" in found
    assert "stacks.shop.secrets.FROM_VAULT: is missing in vault.yml; did you mean `FROM_VALUT`?" in found
    assert "stacks.shop.secrets.FROM_COMMAND: is empty" in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("value", "says"), [(12345, "is no text"), ("", "is empty"), (None, "is no text"), ("hunter2\0", "a zero byte")]
)
def test_a_value_that_cannot_serve_is_named(environment: Environment, value: object, says: str) -> None:
    found = faults(environment, {"shop": {"FROM_VAULT": value}}, "x")
    assert says in found
    assert "hunter2" not in found
    assert "12345" not in found


def test_a_vault_without_the_stack_is_named(environment: Environment) -> None:
    assert "vault.yml holds nothing for stack `shop`" in faults(environment, {}, "x")


def test_a_command_that_fails_is_named_without_its_output(environment: Environment) -> None:
    def fails(argv: Sequence[str]) -> str:
        raise CommandFailed(argv, 7, "hunter2")

    with pytest.raises(StackError) as caught:
        secret_values(environment, "shop", {"shop": {"FROM_VAULT": "x"}}, fails)
    assert "`pass` ended with 7; run the command by hand" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_program_that_is_not_there_is_named(environment: Environment) -> None:
    def fails(argv: Sequence[str]) -> str:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(StackError, match="`pass` cannot be run: No such file or directory"):
        secret_values(environment, "shop", {"shop": {"FROM_VAULT": "x"}}, fails)
