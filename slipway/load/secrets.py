"""Values of secrets, asked for on the controller when they are needed. Pure: whoever calls runs the commands.

No value is shown, kept, or part of a fault.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..environment import Environment, SecretCommand, SecretSource
from ..errors import Fault, SlipwayError, StackError
from .faults import nearest

LARGEST = 64 * 1024
VAULT = "vault"

Argv = tuple[str, ...]
Answers = Mapping[Argv, bytes | SlipwayError]
AskAll = Callable[[Iterable[Argv]], Answers]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value of the vault that no password at hand opens; `why` and `next_step` say what to do."""

    why: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a secret: its value, or the fault that says why there is none."""

    stack: str
    name: str
    source: str
    value: str = field(default="", repr=False)
    fault: Fault | None = None


class SecretsMissing(StackError):
    """Secrets have no value; what needs them was left as it is."""

    untouched = "nothing that needs them was changed"


def secret_values(environment: Environment, stack: str, vault: object, ask_all: AskAll) -> dict[str, str]:
    """Return the values of a stack's secrets by name; raise SecretsMissing for all that have none."""
    asked = ask(environment, [stack], vault, ask_all)
    if faults := missing(asked):
        raise SecretsMissing(faults)
    return {one.name: one.value for one in asked}


def ask(environment: Environment, stacks: Iterable[str], vault: object, ask_all: AskAll) -> list[Asked]:
    """Return what became of each secret of these stacks.

    `vault` is the decrypted content of vault.yml's `vault:`, or Sealed; `ask_all` runs each distinct command once.
    """
    wanted = [(stack, name, source) for stack in stacks for name, source in environment.secret_sources[stack].items()]
    answers = ask_all(dict.fromkeys(source.command for _, _, source in wanted if isinstance(source, SecretCommand)))
    return [_asked(environment, stack, name, source, vault, answers) for stack, name, source in wanted]


def missing(asked: Iterable[Asked]) -> list[Fault]:
    """Return the faults of the secrets that have no value."""
    return [one.fault for one in asked if one.fault]


def _asked(environment: Environment, stack: str, name: str, source: SecretSource, vault: object, answers: Answers) -> Asked:
    shown = source.command[0] if isinstance(source, SecretCommand) else VAULT
    try:
        value = _of_command(answers[source.command]) if isinstance(source, SecretCommand) else _of_vault(vault, stack, name)
        return Asked(stack, name, shown, _checked(value))
    except _Missing as missing:
        file, line = environment.secret_places.get(stack, {}).get(name, (environment.name, 1))
        fault = Fault(file, line, f"stacks.{stack}.secrets.{name}", missing.message, missing.hint)
        return Asked(stack, name, shown, fault=fault)


class _Missing(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def _of_vault(vault: object, stack: str, name: str) -> object:
    if isinstance(vault, Sealed):
        return vault
    write = f"`ansible-vault edit` it: vault: {{{stack}: {{{name}: …}}}}"
    entries: Any = vault.get(stack) if isinstance(vault, Mapping) else None
    if not isinstance(entries, Mapping):
        raise _Missing(f"vault.yml holds nothing for stack `{stack}`", write)
    if name not in entries:
        raise _Missing("is missing in vault.yml", nearest(name, map(str, entries)) or write)
    return entries[name]


def _of_command(answer: bytes | SlipwayError) -> str:
    if isinstance(answer, SlipwayError):
        raise _Missing(answer.cause, answer.next_step)
    try:
        return answer.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise _Missing("is not UTF-8 text", "encode it, for instance as base64") from None


def _checked(value: object) -> str:
    if isinstance(value, Sealed):
        raise _Missing(value.why, value.next_step)
    if not isinstance(value, str):
        raise _Missing("is no text", "write its value in quotes")
    if not value.strip():
        raise _Missing("is empty", "give it a value")
    if "\0" in value:
        raise _Missing("holds a zero byte, which no process environment can", "encode it, for instance as base64")
    if len(value.encode("utf-8", "replace")) > LARGEST:
        raise _Missing(f"is larger than {LARGEST // 1024} KiB", "a secret is a key or a password, not a file of data")
    return _plain(value)


def _plain(value: str) -> str:
    """Return the text without the marks Ansible puts on it; half a character pair cannot be written anywhere."""
    try:
        return value.encode("utf-8").decode("utf-8")
    except UnicodeEncodeError:
        raise _Missing("is not Unicode text", "encode it, for instance as base64") from None
