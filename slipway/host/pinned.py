"""What was chosen for a stack on this host, so that files from before undo nothing that somebody has deployed since.

A deploy by a verb pins variables and digests. Files that ask for a value which served here before that deploy are older than
it: site.yml leaves the release. A value that never served here is a new wish and goes through.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..codec import from_json, to_json
from ..model import Stack
from . import files, records
from .layout import StackFolder
from .records import Release, Request

FILE = "pinned.json"
CHOOSING = ("deploy", "rollback")  # verbs by which a person says what is to serve
SHOWN = 19  # `sha256:` and twelve digits tell two images apart


@dataclass(frozen=True, slots=True)
class Chosen:
    """The names that the last verb pinned, none after site.yml, by whom and why; and every value that ever served here."""

    names: tuple[str, ...] = ()
    who: str = ""
    why: str = ""
    at: str = ""
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Older:
    """A value of the files that served before the one that serves."""

    name: str
    asked: str
    serves: str

    def __str__(self) -> str:
        """Return it for a sentence."""
        return f"{self.name} {self.asked[:SHOWN]} is asked for, {self.serves[:SHOWN]} serves"


def left(folder: StackFolder, current: Release, request: Request) -> str:
    """Return why a request by site.yml leaves what serves, or nothing where it is to be put in force."""
    chosen = read(folder)
    old = [] if request.verb else list(older(current, request.stack, chosen))
    if not old:
        return ""
    asked = "; ".join(map(str, old))
    since = f"{chosen.who} chose it since ({chosen.why}, {chosen.at[:16]}Z)"
    ways = (
        "pull the pin that was committed",
        "`fab pin {}` to take over what serves",
        "`fab deploy {}` to put these files in force",
    )
    said = f"release {current.number} is left as it is: {since}, and these files are older: {asked}"
    return f"{said}\n  next: {', or '.join(ways).format(folder.name, folder.name)}"


def older(current: Release, asked: Stack, chosen: Chosen) -> Iterator[Older]:
    """Yield what is asked for and served here before what was chosen since."""
    for name in chosen.names:
        serves, value = current.stack.variables.get(name, ""), asked.variables.get(name)
        if value != serves and value is not None and value in chosen.known.get(name, ()):
            yield Older(name, value, serves)
    digests = _digests(current) if chosen.names else {}
    for image, digest in asked.pins.items():
        if digest != digests.get(image, digest) and digest in chosen.known.get(image, ()):
            yield Older(image, digest, digests[image])


def agree(current: Release, stack: Stack) -> bool:
    """Say whether the digests that a stack asks for are those that serve."""
    digests = _digests(current)
    return all(digests.get(image) in (None, digest) for image, digest in stack.pins.items())


def note(folder: StackFolder, release: Release, request: Request) -> None:
    """Write down what serves, and what was chosen of it; this outlives the records of releases, which are pruned."""
    before = read(folder)
    known = dict(before.known)
    for name, value in _settings(release):
        known[name] = (*(old for old in known.get(name, ()) if old != value), value)
    by = (
        before
        if request.verb and request.verb not in CHOOSING
        else Chosen(tuple(sorted(request.pinned)), request.who, request.why, request.at)
    )
    _keep(folder, replace(by, known=known))


def forget(folder: StackFolder, bad: Release, *good: Release) -> None:
    """Forget what only a release had that turned bad: files that ask for it are not older, they are refused as held."""
    before, gone = read(folder), set(_settings(bad)).difference(*map(_settings, good))
    known = {name: tuple(value for value in values if (name, value) not in gone) for name, values in before.known.items()}
    _keep(folder, replace(before, known=known))


def _keep(folder: StackFolder, chosen: Chosen) -> None:
    files.write(folder.path / FILE, json.dumps(to_json(chosen), indent=1, sort_keys=True), 0o640)


def read(folder: StackFolder) -> Chosen:
    """Return what was chosen; on a host that has not written it down yet the records tell what served."""
    path = folder.path / FILE
    if path.is_file():
        return from_json(Chosen, json.loads(path.read_text(encoding="utf-8")))
    made = [records.release(folder, number) for number in records.served(folder)]
    settings = [setting for release in made for setting in _settings(release)]
    return Chosen(known={name: tuple(dict.fromkeys(value for other, value in settings if other == name)) for name, _ in settings})


def _settings(release: Release) -> Iterator[tuple[str, str]]:
    yield from release.stack.variables.items()
    yield from _digests(release).items()


def _digests(release: Release) -> dict[str, str]:
    """Return the digest of each image by its name."""
    services = release.stack.services
    found = {services[name].image: reference for name, reference in release.placement.images.items() if name in services}
    return {image: f"sha256:{digest}" for image, reference in found.items() if (digest := reference.rpartition("sha256:")[2])}
