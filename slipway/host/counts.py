"""How many replicas of a release run here: as many as the stack file starts, or as people chose since, within its bounds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import HostError
from ..model import Stack
from ..placement import Placed
from ..plan import counts as plan
from . import choices, clock
from .choices import By, Choices
from .layout import StackFolder
from .machine import Work
from .records import Release


def placed(folder: StackFolder, release: Release) -> Placed:
    """Return a release as it runs on this host."""
    return Placed(plan.chosen(release.stack, chosen(folder)), release.placement)


def chosen(folder: StackFolder) -> Mapping[str, int]:
    """Return what was chosen; a file that cannot be read keeps no release from coming back, a deploy and `scale` tell it."""
    try:
        return choices.read(folder).counts
    except HostError:
        return {}


def choose(work: Work, choice: Mapping[str, Any]) -> None:
    """Keep these counts instead of those there were."""
    by = By(str(choice["who"]), clock.now(), str(choice["why"]))

    def made(old: Choices) -> Choices:
        asked = {name: by for name in choice["asked"]}
        return replace(old, counts=dict(choice["counts"]), counted_by={**old.counted_by, **asked})

    choices.change(work.folder, f"the counts of {work.folder.name}", made)
    work.note({"event": "scaled", "counts": dict(choice["asked"]), "who": by.who, "why": by.why})


def told(folder: StackFolder, stack: Stack) -> list[str]:
    """Return a sentence for each choice of a count, as it would be for a stack."""
    try:
        made = choices.read(folder)
    except HostError as error:
        return [str(error)]
    sentences = plan.told(stack, made.counts)
    return [f"{sentence}; chosen {_by(made.counted_by.get(name))}" for name, sentence in sentences.items()]


def _by(by: By | None) -> str:
    if by is None:
        return "by nobody who was written down"
    return f"by {by.who} at {by.at[:16]}Z{f': {by.why}' if by.why else ''}"
