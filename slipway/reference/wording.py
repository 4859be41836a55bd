"""Types, bounds, units and values in a person's words."""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from ..environment import AsWritten
from ..load.scalars import resolve
from ..load.schema import words
from ..model import Threshold
from .entries import ITEM, REQUIRED, Entry

UNITS = {
    "_seconds": "seconds",
    "seconds": "seconds",
    "_days": "days",
    "_weeks": "weeks",
    "_months": "months",
    "_mb": "MiB",
    "_ms": "milliseconds",
    "_ratio": "share",
    "percent": "percent",
}
NAMES = {int: "whole number", float: "number", bool: "true or false", str: "text", AsWritten: "text", Any: "anything"}
FORMS = {
    "routes.path": "path that begins with /",
    "assets.path": "path that begins with /",
    "public.path": "path that begins with /",
    "health.path": "path that begins with /",
    "scrape.path": "path that begins with /",
    "assets.directory": "folder that begins with /",
    "cors.origins": "origin",
    "cors.methods": "method",
    "cors.headers": "name",
    "buckets.cors_origins": "origin",
    "access.allow": "network",
    "openings.sources": "network",
    "mask_query": "name",
    "queue.names": "name",
    "store.extensions": "name",
    "task.schedule": "cron expression",
    "task.contracts": "revision",
    "admins.expires": "day such as 2027-01-31",
    "admins.keys": "public key",
    "deployers.keys": "public key",
    "acme.email": "mail address",
    "docker.registry_mirrors": "URL",
    "docker.address_pool": "private network",
    "docker.network_pool": "private network",
    "first_login": "account name",
    "timezone": "time zone",
    "updates.window": "time of the day",
    "addresses": "address",
    "receivers.webhook": "URL",
    "receivers.mail": "mail address",
    "mail_server.host": "name or address",
    "mail_server.sender": "mail address",
    "mail_server.user": "account name",
    "backup_target.encrypt_to": "age key",
    "images": "digest",
}
AS_ITS_WORDS = "as its words say"
PLAIN = re.compile(r"[A-Za-z0-9/~.][A-Za-z0-9_./@:=~+-]*( [A-Za-z0-9_./@~+-]+)*")
NOT_TEXT = re.compile(r"(true|false|null|yes|no|on|off|~)", re.IGNORECASE)


def unit(key: str) -> str:
    """Return the unit that a word's name says, or nothing."""
    return next((name for suffix, name in UNITS.items() if key.endswith(suffix)), "")


def value_words(entry: Entry) -> str:
    """Say what may be written: `seconds, 0 to 3600`."""
    return f"{_around(entry)}{_inside(entry)}"


def _around(entry: Entry) -> str:
    return "".join("list of " if hole == ITEM else f"{hole} -> " for hole in entry.shape.holes)


def _inside(entry: Entry) -> str:
    group, choices = entry.shape.group, entry.shape.choices
    if group is Threshold:
        return {"share": "threshold of a share", "": "threshold"}.get(unit(entry.key), f"threshold in {unit(entry.key)}")
    parts = [f"one of {', '.join(map(str, choices))}" if len(choices) > 1 else str(choices[0])] if choices else []
    if group:
        parts.append(
            ("groups of words" if entry.shape.holes[-1:] == (ITEM,) else "group of words") if not parts else _braced(group)
        )
    return " or ".join(parts) or _scalar(entry)


def _braced(group: type) -> str:
    return f"{{{', '.join(words(group))}}}"


def _scalar(entry: Entry) -> str:
    core, many = entry.shape.cores[0], "s" if entry.shape.holes[-1:] == (ITEM,) else ""
    if core in (int, float):
        return f"{unit(entry.key) or NAMES[core]}{many}{_range(*entry.limits)}"
    form = FORMS.get(entry.full_key) or FORMS.get(entry.key)
    name = form or NAMES[core]
    return f"{name}{'e' if many and name.endswith('s') else ''}{many}"


def _range(low: float, high: float) -> str:
    if high == math.inf or (high, low) == (1e12, -1e12):
        return "" if low in (-math.inf, -1e12) else f", {figure(low)} or more"
    return f", {figure(low)} to {figure(high)}"


def figure(number: float) -> str:
    """Return a number as people write it."""
    return f"{number:g}" if number % 1 else f"{number:.0f}"


def default_words(entry: Entry) -> str:
    """Say what holds where nothing is written."""
    default = entry.default
    if default is REQUIRED:
        return "required"
    if is_nothing(default):
        return "none"
    if entry.shape.group and entry.shape.group is not Threshold:
        return AS_ITS_WORDS
    return written(default)


def is_nothing(value: object) -> bool:
    """Say whether a value is the same as nothing written."""
    return value is None or value in ((), {}, "")


def written(value: Any) -> str:
    """Return a value as it would stand in a file, on one line."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return figure(value)
    if isinstance(value, str):
        return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {written(item)}' for key, item in value.items())}}}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return written(_own_words(value))
    return f"[{', '.join(map(written, value))}]"


def _is_plain(text: str) -> bool:
    """Say whether a text needs no quotes in a file."""
    return PLAIN.fullmatch(text) is not None and text[-1] != ":" and resolve(text) == text and not NOT_TEXT.fullmatch(text)


def _own_words(value: Any) -> Mapping[str, Any]:
    """Return the words of a group that differ from their default."""
    kind: type = type(value)
    specs = {spec.name: spec for spec in dataclasses.fields(value)}
    found = {
        key: (specs[word.field], getattr(value, word.field))
        for key, word in sorted(words(kind).items(), key=lambda item: item[1].required)
    }
    return {key: item for key, (spec, item) in found.items() if item != spec.default and not _is_empty(spec, item)}


def _is_empty(spec: "dataclasses.Field[Any]", item: object) -> bool:
    return spec.default_factory is not dataclasses.MISSING and item == spec.default_factory()
