"""Values of a stack as flat texts: one line per key, however deep it lies, so that no difference can hide."""

import dataclasses
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..model import Mount, Rate, SecretUse

Row = tuple[str, str]  # key with dots, text


def rows(value: Any, key: str = "") -> Iterator[Row]:
    """Yield the keys of a value and their texts; what is None has none."""
    if isinstance(value, (Rate, Mount, SecretUse)):
        yield key, _known(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from rows({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, key)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from rows(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, (list, tuple)):
        yield from _list(value, key)
    elif value is not None:
        yield key, text(value)


def _list(value: Sequence[Any], key: str) -> Iterator[Row]:
    if any(isinstance(item, (Mapping, list, tuple)) or dataclasses.is_dataclass(item) for item in value):
        yield key, json.dumps(value, sort_keys=True, ensure_ascii=False, default=dataclasses.asdict)
    else:
        yield key, shlex.join(map(text, value))


def _known(value: Rate | Mount | SecretUse) -> str:
    if isinstance(value, Rate):
        return rate(value)
    return mount(value) if isinstance(value, Mount) else value.source


def text(value: Any) -> str:
    """Return a scalar as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def rate(value: Rate) -> str:
    """Return a limit of requests as people say it."""
    per = "second" if value.per_seconds == 1 else "minute"
    by = "" if value.by == "address" else f" by {value.by}"
    return f"{value.requests} per {per}{by}, burst {value.burst}"


def mount(value: Mount) -> str:
    """Return where a path of a container leads."""
    return f"{value.source or value.type}{' (read only)' if value.read_only else ''}"
