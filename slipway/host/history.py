"""The releases of a stack, from its records and its journal: what became of each, by whom, why and when."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..changes.change import Change
from ..changes.stack import compare
from ..errors import SlipwayError
from ..serving import Serving
from . import records
from .journal import Entry, Journal
from .layout import StackFolder
from .machine import serving_of
from .records import Release

NEVER_SERVED = ("refused", "failed", "interrupted")


class NoRecord(SlipwayError):
    """A release is not known here, or its record is gone."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One release; what only its record knew is empty once that is pruned.

    `state` is serving, canary, previous, standby, leaving, making, held, refused, kept (it can be gone back to) or gone.
    `images` are services with the image's name and digest; `revisions` those of the schema it ran with, by migration task;
    `pinned` names the variables that were chosen for it.
    """

    number: int
    state: str
    at: str = ""
    who: str = ""
    why: str = ""
    commit: str = ""
    verdict: str = ""
    seconds: float = 0.0
    error: str = ""
    returns_to: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()


def releases(folder: StackFolder) -> list[Row]:
    """Return all releases that ever got a number, the newest first."""
    entries, serving, served = Journal(folder.journal).entries(), serving_of(folder), records.served(folder)
    kept = {number: records.release(folder, number) for number in records.releases(folder) if has_record(folder, number)}
    runs = runs_of(entries)
    return [
        row(number, kept.get(number), runs.get(number, {}), state(number, serving, served, runs.get(number, {})))
        for number in sorted({*kept, *runs}, reverse=True)
    ]


def has_record(folder: StackFolder, number: int) -> bool:
    """Say whether a release's record is here."""
    return (folder.release(number) / "release.json").is_file()


def runs_of(entries: Sequence[Entry]) -> dict[int, Entry]:
    """Return number -> what the journal says of the run that made it."""
    found: dict[int, Entry] = {}
    begun = {entry["request"]: entry for entry in entries if entry["event"] == "begin"}
    results = {entry["request"]: entry["result"] for entry in entries if entry["event"] == "result"}
    for entry in entries:
        number, request = entry.get("release"), entry.get("request")
        if entry["event"] == "step" and entry["name"] == "begin" and number and request in begun:
            found[number] = {**begun[request], **results.get(request, {}), "at": begun[request]["at"]}
    for entry in entries:
        if entry["event"] == "watch" and entry.get("release") in found and entry["state"] != "hindered":
            found[entry["release"]] |= {"verdict": entry["state"], "error": "" if entry["state"] == "passed" else entry["text"]}
        if entry["event"] == "returned" and entry.get("from") in found:
            found[entry["from"]] |= {"verdict": entry.get("how", "returned"), "error": str(entry.get("text", ""))}
    return found


def state(number: int, serving: Serving, served: Sequence[int], run: Mapping[str, Any]) -> str:
    """Return how a release stands now."""
    places = {
        "serving": number == serving.current,
        "making": number == serving.next,
        "canary": number == serving.tried,
        "standby": number == serving.standby,
        "held": number in serving.held,
        "leaving": number in serving.retiring,
        "previous": number == serving.previous,
        "kept": number in served,
        "refused": run.get("verdict") in NEVER_SERVED,
    }
    return next((name for name, here in places.items() if here), "gone")


def row(number: int, release: Release | None, run: Mapping[str, Any], state: str) -> Row:
    """Return a release's line."""
    told: dict[str, Any] = {name: str(run.get(name) or "") for name in ("at", "who", "why", "commit", "verdict", "error")}
    told["seconds"] = float(run.get("seconds") or 0.0)
    if release is None:
        return Row(number, state, **told)
    known = {name: getattr(release, name) or told[name] for name in ("at", "who", "why", "commit")}
    more = {"variables": dict(release.stack.variables), "images": images(release), "returns_to": release.returns_to}
    more |= {"revisions": dict(release.revisions), "pinned": release.pinned}
    return Row(number, state, **{**told, **known, **more})


def images(release: Release) -> dict[str, tuple[str, str]]:
    """Return service -> name of its image and the digest it runs by; an image no registry knows has none."""
    services = release.stack.services
    references = {name: reference for name, reference in release.placement.images.items() if name in services}
    return {name: (services[name].image, reference.partition("@")[2]) for name, reference in sorted(references.items())}


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows for machines."""
    return [asdict(row) for row in rows]


def differences(folder: StackFolder, before: int, after: int) -> list[Change]:
    """Return what differs between two releases: their stacks, their images, and which secrets."""
    old, new = _recorded(folder, before), _recorded(folder, after)
    return [*compare(old.stack, new.stack), *moved(old, new), *migrated(old, new)]


def generations(folder: StackFolder, before: int, after: int) -> tuple[int, int]:
    """Return the secrets that two releases were made with."""
    old, new = _recorded(folder, before), _recorded(folder, after)
    return old.placement.secrets_generation, new.placement.secrets_generation


def moved(old: Release, new: Release) -> list[Change]:
    """Return the images that kept their name and became others."""
    then, now = images(old), images(new)
    found: dict[tuple[str, str, str], list[str]] = {}
    for name in sorted(then.keys() & now.keys()):
        (image, before), (same, after) = then[name], now[name]
        if image == same and before != after:
            found.setdefault((image, before, after), []).append(name)
    return [Change("image", tuple(names), f"digest of {image}", before, after) for (image, before, after), names in found.items()]


def migrated(old: Release, new: Release) -> list[Change]:
    """Return the revisions of the schema that are others; nobody knows those from before they were asked for."""
    before, after = old.revisions, new.revisions
    tasks = sorted(task for task in before.keys() & after.keys() if before[task] != after[task])
    return [Change("schema", (task,), "", before[task], after[task]) for task in tasks]


def _recorded(folder: StackFolder, number: int) -> Release:
    if has_record(folder, number):
        return records.release(folder, number)
    known = [number for number in records.releases(folder) if has_record(folder, number)]
    kept = f"records that are kept: {', '.join(map(str, known))}" if known else "deploy it first"
    raise NoRecord(f"{folder.name} has no record of release {number}", kept)
