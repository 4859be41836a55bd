"""Write down what serves: the pin of a stack in its inventory, taken from the host's own record of the release."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import pins
from ..codec import to_json
from ..environment import Pin
from ..errors import HostError, SlipwayError, StackError
from ..load import survey_environment
from ..load.versions import tag_variables, version_variables
from ..model import Stack
from . import pins_file, releasing
from .hosts import Host
from .releasing import ENGINE, Doors, Outcome, Place, shown
from .silence import told

Row = Mapping[str, Any]
SHOWN = 19  # `sha256:` and twelve digits tell two images apart


class HostsDiffer(SlipwayError):
    """Hosts of one environment serve different things; no pin can say that."""

    exit_code = 3


def keep(where: Place, outcome: Outcome, chosen: Collection[str], doors: Doors) -> Outcome:
    """Write the pin of what serves, where all hosts serve what was wanted."""
    if not outcome.serves:
        return outcome
    row = serving(where.hosts[0], outcome.stack, doors)
    return outcome.pinned(write(where, outcome.stack, row, chosen), where.root)


def take_over(where: Place, stack: str, doors: Doors) -> tuple[Row, Path | None]:
    """Write the pin of what serves on all hosts; return the release, and the file where it changed."""
    releasing.known(stack, survey_environment(where.inventory, where.compose).environment)
    rows = {host.name: serving(host, stack, doors) for host in where.hosts}
    first = next(iter(rows.values()))
    if others := [name for name, row in rows.items() if _words(row) != _words(first)]:
        cause = f"{', '.join(others)} and {where.hosts[0].name} serve {stack} with different words"
        raise HostsDiffer(cause, f"choose one with --host, or deploy: fab deploy {stack}")
    return first, write(where, stack, first, [])


def _words(row: Row) -> tuple[Any, Any]:
    return row["variables"], row["images"]


def serving(host: Host, stack: str, doors: Doors) -> Row:
    """Return a host's record of the release that serves."""
    found = next((row for row in rows(host, stack, doors) if row["state"] == "serving"), None)
    if found is None:
        raise HostError(f"nothing of {stack} serves on {host.name}", f"fab deploy {stack}")
    return found


def rows(host: Host, stack: str, doors: Doors) -> list[Row]:
    """Return all releases that a host knows of, the newest first."""
    found = asked(host, ["releases", stack], doors)
    return list(found)


def asked(host: Host, command: Sequence[str], doors: Doors) -> Any:
    """Return what a host's command answers as JSON; raise with its cause where it fails."""
    answer = doors.ask(host, [*ENGINE, *command])
    if answer.code:
        told(host, answer)
    return json.loads(answer.output.strip().splitlines()[-1])


def write(where: Place, stack: str, row: Row, chosen: Collection[str]) -> Path | None:
    """Write the pin of a release; return the file where it changed."""
    return pins_file.write(where.inventory, stack, pin_of(where, stack, row, chosen))


def pin_of(where: Place, stack: str, row: Row, chosen: Collection[str]) -> Pin:
    """Return the pin of a release, as far as the stack file still asks for what it says."""
    loaded = survey_environment(where.inventory, where.compose)
    draft = loaded.drafts.get(stack)
    if draft is None:
        raise StackError(loaded.faults)
    instance, names = loaded.environment.instances[stack], {*version_variables(draft), *chosen}
    variables = pins.variables_of(row["variables"], instance, draft.used, names)
    drafts = survey_environment(where.inventory, where.compose, {stack: Pin(variables)}).drafts
    images = {name: (str(image), str(digest)) for name, (image, digest) in row["images"].items()}
    return Pin(variables, pins.images_of(images, drafts[stack].stack, tag_variables(draft), variables))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a pin: the release it says, the images whose digest moved, and the file where it changed."""

    stack: str
    release: int
    moved: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    file: str = ""


def refresh(where: Place, stack: str, doors: Doors) -> Taken:
    """Ask the registries anew which digests the pinned images have, and pin those; deploys nothing."""
    release, _ = take_over(where, stack, doors)
    loaded = survey_environment(where.inventory, where.compose)
    pin, wanted = loaded.environment.pins[stack], loaded.drafts[stack].stack
    found = _resolved(where.hosts[0], wanted, doors)
    images = {name: found.get(wanted.services[name].image) or digest for name, digest in pin.images.items()}
    moved = {wanted.services[name].image: (old, images[name]) for name, old in pin.images.items() if images[name] != old}
    file = pins_file.write(where.inventory, stack, Pin(pin.variables, images))
    return Taken(stack, int(release["number"]), moved, shown(file, where.root))


def _resolved(host: Host, stack: Stack, doors: Doors) -> dict[str, str]:
    answer = doors.converse(host, [*ENGINE, "resolve", stack.name], json.dumps({"stack": to_json(stack)}).encode(), doors.say)
    if answer.code:
        told(host, answer)
    found: dict[str, str] = json.loads(answer.output.strip().splitlines()[-1])
    return found


def pin(where: Place, stack: str, doors: Doors) -> Taken:
    """Pin what serves."""
    release, file = take_over(where, stack, doors)
    return Taken(stack, int(release["number"]), file=shown(file, where.root))


def as_text(taken: Taken) -> str:
    """Return what became of a pin for people."""
    lines = [f"{image} moved: {old[:SHOWN]} -> {new[:SHOWN]}" for image, (old, new) in taken.moved.items()]
    lines += [f"next: fab deploy {taken.stack}"] if taken.moved else []
    said = f"release {taken.release} of {taken.stack} is pinned"
    return "\n".join([f"{said} in {taken.file}: commit it" if taken.file else f"{said} already", *lines])
