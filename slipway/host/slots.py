"""Where each stack's slots lead, kept beside its records; the map in force is made of all of them."""

import json
from collections.abc import Mapping
from typing import Any

from ..render import switch as map_of_slots
from . import files, lock, switch
from .layout import Layout, StackFolder
from .runner import Runner

LOCK_SECONDS = 30
FILE, SHARE = "switch.json", "canary-switch.json"


def keep(folder: StackFolder, targets: Mapping[str, Any]) -> None:
    """Keep where a stack's slots lead."""
    files.write(folder.path / FILE, _text(targets), 0o640)


def keep_share(folder: StackFolder, targets: Mapping[str, Any]) -> None:
    """Keep where the slots of a stack's canary lead, or forget them where there are none."""
    if targets:
        files.write(folder.path / SHARE, _text(targets), 0o640)
    else:
        files.remove(folder.path / SHARE)


def kept(folder: StackFolder) -> dict[str, Any]:
    """Return where a stack's slots lead."""
    return _read(folder, FILE)


def kept_share(folder: StackFolder) -> dict[str, Any]:
    """Return where the slots of a stack's canary lead."""
    return _read(folder, SHARE)


def _text(targets: Mapping[str, Any]) -> str:
    return json.dumps(targets, indent=1, sort_keys=True) + "\n"


def _read(folder: StackFolder, file: str) -> dict[str, Any]:
    path = folder.path / file
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def put_in_force(layout: Layout, runner: Runner) -> None:
    """Load the map of all stacks, one writer at a time: another stack may be switching as well."""
    with lock.held(layout.state / "switch.lock", "the switch", LOCK_SECONDS, lambda _: None):
        targets = {slot: to for folder in layout.stacks() for slot, to in {**kept_share(folder), **kept(folder)}.items()}
        text = map_of_slots.rules(map_of_slots.from_arguments(targets))
        files.write(layout.state / "switch.nft", text, 0o640)  # whoever compares the kernel with it reads this
        switch.ensure_address(runner)
        switch.load(runner, text)
