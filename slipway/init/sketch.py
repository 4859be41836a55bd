"""What is proposed for a stack, gathered topic by topic: changes to the text with their reasons, and what goes elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import data as loose
from .changes import Append, Change, Drop, Put
from .data import Data
from .layout import Path, heirs, read_layout
from .team import Facts, Team

X = "x-slipway"
WORDS = ("routes", "health", "store", "backup", "queue", "task", "exceptions")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about a place of the team's file; a guess is for a person to look at."""

    path: Path
    why: str
    guess: bool = False


@dataclass(slots=True)
class Sketch:
    """A stack in the making.

    `own` and `deploy` are words for services, `override` what belongs to the laptop, `moved` services that go there whole;
    `copies` are files for the stack's folder, `programs` those of them that run; `known` are values for names that the changes
    bring in, `asked` those that are missing, `hidden` places of secrets; `builds` is the first service of each build, `kept`
    volumes with a backup, `remarks` what helps to decide at a place.
    """

    team: Team
    said: list[Said] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    own: dict[str, dict[str, tuple[Any, str]]] = field(default_factory=dict)
    deploy: dict[str, Data] = field(default_factory=dict)
    override: dict[str, Data] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)
    known: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    hidden: list[Path] = field(default_factory=list)
    root: dict[str, Data] = field(default_factory=dict)
    domains: Data = field(default_factory=dict)
    builds: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    remarks: dict[Path, str] = field(default_factory=dict)

    def change(self, path: Path, why: str, *changes: Change) -> None:
        """Propose changes for one reason."""
        self.said.append(Said(path, why))
        self.changes += changes

    def guess(self, path: Path, why: str, *changes: Change) -> None:
        """Propose changes that a person must look at."""
        self.said.append(Said(path, why, guess=True))
        self.changes += changes

    def word(self, facts: Facts, word: str, value: Any, note: str = "") -> None:
        """Propose a word under a service's `x-slipway`, unless the team wrote it."""
        if word not in facts.own:
            self.own.setdefault(facts.name, {}).setdefault(word, (value, note))

    def laptop(self, facts: Facts, key: str, value: Any) -> None:
        """Put a key of a service into the laptop's file, beside what is there."""
        found = self.override.setdefault(facts.name, {})
        if isinstance(value, list):
            found[key] = [*found.get(key, []), *value]
        elif isinstance(value, Mapping):
            found[key] = {**found.get(key, {}), **value}
        else:
            found[key] = value

    def drop(self, facts: Facts, key: str, why: str) -> None:
        """Take a key out of a service."""
        self.change((*facts.path, key), why, Drop(facts.path, frozenset([key])))

    def drop_service(self, name: str, why: str) -> None:
        """Take a service out of the file; it lives on in the laptop's."""
        self.moved[name] = why
        self.change(("services", name), why, Drop(("services",), frozenset([name])))

    def parted(self) -> list[Change]:
        """Return what keeps words of one service from reaching those that merge it."""
        found: list[Change] = []
        for name, sources in heirs(read_layout(self.team.text), "services").items():
            if name in self.moved:
                continue
            if name not in self.own and any(source in self.own for source in sources):
                found.append(Put(("services", name, X), {}))
            check = ("services", name, "healthcheck")
            lent = any(_is_put(self.changes, ("services", source, "healthcheck")) for source in sources)
            if lent and not _is_put(self.changes, check) and "healthcheck" not in self.team.facts(name).data:
                found.append(Put(check, {"disable": True}))
        return found

    def environment(self, facts: Facts, name: str, value: str) -> Change:
        """Return the change that adds a variable, in the form the team uses."""
        path: Path = (*facts.path, "environment")
        if isinstance(facts.data.get("environment"), list):
            return Append(path, f"{name}={value}")
        return Put((*path, name), value)

    def declare(self, group: str, name: str) -> None:
        """Declare a volume or a network at the root, once."""
        if name not in loose.mapping(self.team.data.get(group)):
            self.root.setdefault(group, {})[name] = {}

    def finish(self) -> list[Change]:
        """Return all changes, the gathered words among them."""
        for service, wanted in self.deploy.items():
            self.changes += _deploy_changes(self.team.facts(service), wanted)
        for service, words in self.own.items():
            self.changes += _own_changes(self.team.facts(service), words)
        self.changes += self.parted()
        for group, entries in self.root.items():
            self.changes += _root_changes(self.team.data, group, entries)
        if self.domains:
            self.changes += _domain_changes(self.team.data, self.domains)
        return self.changes


def _is_put(changes: list[Change], path: Path) -> bool:
    return any(isinstance(change, Put) and change.path == path for change in changes)


def _own_changes(facts: Facts, words: Mapping[str, tuple[Any, str]]) -> list[Change]:
    values = {word: words[word][0] for word in sorted(words, key=WORDS.index)}
    notes = {word: note for word, (_, note) in words.items()}
    if not facts.own:
        return [Put((*facts.path, X), values, block=True, notes=notes)]
    return [Put((*facts.path, X, word), value) for word, value in values.items()]


def _deploy_changes(facts: Facts, wanted: Data) -> list[Change]:
    note = loose.text(wanted.get("#"))
    wanted = {key: value for key, value in wanted.items() if key != "#"}
    if not loose.mapping(facts.data.get("deploy")):
        return [Put((*facts.path, "deploy"), wanted, note=note)]
    return [Put((*facts.path, "deploy", *path), value) for path, value in _leaves(wanted)]


def _leaves(value: Data) -> list[tuple[Path, Any]]:
    found: list[tuple[Path, Any]] = []
    for key, item in value.items():
        found += [((key, *path), leaf) for path, leaf in _leaves(item)] if isinstance(item, dict) else [((key,), item)]
    return found


def _root_changes(data: Data, group: str, entries: Data) -> list[Change]:
    if not loose.mapping(data.get(group)):
        return [Put((group,), entries, block=True)]
    return [Put((group, name), value) for name, value in entries.items()]


def _domain_changes(data: Data, domains: Data) -> list[Change]:
    own = loose.mapping(data.get(X))
    if not own:
        return [Put((X,), {"domains": domains}, block=True)]
    present = loose.mapping(own.get("domains"))
    return [Put((X, "domains", key), value) for key, value in domains.items() if key not in present]
