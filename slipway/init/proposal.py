"""A team's Compose file as a first stack: the texts to write, and every change with its reason. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import Fault, StackError
from ..load.nodes import Node, parse
from . import data as loose
from .data import data_of, plain
from .edits import apply
from .env_files import propose_env_files, propose_unset
from .health import propose_check, propose_health
from .inventory import inventory_texts, stack_words
from .jobs import (
    advise_on_command,
    propose_backup,
    propose_memory,
    propose_queue,
    propose_scheduler,
    propose_store,
    propose_task,
)
from .mounts import propose_mounts, propose_root_volumes
from .override import env_text, override_data, override_text
from .parts import Part, is_migration, parts
from .refused import (
    propose_configs,
    propose_image,
    propose_names,
    propose_networks,
    propose_secret_files,
    propose_small_words,
    propose_waits,
)
from .routes import propose_ports, propose_routes, propose_without_labels
from .secrecy import Keeper, propose_secrets
from .sketch import Sketch
from .team import Facts, Order, Surroundings, Team
from .variables import Names, settle

MOST_SERVICES = 100
WHY_MOVED: Mapping[Part, str] = {
    "edge": "Slipway's edge and engine do its work; kept for the laptop",
    "tool": "a tool of the laptop, kept there; route it on purpose if the host needs it",
    "asleep": "a profile that `docker compose up` does not start; kept for the laptop",
}


class NotReadable(StackError):
    """The team's file cannot be read."""

    untouched = "nothing was written"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What `init` would write, and why; paths of files are relative to the stack's and the environment's folder."""

    sketch: Sketch
    way: str
    text: str
    stack_files: Mapping[str, str]
    inventory_files: Mapping[str, str]
    stack_words: str
    names: Names
    parts: Mapping[str, Part]


def read_team(order: Order, file: str, text: bytes, values: Mapping[str, str], beside: Surroundings) -> Team:
    """Return a team's file; raise NotReadable with its faults where it cannot be read."""
    document = parse(text, file)
    if document.faults:
        raise NotReadable(document.faults)
    root = document.root or Node(None, file, 1, 1)
    data = plain(root)
    services = loose.mapping(data).get("services")
    if not isinstance(services, dict) or not services:
        raise NotReadable([Fault(file, root.line, "services", "no service", "a Compose file has `services:`")])
    if len(services) > MOST_SERVICES:
        raise NotReadable([Fault(file, root.line, "services", f"more than {MOST_SERVICES} services", "split the file")])
    odd = [name for name, service in services.items() if not isinstance(service, dict)]
    if odd:
        node = root.mapping["services"].mapping[odd[0]]
        raise NotReadable(
            [Fault(file, node.line, f"services.{odd[0]}", f"{node.kind} where a mapping is wanted", "write `image:`")]
        )
    lines = re.sub(r"\r\n?", "\n", text.decode("utf-8-sig"))
    return Team(order, file, lines, values, beside, data)


def propose(team: Team, way: str) -> Proposal:
    """Return what `init` proposes; `way` leads from the stack's folder back to the team's."""
    sketch = Sketch(team)
    found = parts(team)
    _move(sketch, found)
    kept = {name: (facts, part) for name, (facts, part) in found.items() if name not in sketch.moved}
    everybody = [facts for facts, _ in kept.values()]
    _name_secrets(sketch, everybody)
    propose_names(sketch, everybody)
    stores = {name: facts for name, (facts, part) in kept.items() if part == "store"}
    migrations = [name for name, (facts, part) in kept.items() if part == "task" and is_migration(facts)]
    for facts, part in kept.values():
        _propose_service(sketch, facts, part, stores)
        if part == "task":
            propose_task(sketch, facts, first_migration=facts.name in migrations[:1])
        propose_waits(sketch, facts, sketch.moved, stores)
    propose_routes(sketch, [facts for facts, part in kept.values() if part == "web" and "routes" not in facts.own])
    propose_secret_files(sketch, everybody)
    propose_configs(sketch, everybody)
    propose_networks(sketch, everybody)
    propose_root_volumes(sketch)
    text = apply(team.text, sketch.finish())
    return _texts(sketch, way, {name: part for name, (_, part) in found.items()}, text)


def _name_secrets(sketch: Sketch, everybody: list[Facts]) -> None:
    """Name the secrets of stores first: the same value elsewhere is the same secret."""
    keeper = Keeper(sketch)
    stores = [facts for facts in everybody if facts.store is not None]
    others = [facts for facts in everybody if facts.store is None]
    propose_secrets(keeper, stores)
    propose_env_files(sketch, keeper, stores, everybody)
    propose_env_files(sketch, keeper, others, everybody)
    propose_secrets(keeper, others)


def _move(sketch: Sketch, found: Mapping[str, tuple[Facts, Part]]) -> None:
    """Move edges and tools to the laptop's file, unless nothing else would be left."""
    away = {name: part for name, (_, part) in found.items() if part in WHY_MOVED}
    if len(away) == len(found):
        return
    for name, part in away.items():
        sketch.drop_service(name, WHY_MOVED[part])


def _propose_service(sketch: Sketch, facts: Facts, part: Part, stores: Mapping[str, Facts]) -> None:
    propose_image(sketch, facts)
    propose_unset(sketch, facts)
    propose_small_words(sketch, facts, is_task=part == "task")
    propose_without_labels(sketch, facts)
    propose_ports(sketch, facts, is_store=part == "store", is_web=part == "web")
    volumes = propose_mounts(sketch, facts)
    if part == "store" and facts.store is not None and "store" not in facts.own:
        propose_store(sketch, facts, facts.store)
    elif part != "store":
        propose_backup(sketch, facts, volumes)
    if part == "web" and "health" not in facts.own:
        propose_health(sketch, facts)
    if part in ("store", "worker", "scheduler"):
        propose_check(sketch, facts)
    if part == "worker":
        propose_queue(sketch, facts, stores)
    if part == "scheduler":
        propose_scheduler(sketch, facts)
    propose_memory(sketch, facts, part)
    advise_on_command(sketch, facts)


def without(proposal: Proposal, names: frozenset[str]) -> Proposal:
    """Return the proposal without names that turned out to be used nowhere."""
    return _texts(proposal.sketch, proposal.way, proposal.parts, proposal.text, names)


def _texts(sketch: Sketch, way: str, found: Mapping[str, Part], text: str, unused: frozenset[str] = frozenset()) -> Proposal:
    data = data_of(text)
    names = settle(data, sketch, unused)
    laptop = override_data(sketch, way)
    files = {
        "compose.yml": text,
        "compose.override.yml": override_text(laptop, way),
        ".env": env_text(sketch, names, (data, laptop)),
        **sketch.copies,
    }
    return Proposal(
        sketch=sketch,
        way=way,
        text=text,
        stack_files={path: content for path, content in files.items() if content},
        inventory_files=inventory_texts(sketch, names),
        stack_words=stack_words(sketch, names),
        names=names,
        parts=found,
    )
