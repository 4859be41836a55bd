"""Where each stack's slots lead, kept beside its records; the map in force is made of all of them."""

import json
from collections.abc import Mapping
from typing import Any

from ..render import switch as map_of_slots
from . import files, lock, switch
from .layout import Layout, StackFolder
from .runner import Runner

LOCK_SECONDS = 30


def keep(folder: StackFolder, targets: Mapping[str, Any]) -> None:
    """Keep where a stack's slots lead."""
    files.write(folder.path / "switch.json", json.dumps(targets, indent=1, sort_keys=True) + "\n", 0o640)


def kept(folder: StackFolder) -> dict[str, Any]:
    """Return where a stack's slots lead."""
    path = folder.path / "switch.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def put_in_force(layout: Layout, runner: Runner) -> None:
    """Load the map of all stacks, one writer at a time: another stack may be switching as well."""
    with lock.held(layout.state / "switch.lock", "the switch", LOCK_SECONDS, lambda _: None):
        targets = {slot: to for folder in layout.stacks() for slot, to in kept(folder).items()}
        text = map_of_slots.rules(map_of_slots.from_arguments(targets))
        files.write(layout.state / "switch.nft", text, 0o640)  # whoever compares the kernel with it reads this
        switch.ensure_address(runner)
        switch.load(runner, text)
