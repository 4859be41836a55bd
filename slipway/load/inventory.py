"""The inventory's words, read from `inventory/<env>/group_vars/all/*.yml` as plain YAML, each word with its own file and line.

Ansible's own variables (`ansible_…`) are left to Ansible. `vault.yml` is only seen, never read.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path as File
from typing import Any

from ..environment import Environment, Pin
from .faults import Faults, Path, short
from .nodes import Document, Node, parse, read_document
from .scalars import Scalar
from .schema import FAULTY, Reader

VAULT = "vault.yml"
ENCRYPTED = "$ANSIBLE_VAULT;"
CHOSEN = "(command line)"  # where a fault lies in what was chosen there and not written down yet
SCALAR_TAGS = ("", "date", "!unsafe")


@dataclass(slots=True)
class Inventory:
    """The words of an environment as nodes, and what was read from them."""

    name: str
    folder: File
    root: Node
    has_vault: bool
    fields: dict[str, Any] = field(default_factory=dict)

    def words(self, *parts: str) -> dict[str, Node]:
        """Return the entries of the mapping that a path leads to; none where it leads nowhere."""
        node: Node | None = self.root
        for part in parts:
            node = node.mapping.get(part) if node else None
        return node.mapping if node else {}


def read_inventory(folder: File, shown: str, faults: Faults, pins: Mapping[str, Pin] | None = None) -> Inventory:
    """Read an environment's folder; every fault is noted. `pins` go in place of those that are written."""
    home = folder / "group_vars" / "all"
    root = Node({}, f"{shown}/group_vars/all/stacks.yml", 1, 1)
    if not home.is_dir():
        faults.add(Node(None, shown, 1, 1), (), "holds no `group_vars/all/`", "write `group_vars/all/stacks.yml` there")
    files = sorted(path for path in home.glob("*") if path.suffix in (".yml", ".yaml")) if home.is_dir() else []
    for path in files:
        name = f"{shown}/group_vars/all/{path.name}"
        if path.name == VAULT:
            _see_vault(path, name, faults)
        else:
            _gather(read_document(path, name), root, faults)
    _put_pins(root, pins or {})
    inventory = Inventory(folder.name, folder, root, (home / VAULT).exists())
    reader = Reader(faults, _Plain(faults).resolve)
    inventory.fields = reader.fields(Environment, root, ())
    return inventory


def _see_vault(path: File, name: str, faults: Faults) -> None:
    document = read_document(path, name)
    if document.root is not None and document.root.raw.startswith(ENCRYPTED):
        return
    faults.found += document.faults
    bare = next(_unlocked(document.root, ()), None) if document.root else None
    if bare is not None:
        faults.add(bare[0], bare[1], "a secret in plain text", f"run `ansible-vault encrypt {name}`")


def _unlocked(node: Node, path: Path) -> Any:
    if isinstance(node.value, (dict, list)):
        entries = node.mapping.items() if node.mapping else enumerate(node.items)
        for key, item in entries:
            yield from _unlocked(item, (*path, key))
    elif node.tag != "!vault" and not node.is_null:
        yield node, path


def _gather(document: Document, root: Node, faults: Faults) -> None:
    """Put a file's words beside those of the others; a word has one place."""
    faults.found += document.faults
    found = document.root
    if found is None or found.is_null:
        return
    if not isinstance(found.value, dict):
        faults.add(found, (), f"{found.kind} where a mapping is wanted", "write `stacks:` and its friends")
    for key, node in found.mapping.items():
        if key.startswith("ansible_"):
            continue
        if key in root.mapping:
            first = root.mapping[key]
            faults.add(node, (key,), "written in two files", f"first in {first.file}:{first.line}; keep one")
        else:
            root.mapping[key] = node


def _put_pins(root: Node, pins: Mapping[str, Pin]) -> None:
    text = json.dumps({"releases": {stack: asdict(pin) for stack, pin in pins.items()}}, default=dict)
    chosen = parse(text.encode(), CHOSEN).root
    if not pins or chosen is None:
        return
    written = root.mapping.get("releases")
    if written is None or not isinstance(written.value, dict):
        root.mapping["releases"] = chosen.mapping["releases"]
    else:
        written.mapping.update(chosen.mapping["releases"].mapping)


@dataclass(frozen=True, slots=True)
class _Plain:
    """Gives scalars as written; Jinja and unknown tags are faults."""

    faults: Faults

    def resolve(self, node: Node, path: Path) -> Scalar | object:
        if isinstance(node.value, (dict, list)):
            return FAULTY
        if node.tag not in SCALAR_TAGS:
            self.faults.add(node, path, f"tag `{short(node.tag)}` in a word that is no secret", "write the value")
            return FAULTY
        if isinstance(node.value, str) and "{{" in node.value:
            self.faults.add(
                node, path, "Jinja in a word that Slipway reads", "write the value; `{{` is for Ansible's own variables"
            )
            return FAULTY
        return node.value
