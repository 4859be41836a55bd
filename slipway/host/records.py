"""The records of a host: requests that wait, releases that were made, numbers that are never given twice."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..codec import from_json, to_json
from ..errors import HostError
from ..model import Stack
from ..placement import Placement
from . import files
from .journal import Journal
from .layout import StackFolder

SCHEMA = 1
LONGEST_CLAIM = 1000
MIGRATIONS = "migrations.json"
MIGRATED = "migrated.json"
REVISIONS = "revisions.json"
SAME_VERSION = "run site.yml, whose role `stack` brings both to one version"


class OtherVersion(HostError):
    """Controller and host are of different versions."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a controller asks for; the secret values lie elsewhere, by the request's id.

    `again` lets a release through that the host has taken back, `again_of` that of one number; `returns_to` is the release whose
    words this one repeats; `verb` names the verb that made it, empty for site.yml, and `pinned` are the variables it pinned.
    `who` begins with what the host itself knows, and `deployer` is its word too. `counts` asks for other counts of what serves,
    `services` for a restart of these; both for no release. `together` is what several hosts call it that switch at once.
    `canary` is the share of the visitors that meets the release first, None for what the stack file says; `ends` is the canary
    that the verb `promote` or `abort` is about.
    """

    id: str
    stack: Stack
    who: str
    why: str
    at: str
    commit: str = ""
    base: bool = False
    again: bool = False
    again_of: int | None = None
    returns_to: int | None = None
    verb: str = ""
    pinned: Mapping[str, str] = field(default_factory=dict)
    deployer: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    together: str = ""
    canary: int | None = None
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """The record of one release; `verb` is that of the request that made it, `pinned` are the variables a canary was chosen by.

    `revisions` are those of the schema it ran with, by migration task; they lie beside the record, which an engine from before
    reads as well.
    """

    number: int
    fingerprint: str
    stack: Stack
    placement: Placement
    who: str
    why: str
    at: str
    commit: str = ""
    schema: int = SCHEMA
    verb: str = ""
    returns_to: int | None = None
    revisions: Mapping[str, str] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()


def request_of(data: Mapping[str, Any], at: str) -> tuple[Request, dict[str, str]]:
    """Return a controller's request and its secret values."""
    if data.get("schema") != SCHEMA:
        raise OtherVersion(f"this host's engine speaks schema {SCHEMA}, the controller {data.get('schema')}", SAME_VERSION)
    words: dict[str, Any] = {name: plain(data.get(name, "")) for name in ("who", "why", "commit", "verb", "together")}
    made = f"{at.replace('-', '').replace(':', '').replace('.', '').rstrip('Z')}-{secrets.token_hex(3)}"
    try:
        stack = from_json(Stack, data["stack"])
    except (TypeError, KeyError) as error:
        raise OtherVersion(f"this host's engine does not understand the controller: {error}", SAME_VERSION) from error
    words |= {name: bool(data.get(name)) for name in ("base", "again")}
    words |= {name: data.get(name) for name in ("again_of", "returns_to", "canary", "ends")}
    words |= {name: dict(data.get(name) or {}) for name in ("pinned", "counts")}
    words["services"] = tuple(data.get("services") or ())
    return _whole(Request(id=made, stack=stack, at=at, **words)), _whole_values(data.get("secrets", {}))


def plain(text: object) -> str:
    """Return a claim as one short line: it is shown to others on their terminals."""
    return "".join(char for char in str(text) if char.isprintable())[:LONGEST_CLAIM]


def _whole(request: Request) -> Request:
    """Return a request once it can be read back: one that cannot would stand in the way of all that follow."""
    try:
        return from_json(Request, to_json(request))
    except TypeError as error:
        raise OtherVersion(f"this host's engine does not understand the controller: {error}", SAME_VERSION) from error


def _whole_values(values: Any) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise OtherVersion("this host's engine does not understand the controller: secrets are names and texts", SAME_VERSION)
    return dict(values)


