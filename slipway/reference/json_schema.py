"""JSON Schemas for editors: completion, hover and first faults while somebody types. `fab check` stays the judge.

Strict where the words are ours, lenient where Compose's are; a number or truth may be one `${VAR}`. Draft 7, which every
editor knows.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from ..environment import AsWritten
from ..load import keys
from ..model import Threshold
from .choices import EXCEPTIONS, choices_of
from .compose_keys import INSTRUCTIONS, ComposeKey, Kind, root_keys, service_keys
from .entries import ITEM, REQUIRED, Entry, entries
from .wording import default_words, value_words

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
VARIABLE = r"^\$(\{.+\}|[A-Za-z_][A-Za-z0-9_]*)$"
ANY_VARIABLE = r"\$"
NUMBERS = {int: "integer", float: "number"}
PATTERNS: Mapping[str, str] = {
    **dict.fromkeys(("routes.path", "assets.path", "public.path", "health.path", "scrape.path", "assets.directory"), "^/"),
    **dict.fromkeys(("cors.origins", "buckets.cors_origins"), r"^(\*|https?://[^/]+)$"),
    "cors.methods": "^[A-Z]+$",
    "rate.by": "^(address|header:[A-Za-z][A-Za-z0-9-]*)$",
    "images": "^sha256:[0-9a-f]{64}$",
    "admins.expires": r"^(|\d{4}-\d\d-\d\d)$",
    "updates.window": r"^\d\d:\d\d-\d\d:\d\d$",
}
EXTENSIONS: Schema = {"^x-": {"description": "An extension: YAML anchors, or words of other programs."}}
SHAPES: Mapping[Kind, list[str]] = {
    "text": ["string", "null"],
    "scalar": ["string", "number", "boolean", "null"],
    "number": ["number", "string", "null"],
    "truth": ["boolean", "string", "null"],
    "texts": ["array", "string", "null"],
    "list": ["array", "null"],
    "pairs": ["object", "array", "null"],
    "mapping": ["object", "null"],
    "any": [],
}


def stack_file() -> Schema:
    """Return the schema of a stack file."""
    own = _group(entries("root"), "What Compose cannot say about the whole stack.")
    return {
        "$schema": DRAFT,
        "description": "A Compose file, and under `x-slipway` what Compose cannot say.",
        "type": "object",
        "properties": {key.name: _root_key(key) for key in root_keys().values()} | {"x-slipway": own},
        "patternProperties": EXTENSIONS,
        "additionalProperties": False,
        "required": ["services"],
    }


def inventory() -> Schema:
    """Return the schema of the files in `group_vars/all/` of an environment."""
    return {
        "$schema": DRAFT,
        "description": "Words of `inventory/<env>/group_vars/all/*.yml`, each in one file; vault.yml apart.",
        "type": ["object", "null"],
        "properties": {entry.key: _entry(entry) for entry in entries("inventory")},
        "patternProperties": {"^ansible_": {"description": "A variable of Ansible's own."}},
        "additionalProperties": False,
    }


def _entry(entry: Entry) -> Schema:
    doc = {"description": _description(entry), **_default(entry)}
    if (entry.page, entry.path) == ("service", ("exceptions",)):
        rules = {rule: {"type": "string", "description": f"{text.capitalize()}."} for rule, text in EXCEPTIONS.items()}
        return {**doc, "type": "object", "properties": rules, "additionalProperties": False}
    found = _around(entry, entry.shape.holes)
    return {**doc, **(_or_nothing(found) if entry.shape.optional else found)}


def _or_nothing(found: Schema) -> Schema:
    if "type" in found:
        return {**found, "type": [found["type"], "null"]}
    return {**found, "anyOf": [*found["anyOf"], {"type": "null"}]}


def _description(entry: Entry) -> str:
    lines = [entry.doc, *([] if entry.children else [f"{value_words(entry)}; {_default_sentence(entry)}."])]
    lines += [f"`{choice}`: {text}." for choice, text in choices_of(entry.page, entry.path).items()]
    return "\n\n".join([*lines, *([] if entry.in_force else ["Understood, not in force yet."])])


def _default_sentence(entry: Entry) -> str:
    return "required" if entry.required else f"default {default_words(entry)}"


def _default(entry: Entry) -> Schema:
    plain = isinstance(entry.default, (bool, int, float, str)) and entry.default != ""
    return {"default": entry.default} if plain and entry.default is not REQUIRED else {}


def _around(entry: Entry, holes: tuple[str, ...]) -> Schema:
    if not holes:
        return _inside(entry)
    inner = _around(entry, holes[1:])
    if holes[0] == ITEM:
        return {"type": "array", "items": inner}
    return {"type": "object", "additionalProperties": inner}


def _inside(entry: Entry) -> Schema:
    found = [_core(entry, core) for core in entry.shape.cores]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _core(entry: Entry, core: Any) -> Schema:
    if dataclasses.is_dataclass(core):
        return _group(entry.children) | (_one_bound() if core is Threshold else {})
    if get_origin(core) is Literal:
        return _choices(entry, list(get_args(core)))
    if core is Any:
        return {}
    if core == AsWritten:
        return {"type": ["string", "integer", "boolean"]}
    return _text(entry) if core is str else _filled(entry, _number(entry, core))


def _group(children: tuple[Entry, ...], description: str = "") -> Schema:
    needed = [child.key for child in children if child.required]
    return {
        **({"description": description} if description else {}),
        "type": ["object", "null"] if description else "object",
        "properties": {child.key: _entry(child) for child in children},
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
    }


def _one_bound() -> Schema:
    return {"anyOf": [{"required": ["over"]}, {"required": ["under"]}]}


def _choices(entry: Entry, choices: list[str | int]) -> Schema:
    if entry.page == "inventory":
        return {"enum": choices}
    pattern = ANY_VARIABLE if isinstance(choices[0], str) else VARIABLE
    return {"anyOf": [{"enum": choices}, {"type": "string", "pattern": pattern}]}


def _filled(entry: Entry, found: Schema) -> Schema:
    """Let one `${VAR}` stand for a value, where variables are filled in."""
    return found if entry.page == "inventory" else {"anyOf": [found, {"type": "string", "pattern": VARIABLE}]}


def _number(entry: Entry, core: Any) -> Schema:
    if core is bool:
        return {"type": "boolean"}
    low, high = entry.limits
    least = {"minimum": low} if low != -math.inf else {}
    return {"type": NUMBERS[core], **least, **({"maximum": high} if high != math.inf else {})}


def _text(entry: Entry) -> Schema:
    pattern = PATTERNS.get(entry.full_key) or PATTERNS.get(entry.key)
    if not pattern:
        return {"type": "string"}
    return {"type": "string", "pattern": pattern if entry.page == "inventory" else rf"{pattern}|\$"}


def _root_key(key: ComposeKey) -> Schema:
    if key.name == "services":
        return {"type": "object", "description": key.doc, "minProperties": 1, "additionalProperties": _service()}
    options = {"networks": keys.NETWORK, "volumes": keys.VOLUME, "secrets": keys.SECRET}.get(key.name)
    found = _compose_key(key)
    if options is None:
        return found
    known = {name: _ROOT_OPTIONS.get((key.name, name), _refused(_NOT_SUPPORTED)) for name in sorted(options)}
    item = {"type": ["object", "null"], "properties": known, "patternProperties": EXTENSIONS, "additionalProperties": False}
    return {**found, "additionalProperties": item}


def _service() -> Schema:
    own = _group(entries("service"), "What Compose cannot say about this service.")
    return {
        "type": "object",
        "properties": {key.name: _compose_key(key) for key in service_keys().values()} | {"x-slipway": own},
        "patternProperties": EXTENSIONS,
        "additionalProperties": False,
    }


def _compose_key(key: ComposeKey) -> Schema:
    if key.fate == "refused":
        return _refused(key.doc)
    types = SHAPES[key.kind]
    return {"description": key.doc, **({"type": types} if types else {}), **_DETAILS.get(key.name, {})}


def _refused(why: str) -> Schema:
    return {"description": why, "deprecationMessage": why, "doNotSuggest": True, "not": {}}


def _mapping(known: frozenset[str], details: Mapping[str, Schema], aside: Mapping[str, str]) -> Schema:
    texts = {name: {"description": f"Left aside: {why}."} for name, why in aside.items()}
    properties = {name: details.get(name, texts.get(name, {})) for name in sorted(known)}
    return {"properties": properties, "patternProperties": EXTENSIONS, "additionalProperties": False}


def _said(path: str) -> str:
    one = INSTRUCTIONS[path]
    return f"{one.doc}\n\n{one.value}; {one.default if one.default == 'required' else f'default {one.default}'}."


_NOT_SUPPORTED = "Not supported: names and addresses are Slipway's."
_LIMITS: Schema = {
    "type": ["object", "null"],
    "properties": {
        "memory": {"type": "string", "description": _said("deploy.resources.limits.memory")},
        "cpus": {"type": ["string", "number"], "description": _said("deploy.resources.limits.cpus")},
        "pids": {"type": ["integer", "string"], "description": "Most processes of one replica."},
    },
}
_ORDER: Schema = {
    "anyOf": [{"enum": ["start-first", "stop-first"]}, {"type": "string", "pattern": ANY_VARIABLE}],
    "default": "start-first",
    "description": _said("deploy.update_config.order"),
}
_UPDATE: Schema = {
    "type": ["object", "null"],
    "description": "Only `order` counts.",
    "properties": {"order": _ORDER},
}
_DEPLOY: Mapping[str, Schema] = {
    "replicas": {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}],
        "default": 1,
        "description": _said("deploy.replicas"),
    },
    "update_config": _UPDATE,
    "resources": {"type": ["object", "null"], "properties": {"limits": _LIMITS}},
}
_CONDITION: Schema = {
    "type": ["object", "null"],
    "properties": {
        "condition": {
            "anyOf": [
                {"enum": ["service_started", "service_healthy", "service_completed_successfully"]},
                {"type": "string", "pattern": ANY_VARIABLE},
            ],
            "description": "What to wait for: its start, its health, or the end of a task.",
        }
    },
}
_DETAILS: Mapping[str, Schema] = {
    "deploy": _mapping(keys.DEPLOY, _DEPLOY, keys.IGNORED_DEPLOY),
    "healthcheck": _mapping(keys.HEALTHCHECK, {}, {}),
    "depends_on": {"type": ["object", "array", "null"], "additionalProperties": _CONDITION},
    "networks": {"type": ["object", "array", "null"]},
    "command": {"type": ["string", "array", "null"]},
    "entrypoint": {"type": ["string", "array", "null"]},
}
_ROOT_OPTIONS: Mapping[tuple[str, str], Schema] = {
    ("networks", "internal"): {
        "type": ["boolean", "string"],
        "description": "Whether the network has no way out. Put stores on such networks.",
        "default": False,
    },
    ("networks", "driver"): {"enum": ["bridge", None], "description": "Only `bridge`, the default."},
    ("secrets", "environment"): {"type": "string", "description": "Name of the secret in the inventory."},
}
