"""Values of secrets come from where the inventory says, exactly as they are, and appear in no fault."""

from collections.abc import Iterable

import pytest

from slipway.environment import Environment
from slipway.errors import HostError, StackError
from slipway.load.secrets import Answers, Argv, Sealed, ask, missing, secret_values
from tests.unit.load.project import Project

NAMES = ("FROM_VAULT", "FROM_COMMAND")
PASS = ("pass", "show", "x")
EXACT = [" a'$\"\n", "two\nlines $HOME ${X} $$\n", "\ttab `x` \\n {{ 1 + 1 }}", "é✓ \N{PILE OF POO}\r\n", "x"]


@pytest.fixture
def environment(project: Project) -> Environment:
    project.base(
        {"services/api/environment": list(NAMES)},
        {"stacks/shop/secrets": {"FROM_VAULT": "vault", "FROM_COMMAND": {"command": list(PASS)}}},
    )
    project.inventory("$ANSIBLE_VAULT;1.1;AES256\n00\n", "vault.yml")
    return project.load()


class Asking:
    """Gives one answer to every command and remembers what was asked."""

    def __init__(self, output: bytes | HostError) -> None:
        self.output = output
        self.asked: list[Argv] | None = None

    def __call__(self, commands: Iterable[Argv]) -> Answers:
        self.asked = list(commands)
        return dict.fromkeys(self.asked, self.output)


def faults(environment: Environment, vault: object, output: bytes | HostError = b"x") -> str:
    with pytest.raises(StackError) as caught:
        secret_values(environment, "shop", vault, Asking(output))
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("value", EXACT)
def test_values_are_taken_as_they_are_but_for_one_newline_after_a_command(environment: Environment, value: str) -> None:
    asking = Asking(f"{value}\n".encode())
    values = secret_values(environment, "shop", {"shop": {"FROM_VAULT": value}}, asking)
    assert values == {"FROM_VAULT": value, "FROM_COMMAND": value}
    assert asking.asked == [PASS]


def test_a_command_that_many_secrets_name_is_asked_once(project: Project) -> None:
    secrets = {name: {"command": list(PASS)} for name in NAMES}
    stacks = {
        name: {"compose": "shop", "secrets": secrets, "variables": {"SITE": f"{name}.example.org"}} for name in ("shop", "blog")
    }
    project.base({"services/api/environment": list(NAMES), "x-slipway/domains/site/name": "${SITE:?}"}, {"stacks": stacks})
    asking = Asking(b"value\n")
    asked = ask(project.load(), ["shop", "blog"], None, asking)
    assert asking.asked == [PASS]
    assert [(one.stack, one.name, one.source, one.value) for one in asked] == [
        (stack, name, "pass", "value") for stack in ("shop", "blog") for name in NAMES
    ]
    assert "value" not in repr(asked).replace("value=", "")


def test_all_that_is_missing_is_named_at_its_line(environment: Environment) -> None:
    found = faults(environment, {"shop": {"FROM_VALUT": "hunter2"}}, b"\n")
    assert "inventory/test/group_vars/all/stacks.yml:5: stacks.shop.secrets.FROM_VAULT: is missing in vault.yml" in found
    assert "did you mean `FROM_VALUT`?" in found
    assert "inventory/test/group_vars/all/stacks.yml:6: stacks.shop.secrets.FROM_COMMAND: is empty; give it a value" in found
    assert found.endswith("2 faults; nothing that needs them was changed")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (12345, "is no text; write its value in quotes"),
        (None, "is no text"),
        ({"hunter2": "x"}, "is no text"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("hunter2\0", "holds a zero byte"),
        ("hunter2\ud800", "is not Unicode text"),
        ("hunter2" * 10_000, "is larger than 64 KiB"),
        (Sealed("cannot be opened", "name a password file"), "cannot be opened; name a password file"),
    ],
)
def test_a_value_that_cannot_serve_is_named(environment: Environment, value: object, says: str) -> None:
    found = faults(environment, {"shop": {"FROM_VAULT": value}})
    assert f"stacks.shop.secrets.FROM_VAULT: {says}" in found
    assert "12345" not in found


@pytest.mark.parametrize("vault", [None, {}, "hunter2", {"shop": "hunter2"}, {"blog": {"FROM_VAULT": "hunter2"}}])
def test_a_vault_without_the_stack_is_named(environment: Environment, vault: object) -> None:
    assert "vault.yml holds nothing for stack `shop`; `ansible-vault edit` it: vault: {shop: {FROM_VAULT: …}}" in faults(
        environment, vault
    )


def test_a_vault_that_no_password_opens_is_named_for_each_secret_of_it(environment: Environment) -> None:
    found = faults(environment, Sealed("cannot be opened", "name a password file"))
    assert "secrets.FROM_VAULT: cannot be opened; name a password file" in found
    assert "1 fault;" in found


def test_what_is_wrong_with_a_command_stands_at_each_secret_it_should_give(environment: Environment) -> None:
    found = faults(environment, {"shop": {"FROM_VAULT": "x"}}, HostError("`pass` ended with 7", "run the command by hand"))
    assert "stacks.shop.secrets.FROM_COMMAND: `pass` ended with 7; run the command by hand" in found


def test_an_output_that_is_no_text_is_named(environment: Environment) -> None:
    assert "is not UTF-8 text; encode it" in faults(environment, {"shop": {"FROM_VAULT": "x"}}, b"hunter2\xff")


def test_a_stack_without_secrets_asks_nobody(project: Project) -> None:
    project.base({}, {})
    asking = Asking(b"")
    environment = project.load()
    assert secret_values(environment, "shop", None, asking) == {}
    assert asking.asked == []
    assert missing(ask(environment, environment.stacks, None, asking)) == []