def fingerprint(stack: Stack, generation: int | None) -> str:
    """Return what makes two requests the same: the stack as it would be run, and its secrets.

    Pins are no part of it: a digest that is written down later is the one that serves already.
    """
    text = json.dumps({"stack": to_json(replace(stack, pins={})), "secrets": generation}, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def file_request(folder: StackFolder, request: Request) -> None:
    """Put a request where the engine finds it."""
    files.write(folder.requests / f"{request.id}.json", json.dumps(to_json(request)), 0o600)


def waiting(folder: StackFolder) -> list[Request]:
    """Return the requests that wait, oldest first."""
    if not folder.requests.is_dir():
        return []
    return [from_json(Request, json.loads(path.read_text())) for path in sorted(folder.requests.glob("*.json"))]


def drop_request(folder: StackFolder, request: str) -> None:
    """Forget a request that was run."""
    files.remove(folder.requests / f"{request}.json")


def next_number(folder: StackFolder) -> int:
    """Give out the next number; it is used up even if nothing comes of it."""
    number = max([given_number(folder), *releases(folder)]) + 1
    files.write(folder.number, f"{number}\n", 0o640)
    return number


def given_number(folder: StackFolder) -> int:
    """Return the highest number that was ever given out."""
    return int(folder.number.read_text(encoding="ascii")) if folder.number.is_file() else 0


def releases(folder: StackFolder) -> list[int]:
    """Return the numbers of the releases that have a folder."""
    made = folder.path / "releases"
    return sorted(int(path.name) for path in made.iterdir() if path.name.isdigit()) if made.is_dir() else []


def served(folder: StackFolder) -> list[int]:
    """Return the numbers of the releases that served: of a refused one only its record stays."""
    return [number for number in releases(folder) if (folder.release(number) / "compose.json").is_file()]


def migrations(folder: StackFolder) -> list[str]:
    """Return the images whose migrations ran here, in that order; the last one's schema is in force."""
    path = folder.path / MIGRATIONS
    found: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return found


def note_migration(folder: StackFolder, task: str, image: str) -> None:
    """Write down that an image's task migrated to its end; this outlives the records of releases, which are pruned."""
    known = migrations(folder)
    if image not in known:
        files.write(folder.path / MIGRATIONS, json.dumps([*known, image], indent=1), 0o640)
    _keep_migrated(folder, {**migrated(folder), task: image})


def migrated(folder: StackFolder) -> dict[str, str]:
    """Return the image of each migration task that ran to its end and was not begun since."""
    path = folder.path / MIGRATED
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def begin_migration(folder: StackFolder, task: str) -> None:
    """Forget that a task ran to its end: from here on nobody knows how far it came."""
    known = migrated(folder)
    if known.pop(task, None):
        _keep_migrated(folder, known)


def _keep_migrated(folder: StackFolder, known: Mapping[str, str]) -> None:
    files.write(folder.path / MIGRATED, json.dumps(known, indent=1), 0o640)


def revisions(folder: StackFolder) -> dict[str, str]:
    """Return the revisions of the schema in force by migration task, as far as they are known."""
    return _revisions(folder.path / REVISIONS)


def _revisions(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def note_revision(folder: StackFolder, number: int, task: str, revision: str) -> None:
    """Write down which revision the schema has, in the record of the release that brought it there too; empty is unknown."""
    known = {**revisions(folder), task: revision}
    now = {name: text for name, text in known.items() if text}
    files.write(folder.path / REVISIONS, json.dumps(now, indent=1), 0o640)
    keep_release(folder, replace(release(folder, number), revisions=now))


def keep_release(folder: StackFolder, release: Release) -> None:
    """Write a release's record, and its revisions beside it."""
    where = folder.release(release.number)
    if release.revisions:
        files.write(where / REVISIONS, json.dumps(dict(release.revisions), indent=1), 0o600)
    else:
        files.remove(where / REVISIONS)
    files.write(where / "release.json", json.dumps(to_json(replace(release, revisions={})), indent=1), 0o600)


def release(folder: StackFolder, number: int) -> Release:
    """Read a release's record."""
    path = folder.release(number) / "release.json"
    if not path.is_file():
        raise HostError(f"the record of release {number} is missing: {path}", "deploy again: run site.yml")
    found = from_json(Release, json.loads(path.read_text(encoding="utf-8")))
    return replace(found, revisions=_revisions(folder.release(number) / REVISIONS) or found.revisions)


def begun_requests(folder: StackFolder) -> list[str]:
    """Return the waiting requests whose run began: no other run may take them up."""
    begun = {entry["request"] for entry in Journal(folder.journal).entries() if entry.get("event") == "begin"}
    return [request.id for request in waiting(folder) if request.id in begun]


def last_release(folder: StackFolder) -> Release | None:
    """Return the release that was allotted last, whether or not it ever served."""
    numbers = [number for number in releases(folder) if (folder.release(number) / "release.json").is_file()]
    return release(folder, numbers[-1]) if numbers else None


def last_placement(folder: StackFolder) -> Placement | None:
    """Return the placement that was allotted last."""
    last = last_release(folder)
    return last.placement if last else None
