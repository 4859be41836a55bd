"""What must hold over all stacks of an environment, and between the inventory and the stack files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File

from ..environment import Environment
from .faults import Faults, Path, is_secret_name, listed, nearest, short
from .inventory import Inventory
from .nodes import Node
from .secrecy import HARMLESS
from .service import X, deepest
from .stack import StackDraft

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
RELEASE = re.compile(r".*-r[0-9]+")
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

SERVERS = ("letsencrypt", "letsencrypt-staging")

Found = tuple[Path, str, str]


def judge_inventory(environment: Environment, inventory: Inventory, compose: File, faults: Faults) -> None:
    """Note what the inventory says wrongly about its stacks."""
    for found in (
        _stack_names(environment, compose),
        _names(environment),
        _sources(environment, inventory),
        _pins(environment),
        _acme(environment),
    ):
        for path, message, hint in found:
            faults.add(deepest(inventory.root, path), path, message, hint)


def _stack_names(environment: Environment, compose: File) -> Iterator[Found]:
    for name, instance in environment.instances.items():
        path: Path = ("stacks", name)
        if NAME.fullmatch(name) is None:
            yield (
                path,
                f"`{short(name)}` is no name for a stack",
                "a small letter, then small letters, digits and `-`, at most 40",
            )
        elif RELEASE.fullmatch(name):
            yield path, f"`{name}` ends like a release", "choose a name that does not end in `-r` and digits"
        if FOLDER.fullmatch(instance.compose) is None:
            yield (
                (*path, "compose"),
                f"`{short(instance.compose)}` is no folder under `{compose.name}/`",
                "write its name, without slashes",
            )
        elif not (compose / instance.compose / "compose.yml").is_file():
            folders = sorted(file.parent.name for file in compose.glob("*/compose.yml"))
            hint = nearest(instance.compose, folders) or f"folders with a stack file: {listed(folders)}"
            yield (*path, "compose"), f"no `{compose.name}/{short(instance.compose)}/compose.yml`", hint


def _names(environment: Environment) -> Iterator[Found]:
    for stack, instance in environment.instances.items():
        for group in ("variables", "secrets"):
            for name in getattr(instance, group):
                if VARIABLE.fullmatch(name) is None:
                    yield ("stacks", stack, group, name), f"`{short(name)}` is no name for a variable", "letters, digits and `_`"
        for name in sorted(set(instance.variables) & set(instance.secrets)):
            yield ("stacks", stack, "variables", name), f"`{name}` is a secret too", "keep it under `secrets`"
        for name, value in instance.variables.items():
            if is_secret_name(name) and not HARMLESS.fullmatch(value) and name not in instance.secrets:
                hint = f"move it: `secrets: {{{name}: vault}}`, its value into vault.yml"
                yield ("stacks", stack, "variables", name), "a secret in plain text", hint


def _sources(environment: Environment, inventory: Inventory) -> Iterator[Found]:
    for stack, instance in environment.instances.items():
        for name, source in instance.secrets.items():
            if source == "vault" and not inventory.has_vault:
                hint = f"`ansible-vault create` it with `vault: {{{stack}: {{{name}: …}}}}`"
                yield ("stacks", stack, "secrets", name), "no vault.yml beside this file", hint
            elif source != "vault" and not source.command:
                yield ("stacks", stack, "secrets", name), "an empty command", "write {command: [program, argument]}"


def _pins(environment: Environment) -> Iterator[Found]:
    for stack, pin in environment.pins.items():
        if stack not in environment.instances:
            yield ("releases", stack), f"no stack `{short(stack)}`", nearest(stack, environment.instances)
        for service, digest in pin.images.items():
            if DIGEST.fullmatch(digest) is None:
                yield ("releases", stack, "images", service), "is no digest", "write `sha256:` and 64 digits; `fab pin` does it"


def _acme(environment: Environment) -> Iterator[Found]:
    server = environment.acme.server
    if server not in SERVERS and not server.startswith("https://"):
        yield (
            ("acme", "server"),
            f"`{short(server)}` is no server",
            nearest(server, SERVERS) or "write `letsencrypt` or an https:// URL",
        )
    elif environment.production and "staging" in server:
        yield ("acme", "server"), "test certificates where `production: true`", "write `letsencrypt`"


def judge_use(inventory: Inventory, drafts: Sequence[StackDraft], environment: Environment, faults: Faults) -> None:
    """Note what the inventory gives and no stack file takes."""
    for draft in drafts:
        name = draft.stack.name
        given = environment.instances[name]
        pin = environment.pins.get(name)
        logins = {login.secret for login in environment.docker.registries.values()}
        taken = draft.used | logins
        for group, words in (("variables", given.variables), ("secrets", given.secrets)):
            _unused(inventory, ("stacks", name, group), words, taken, faults)
        if pin:
            _unused(inventory, ("releases", name, "variables"), pin.variables, taken, faults)
            _unused(inventory, ("releases", name, "images"), pin.images, frozenset(draft.services), faults)


def _unused(
    inventory: Inventory, path: Path, words: Mapping[str, object], taken: frozenset[str] | set[str], faults: Faults
) -> None:
    for word in words:
        if word not in taken:
            missing = sorted(taken - set(words) - {""})
            node = deepest(inventory.root, (*path, word))
            faults.add(
                node, (*path, word), f"`{short(word)}` is used nowhere in the stack", nearest(word, missing) or "remove it"
            )


def judge_domains(drafts: Sequence[StackDraft], faults: Faults) -> None:
    """Note domain names that two stacks claim."""
    owners: dict[str, str] = {}
    for draft in drafts:
        for key, domain in draft.stack.domains.items():
            for name in (domain.name, *domain.redirect_from):
                owner = owners.setdefault(name, draft.stack.name)
                if owner != draft.stack.name:
                    node, path = draft.at(X, "domains", key, "name")
                    message = f"`{short(name)}` of stack `{draft.stack.name}` belongs to stack `{owner}` already"
                    faults.add(node, path, message, "give one of them another name")


def empty_root(file: str) -> Node:
    """Return what an unreadable file holds."""
    return Node({}, file, 1, 1)
