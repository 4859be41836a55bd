"""Put the fence in force: what the containers of each stack may open outside, kept beside its records and for the next boot."""

import json
from collections.abc import Mapping, Sequence

from ..placement import Placed
from ..render import egress
from . import files, lock, records, switch
from .layout import Layout, StackFolder
from .machine import Work
from .runner import Runner

LOCK_SECONDS = 30


def follow(work: Work) -> None:
    """Have the fence follow the stack's serving record."""
    keep(work.folder, egress.fences(_placed(work)))
    put_in_force(work.machine.layout, work.machine.runner)


def _placed(work: Work) -> list[Placed]:
    """Return the releases that may have containers, the one that serves first."""
    made = [records.release(work.folder, number) for number in work.serving().present if number in records.releases(work.folder)]
    return [Placed(release.stack, release.placement) for release in made]


def keep(folder: StackFolder, fences: Mapping[str, Sequence[int]]) -> None:
    """Keep what a stack's networks may open."""
    files.write(folder.path / "egress.json", json.dumps(fences, indent=1) + "\n", 0o640)


def kept(folder: StackFolder) -> dict[str, list[int]]:
    """Return what a stack's networks may open."""
    path = folder.path / "egress.json"
    found: dict[str, list[int]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def put_in_force(layout: Layout, runner: Runner) -> None:
    """Load the fence of all stacks, one writer at a time; at boot the firewall's unit loads it before Docker starts."""
    with lock.held(layout.state / "egress.lock", "the fence", LOCK_SECONDS, lambda _: None):
        text = egress.rules({subnet: ports for folder in layout.stacks() for subnet, ports in kept(folder).items()})
        files.write(layout.state / "egress.nft", text, 0o640)
        switch.load(runner, text, "the fence")
