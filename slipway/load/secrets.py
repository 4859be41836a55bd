"""Values of secrets, fetched on the controller when they are needed. Never shown, never kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..environment import Environment, SecretCommand
from ..errors import Fault, HostError, StackError
from .faults import nearest

Run = Callable[[Sequence[str]], str]


def secret_values(environment: Environment, stack: str, vault: Mapping[str, Any], run: Run) -> dict[str, str]:
    """Return the values of a stack's secrets by name.

    `vault` is the decrypted content of vault.yml's `vault:`, `run` gives the output of a command on the controller. Raises
    StackError for every secret that is missing or empty at once.
    """
    faults: list[Fault] = []
    values: dict[str, str] = {}
    for name, source in environment.secret_sources[stack].items():
        try:
            values[name] = _checked(
                _from_command(source, run) if isinstance(source, SecretCommand) else _from_vault(vault, stack, name)
            )
        except _Missing as missing:
            file, line = environment.secret_places.get(stack, {}).get(name, (environment.name, 1))
            faults.append(Fault(file, line, f"stacks.{stack}.secrets.{name}", missing.message, missing.hint))
    if faults:
        raise StackError(faults)
    return values


class _Missing(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def _from_vault(vault: Mapping[str, Any], stack: str, name: str) -> object:
    entries = vault.get(stack)
    if not isinstance(entries, Mapping):
        raise _Missing(
            f"vault.yml holds nothing for stack `{stack}`", f"`ansible-vault edit` it: vault: {{{stack}: {{{name}: …}}}}"
        )
    if name not in entries:
        near = nearest(name, map(str, entries))
        raise _Missing("is missing in vault.yml", near or f"`ansible-vault edit` it: vault: {{{stack}: {{{name}: …}}}}")
    return entries[name]


def _from_command(source: SecretCommand, run: Run) -> object:
    program = source.command[0]
    try:
        return run(source.command).removesuffix("\n")
    except OSError as error:
        raise _Missing(
            f"`{program}` cannot be run: {error.strerror or 'unknown cause'}", "install it, or mend the path"
        ) from None
    except HostError as error:
        code = getattr(error, "code", 1)
        raise _Missing(f"`{program}` ended with {code}", "run the command by hand to see why") from None


def _checked(value: object) -> str:
    if not isinstance(value, str):
        raise _Missing("is no text", "write its value in quotes")
    if not value:
        raise _Missing("is empty", "give it a value")
    if "\0" in value:
        raise _Missing("holds a zero byte, which no process environment can", "encode it, for instance as base64")
    return str(value)
