"""What `env_file` brought in: its names stand in `environment`, its values in the inventory or the vault."""

import re
from collections.abc import Iterable, Mapping

from ..load.faults import short
from . import data as loose
from .changes import Change, Drop, Head, Put
from .secrecy import USERINFO, Keeper, looks_secret, without_password
from .sketch import Sketch
from .team import Facts, read_values
from .yaml_text import Alias
from .yaml_text import loose as loosely

EXAMPLES = ("{}.example", "{}.sample", "{}.template", "{}.dist", "example{}", "{}-example", "sample{}")
OF_COMPOSE = re.compile(r"COMPOSE_\w+|DOCKER_BUILDKIT|BUILDKIT_\w+|DOCKER_HOST")

Values = Mapping[str, str]


def propose_env_files(sketch: Sketch, keeper: Keeper, services: Iterable[Facts], everybody: Iterable[Facts]) -> None:
    """Write the names of env files into services; services that share one file share an anchor."""
    counts: dict[str, int] = {}
    for facts in everybody:
        for path in paths(facts):
            counts[path] = counts.get(path, 0) + 1
    for facts in services:
        read = {path: read_env_file(sketch, path) for path in paths(facts)}
        known = {path: values for path, values in read.items() if values is not None}
        if known and len(known) == len(read):
            _take_over(sketch, keeper, facts, known, is_shared=max(counts[path] for path in known) > 1)


def paths(facts: Facts) -> list[str]:
    """Return the env files of a service."""
    written = facts.data.get("env_file")
    entries = written if isinstance(written, list) else [written]
    return [path for entry in entries if (path := loose.text(entry.get("path") if isinstance(entry, dict) else entry))]


def read_env_file(sketch: Sketch, path: str) -> dict[str, str] | None:
    """Return the names and values of an env file, or of the example beside it."""
    folder, slash, name = path.rpartition("/")
    for candidate in (path, *(f"{folder}{slash}{form.format(name)}" for form in EXAMPLES)):
        text = sketch.team.beside.lines(candidate)
        if text is not None:
            return {name: value for name, value in read_values(text).items() if not OF_COMPOSE.fullmatch(name)}
    return None


def propose_unset(sketch: Sketch, facts: Facts) -> None:
    """Take out variables that the caller's environment would set, where `.env` does not: they are unset then as now."""
    written = facts.data.get("environment")
    keys = list(written) if isinstance(written, dict) else [loose.text(item).partition("=")[0] for item in loose.items(written)]
    values = loose.pairs(written)
    unset = {index: key for index, key in enumerate(keys) if values.get(key) is None and key not in sketch.team.values}
    if unset:
        path = (*facts.path, "environment")
        parts = unset.values() if isinstance(written, dict) else unset.keys()
        names = ", ".join(map(short, unset.values()))
        sketch.guess(
            path, f"{names}: set by the caller or unset; write the ones you need with a value", Drop(path, frozenset(parts))
        )


def _take_over(sketch: Sketch, keeper: Keeper, facts: Facts, found: Mapping[str, Values], *, is_shared: bool) -> None:
    values: dict[str, str] = {}
    for one in found.values():
        values |= one
    written = facts.data.get("environment")
    references = {name: _reference(sketch, keeper, facts, name, value) for name, value in values.items()}
    missing = {name: text for name, text in references.items() if name not in facts.environment}
    changes: list[Change] = []
    if is_shared and missing and not isinstance(written, list):
        anchor = _anchor(sketch, tuple(found), references)
        changes.append(Put((*facts.path, "environment", "<<"), Alias(anchor), first=True))
    elif not written:
        changes.append(Put((*facts.path, "environment"), missing, block=True))
    else:
        changes += [sketch.environment(facts, name, text) for name, text in missing.items()]
    if present := [path for path in found if sketch.team.beside.kind(path) == "file"]:
        sketch.laptop(facts, "env_file", present)
    why = f"the names of {', '.join(found)} stand in `environment`; their values come from the inventory"
    sketch.change((*facts.path, "env_file"), why, *changes, Drop(facts.path, frozenset(["env_file"])))


def _reference(sketch: Sketch, keeper: Keeper, facts: Facts, name: str, value: str) -> str:
    """Return what stands for a value: a variable, a secret, or an address with a secret in it."""
    if USERINFO.search(value):
        return without_password(keeper, facts, value)
    if looks_secret(name, value):
        return f"${{{keeper.name(name, value, facts)}:?}}"
    sketch.known.setdefault(name, value)
    return f"${{{name}:?}}" if value else f"${{{name}}}"


def _anchor(sketch: Sketch, files: tuple[str, ...], references: Mapping[str, str]) -> str:
    """Return the anchor of the names of some files, put at the file's head once."""
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(path.rpartition("/")[2] for path in files).lower()).strip("-")
    name = next(name for name in (slug, f"{slug}-names", f"{slug}-file-names") if f"&{name}" not in sketch.team.text)
    lines = [f"x-{name}: &{name}", *(f"  {key}: {loosely(text)}" for key, text in references.items()), ""]
    head = Head(tuple(lines))
    if head not in sketch.changes:
        sketch.changes.append(head)
    return name
