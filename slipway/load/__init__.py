"""Read an environment: `inventory/<env>` and the stack files it names, as typed values or as all their faults at once.

Reads files and nothing else: no `.env`, no `compose.override.yml`, no process environment, no Ansible.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path as File

from ..environment import Environment, Pin
from ..errors import StackError
from . import bounds, crosschecks, refusals, secrecy, whole
from .faults import Faults
from .force import waiting, waiting_words
from .inventory import Inventory, read_inventory
from .nodes import Document, read_document
from .rule import note_all
from .service import X, deepest
from .stack import Order, StackDraft, read_stack

__all__ = ["load_environment"]


def load_environment(inventory: File, compose: File) -> Environment:
    """Return the environment of an inventory folder, its stack files taken from `compose/<folder>/compose.yml`.

    Raises StackError with every fault of every stack and of the inventory.
    """
    folder = inventory if inventory.is_dir() or not inventory.suffix else inventory.parent
    faults = Faults()
    read = read_inventory(folder, shown(folder), faults)
    environment = Environment(name=folder.name, **read.fields)
    whole.judge_inventory(environment, read, compose, faults)
    bounds.judge(environment, read.root, (), faults)
    drafts = list(_drafts(environment, read, compose, faults))
    whole.judge_use(read, drafts, environment, faults)
    whole.judge_domains(drafts, faults)
    if faults.found:
        raise StackError(faults.found)
    return Environment(
        name=folder.name,
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
        draft = read_stack(Order(name, instance, pin, environment.production, document.root, file.parent, node), faults)
        _judge(draft, faults)
        yield draft


def _secret_places(inventory: Inventory) -> dict[str, dict[str, tuple[str, int]]]:
    stacks = inventory.root.mapping.get("stacks")
    return {
        stack: {name: (secret.file, secret.line) for name, secret in deepest(node, ("secrets",)).mapping.items()}
        for stack, node in (stacks.mapping if stacks else {}).items()
    }


def _note_empty(document: Document, faults: Faults) -> None:
    if not document.faults:
        faults.add(whole.empty_root(document.file), (), "is empty", "write `services:`")


def _judge(draft: StackDraft, faults: Faults) -> None:
    for service in draft.services.values():
        for rule in (*refusals.RULES, *secrecy.RULES):
            note_all(rule(service), faults)
        bounds.judge(service.service, draft.root, (*service.path, X), faults)
    for stack_rule in crosschecks.RULES:
        note_all(stack_rule(draft), faults)
    bounds.judge(draft.stack, draft.root, (X,), faults)
