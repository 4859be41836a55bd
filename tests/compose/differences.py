"""Where two readings of one file differ, apart from what was refused or left aside by name."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from slipway.errors import Fault
from slipway.load import keys

from .ours import Reading
from .theirs import Answer, normal

Path = tuple[str, ...]
Verdict = Literal["equal", "refused by name", "refused by both", "DIFFERENT"]

LEFT_ASIDE: tuple[Path, ...] = (
    ("services", "*", "depends_on", "*", "restart"),
    *(("services", "*", key) for key in keys.IGNORED),
    *(("services", "*", "deploy", key) for key in keys.IGNORED_DEPLOY),
    *(("services", "*", "deploy", "update_config", key) for key in keys.UPDATE - {"order"}),
)
# What a refused word also does, in Compose, elsewhere: `service` stands for the one that says it.
WAITS: tuple[Path, ...] = (("services", "service", "depends_on"),)
ALSO: dict[str, tuple[Path, ...]] = {
    **dict.fromkeys(("links", "volumes_from", "network_mode", "ipc", "pid", "uts", "cgroup"), WAITS),
    "extends": (("services", "service"),),
    "networks": (("networks",),),
    "provider": (("services", "service"), ("networks",)),
}
NO_SUCH_SERVICE = re.compile("^`image` is missing$|is no name for a service$")
ANOTHER_READING = re.compile("ties two containers together$|^tag `")
NOTHING: tuple[object, ...] = (None, {})


def verdict(reading: Reading, answer: Answer) -> tuple[Verdict, list[str]]:
    """Return how two readings compare, and the lines that say where they differ."""
    refusals = _refusals(reading)
    lost = [*reading.names, *_matching(reading.rules, NO_SUCH_SERVICE)]
    if answer.error and not refusals and not lost:
        return "DIFFERENT", [f"only Compose refuses the file: {answer.error}"]
    lines = list(differences(reading, normal(answer.config))) if answer.config else []
    if lines:
        return "DIFFERENT", lines
    if answer.error:
        return "refused by both", []
    return ("refused by name" if refusals else "equal"), []


def _refusals(reading: Reading) -> list[Fault]:
    """Return the faults of a reading, and those of rules about words that change what is read."""
    return [*reading.faults, *_matching((*reading.rules, *reading.names), ANOTHER_READING)]


def _matching(faults: Iterable[Fault], pattern: re.Pattern[str]) -> list[Fault]:
    return [fault for fault in faults if pattern.search(fault.message)]


def differences(reading: Reading, theirs: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each value that differs and was not refused."""
    names = [*theirs["services"], *reading.config.get("services", {})]
    skipped = [*LEFT_ASIDE, *refused(_refusals(reading), names)]
    skipped += [place for path in skipped for place in _consequences(path)]
    if () in skipped:
        return
    for path, one, other in _differences((), reading.config, theirs):
        if not any(_covers(skip, path) for skip in skipped):
            yield f"{'.'.join(path)}: ours {one!r}, Compose's {other!r}"


def _consequences(path: Path) -> list[Path]:
    found = ALSO.get(path[2], ()) if len(path) == 3 and path[0] == "services" else ()
    return [tuple(path[1] if part == "service" else part for part in place) for place in found]


def refused(faults: Iterable[Fault], services: Iterable[str]) -> list[Path]:
    """Return the paths that faults are about, down to the first list on the way."""
    names = sorted(set(services), key=len, reverse=True)
    return [_path(fault.path, names) for fault in faults]


def _path(text: str, services: list[str]) -> Path:
    if text == "(file)":
        return ()
    kind, _, rest = text.partition(".")
    if kind != "services":
        return tuple(re.split(r"[.\[]", text)[:2])
    for name in services:
        if rest == name or rest.startswith((f"{name}.", f"{name}[")):
            below = rest[len(name) + 1 :].partition("[")[0]
            return (kind, name, *filter(None, below.split(".")))
    return (kind,)


def _covers(skip: Path, path: Path) -> bool:
    """Say whether a refused path is the place of a difference, above it or below it."""
    return all(one in ("*", other) for one, other in zip(skip, path, strict=False))


def _differences(path: Path, ours: Any, theirs: Any) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from _differences((*path, key), ours.get(key), theirs.get(key))
    elif ours in NOTHING and theirs in NOTHING:
        return
    elif ours != theirs or type(ours) is not type(theirs):
        yield path, ours, theirs
