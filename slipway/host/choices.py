"""What people chose for a stack while it runs: counts of replicas, maintenance. No release holds it, and no release ends it.

It is kept beside the records, so that deploys, returns and boots find it. Whoever changes it puts it in force afterwards; a
resume does the same for one who was killed in between.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..codec import from_json, to_json
from ..errors import HostError
from . import files, lock
from .layout import StackFolder

FILE = "choices.json"
SCHEMA = 1
LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Visitors see a page instead of the stack; `bypass` is the word that lets the team through."""

    at: str
    who: str
    bypass: str
    why: str = ""
    retry_seconds: int = 600


@dataclass(frozen=True, slots=True)
class By:
    """Who chose something, when and why."""

    who: str
    at: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen: replicas by service, where they are not as many as the stack file starts, and maintenance.

    `counted_by` says who last chose the count of a service, also of one that has its least again.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    maintenance: Maintenance | None = None
    counted_by: Mapping[str, By] = field(default_factory=dict)
    schema: int = SCHEMA


def read(folder: StackFolder) -> Choices:
    """Return what was chosen; nothing was where nobody wrote it down."""
    path = folder.path / FILE
    if not path.is_file():
        return Choices()
    try:
        found = from_json(Choices, json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise HostError(f"{path} cannot be read: {error}", "remove it: what was chosen is chosen anew by its verb") from error
    if found.schema != SCHEMA:
        raise HostError(
            f"{path} is of schema {found.schema}, this engine reads {SCHEMA}", "run site.yml, which brings the engine"
        )
    return found


def change(folder: StackFolder, owner: str, made: Callable[[Choices], Choices]) -> Choices:
    """Replace what was chosen by what is made of it, one writer at a time; return that."""
    with lock.held(folder.path / "choices.lock", owner, LOCK_SECONDS, lambda _: None):
        chosen = made(read(folder))
        files.write(folder.path / FILE, json.dumps(to_json(chosen) | {"schema": SCHEMA}, indent=1, sort_keys=True) + "\n", 0o600)
    return chosen
