"""Read an environment: `inventory/<env>` and the stack files it names, as typed values or as all their faults at once.

Reads files and nothing else: no `.env`, no `compose.override.yml`, no process environment, no Ansible.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path as File

from ..environment import Environment, Instance, Pin, SecretSource
from ..errors import Fault, StackError
from . import (
    at_hand,
    bounds,
    crosschecks,
    edge_checks,
    own_words,
    refusals,
    secrecy,
    store_checks,
    surroundings,
    watch_checks,
    whole,
)
from .faults import Faults, Origin
from .force import waiting, waiting_words
from .hosts import Hosts, read_hosts
from .inventory import Inventory, read_inventory
from .nodes import Document, read_document
from .rule import Whole, note_all
from .service import X
from .stack import Order, StackDraft, read_stack

SERVICE_RULES = (*refusals.RULES, *secrecy.RULES, *own_words.RULES)
STACK_RULES = (*crosschecks.RULES, *edge_checks.RULES, *store_checks.RULES, *watch_checks.RULES)
WHOLE_RULES = (*whole.RULES, *surroundings.RULES)
MEMBER_RULES = whole.MEMBER_RULES

__all__ = [
    "MEMBER_RULES",
    "SERVICE_RULES",
    "STACK_RULES",
    "WHOLE_RULES",
    "Loaded",
    "load_environment",
    "load_for_hosts",
    "read_environment",
    "survey_environment",
]


@dataclass(frozen=True, slots=True)
class Loaded:
    """An environment with the nodes it was read from: `drafts` by stack, and the inventory's words.

    `faults` is empty where the environment may be used; else `environment` holds what could be read.
    """

    environment: Environment
    drafts: Mapping[str, StackDraft]
    inventory: Inventory
    hosts: Hosts
    faults: tuple[Fault, ...] = ()


def load_environment(inventory: File, compose: File) -> Environment:
    """Return the environment of an inventory folder, its stack files taken from `compose/<folder>/compose.yml`.

    Raises StackError with every fault of every stack and of the inventory.
    """
    return read_environment(inventory, compose).environment


def load_for_hosts(inventory: File, compose: File) -> Environment:
    """Return the environment for a run on its hosts, whose keys and certificates must lie on this controller.

    Raises StackError with every fault, those of the files last.
    """
    loaded = read_environment(inventory, compose)
    faults = Faults()
    whole_environment = Whole(loaded.environment, loaded.inventory, loaded.hosts, compose, loaded.drafts)
    for rule in at_hand.RULES:
        note_all(rule(whole_environment), faults)
    if faults.found:
        raise StackError(faults.shown)
    return loaded.environment


def read_environment(inventory: File, compose: File, pins: Mapping[str, Pin] | None = None) -> Loaded:
    """Return an environment and where each of its values was written; `pins` go in place of those that are written.

    Raises StackError with every fault of every stack and of the inventory.
    """
    loaded = survey_environment(inventory, compose, pins)
    if loaded.faults:
        raise StackError(loaded.faults)
    return loaded


def survey_environment(inventory: File, compose: File, pins: Mapping[str, Pin] | None = None) -> Loaded:
    """Return an environment as far as it can be read, and every fault of it; raises nothing."""
    folder = inventory if inventory.is_dir() or not inventory.suffix else inventory.parent
    faults = Faults()
    read = read_inventory(folder, shown(folder), faults, pins)
    hosts = read_hosts(folder, shown(folder), faults)
    environment = Environment(name=folder.name, **read.fields)
    bounds.judge(environment, read.root, (), faults)
    drafts = {draft.stack.name: draft for draft in _drafts(environment, read, compose, faults)}
    _judge_whole(Whole(environment, read, hosts, compose, drafts), faults)
    return Loaded(_filled(read, drafts.values()), drafts, read, hosts, faults.shown)


def _filled(read: Inventory, drafts: Collection[StackDraft]) -> Environment:
    return Environment(
        name=read.name,
        secret_places=_secret_places(read),
        stacks={draft.stack.name: draft.stack for draft in drafts},
        ignored=tuple(sorted({note for draft in drafts for note in draft.notes})),
        waiting=tuple(sorted({*chain.from_iterable(map(waiting, drafts)), *waiting_words(read.root)})),
        **read.fields,
    )


def shown(path: File) -> str:
    """Return a path as faults name it: from the current folder where it lies below."""
    absolute, here = path.resolve(), File.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def _drafts(environment: Environment, inventory: Inventory, compose: File, faults: Faults) -> Iterator[StackDraft]:
    documents: dict[str, Document] = {}
    for name, instance in environment.instances.items():
        file = compose / instance.compose / "compose.yml"
        if not file.is_file():
            continue
        if instance.compose not in documents:
            documents[instance.compose] = read_document(file, shown(file))
            faults.found += documents[instance.compose].faults
        document = documents[instance.compose]
        if document.root is None:
            _note_empty(document, faults)
            continue
        node = inventory.root.mapping["stacks"].mapping[name]
        pin = environment.pins.get(name, Pin())
        about = faults.about(_origins(inventory, name))
        meant = _as_meant(inventory, name, instance)
        draft = read_stack(Order(name, meant, pin, environment.production, document.root, file.parent, node), about)
        _judge(draft, about)
        yield draft


def _as_meant(inventory: Inventory, stack: str, instance: Instance) -> Instance:
    """Return the instance with what is written wrongly in it, so that one fault is told and not all that follow from it."""
    written = inventory.words("stacks", stack, "variables").items()
    variables = {name: node.raw for name, node in written if not isinstance(node.value, (dict, list))}
    secrets: dict[str, SecretSource] = dict.fromkeys(inventory.words("stacks", stack, "secrets"), "vault")
    return replace(instance, variables={**variables, **instance.variables}, secrets={**secrets, **instance.secrets})


def _origins(inventory: Inventory, stack: str) -> dict[str, Origin]:
    """Return where a stack's variables get their values; a pin goes before the stack's own."""
    groups = (inventory.words(word, stack, "variables") for word in ("stacks", "releases"))
    return {name: Origin(node.raw, node.file, node.line) for group in groups for name, node in group.items()}


def _secret_places(inventory: Inventory) -> dict[str, dict[str, tuple[str, int]]]:
    return {
        stack: {name: (secret.file, secret.line) for name, secret in inventory.words("stacks", stack, "secrets").items()}
        for stack in inventory.words("stacks")
    }


def _note_empty(document: Document, faults: Faults) -> None:
    if not document.faults:
        faults.add(whole.empty_root(document.file), (), "is empty", "write `services:`")


def _judge(draft: StackDraft, faults: Faults) -> None:
    for service in draft.services.values():
        for rule in SERVICE_RULES:
            note_all(rule(service), faults)
        bounds.judge(service.service, draft.root, (*service.path, X), faults)
    for stack_rule in STACK_RULES:
        note_all(stack_rule(draft), faults)
    bounds.judge(draft.stack, draft.root, (X,), faults)


def _judge_whole(whole_environment: Whole, faults: Faults) -> None:
    for rule in WHOLE_RULES:
        note_all(rule(whole_environment), faults)
    for name, draft in whole_environment.drafts.items():
        about = faults.about(_origins(whole_environment.inventory, name))
        for member_rule in MEMBER_RULES:
            note_all(member_rule(whole_environment, draft), about)
