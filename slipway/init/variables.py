"""Names a stack file uses: which the inventory gives as variables, which as secrets; and what `env_file` brought in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..load.keys import IGNORED, IGNORED_DEPLOY, REFUSED
from . import data as loose
from .data import Data
from .secrecy import looks_secret
from .sketch import Sketch, X

START = re.compile(r"\$\$|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)(:?[-?+])?")
EXAMPLES = ("{}.example", "{}.sample", "{}.template", "{}.dist", "example{}", "{}-example", "sample{}")


@dataclass(frozen=True, slots=True)
class Use:
    """How a file uses a name: the default it gives somewhere, and whether some place gives none."""

    default: str | None
    bare: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Variables with their values and secrets, as the inventory needs them."""

    variables: Mapping[str, str]
    secrets: tuple[str, ...]
    optional: tuple[str, ...]


def uses(data: Any) -> dict[str, Use]:
    """Return every name that values in force refer to."""
    found: dict[str, Use] = {}
    for text in _texts(_in_force(loose.mapping(data))):
        for name, operator, default in references(text):
            _add(found, name, Use(default if operator.endswith("-") else None, bare=not operator.endswith(("-", "+"))))
    for service in loose.mapping(loose.mapping(data).get("services")).values():
        for name, value in loose.pairs(loose.mapping(service).get("environment")).items():
            if value is None:
                _add(found, name, Use(None, bare=True))
    return found


def references(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, operator and what follows it of each variable in a text, those in defaults too."""
    at = 0
    while match := START.search(text, at):
        at = match.end()
        if match[1]:
            yield match[1], "", ""
        elif match[2]:
            end = _closing(text, at)
            yield match[2], match[3] or "", text[at:end]
            yield from references(text[at:end])
            at = end + 1


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return len(text)


def _add(found: dict[str, Use], name: str, use: Use) -> None:
    before = found.get(name, Use(None, bare=False))
    found[name] = Use(use.default if before.default is None else before.default, bare=before.bare or use.bare)


def _in_force(data: Data) -> Data:
    """Return what the loader reads of a stack file: no ignored words, no extensions but ours."""
    services = {
        name: {
            key: item
            for key, item in loose.mapping(service).items()
            if key == X or not (key in IGNORED or key in REFUSED or key.startswith("x-"))
        }
        for name, service in loose.mapping(data.get("services")).items()
    }
    for service in services.values():
        service["deploy"] = {key: item for key, item in loose.mapping(service.get("deploy")).items() if key not in IGNORED_DEPLOY}
    return {**{key: data[key] for key in ("name", "networks", "volumes", "secrets", X) if key in data}, "services": services}


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for item in data.values():
            yield from _texts(item)
    elif isinstance(data, list):
        for item in data:
            yield from _texts(item)
    elif isinstance(data, str):
        yield data


def settle(data: Data, sketch: Sketch, without: frozenset[str] = frozenset()) -> Names:
    """Return what the inventory must give for a stack file; names in `without` are known to be used nowhere."""
    variables: dict[str, str] = {}
    secrets: set[str] = set()
    optional: list[str] = []
    for name, use in uses(data).items():
        if name in without:
            continue
        value = sketch.known.get(name, sketch.team.values.get(name))
        if name in sketch.secrets or looks_secret(name, value or use.default or "?"):
            if name not in sketch.secrets and not use.bare and not use.default and not value:
                optional.append(name)
            else:
                secrets.add(name)
        elif value is not None or use.bare:
            variables[name] = value or use.default or ""
    secrets |= {
        name
        for options in loose.mapping(data.get("secrets")).values()
        if (name := loose.text(loose.mapping(options).get("environment")))
    }
    return Names(
        {name: value for name, value in variables.items() if name not in secrets}, tuple(sorted(secrets)), tuple(optional)
    )
