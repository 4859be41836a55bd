"""What becomes of each mount: a volume, a file that is shipped, source code for the laptop, or a question."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..load.folder import NotShipped
from ..load.mounts import DOCKER_SOCKETS
from . import data as loose
from .changes import Drop, Put, Write
from .images import POSTGRES, KnownStore
from .layout import Path
from .sketch import Sketch
from .team import Bound, Facts

Fate = Literal["keep", "volume", "ship", "laptop", "away"]

CLOCKS = ("/etc/localtime", "/etc/timezone")
CODE_TARGETS = re.compile(
    r"/(app|code|src|source|workspace|project|usr/src(/app)?|srv(/app)?|var/www(/html)?|home/\w+(/app)?|opt/app|rails)/?"
)
INSTALLED = re.compile(r"(^|/)(node_modules|\.next|vendor|\.venv|venv|target|bin|obj|__pycache__)$")
SETTINGS = re.compile(r"/(etc|docker-entrypoint[\w.-]*|config|conf|usr/local/etc|usr/share|opt/[\w.-]+/(etc|conf|config))(/|$)")
SYSTEM = re.compile(r"/(dev|proc|sys|etc|run|var/run|lib|usr|boot|bin|sbin|tmp|root|var/lib/docker|var/log)?(/|$)")
DATA_NAMES = re.compile(
    r"(^|[/_.-])(data|db|database|storage|uploads?|media|files|volumes?|backups?|logs?|cache|state|appdata|persist\w*|dump|var|assets)([/_.-]|$)"
    r"|data$",
    re.IGNORECASE,
)
SECRET_FILE = re.compile(
    r"(^|/)(\.env[^/]*|[^/]*\.(pem|key|p12|pfx|jks)|id_(rsa|ed25519)|[^/]*(secret|passw|htpasswd|credential)[^/]*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a mount, and why."""

    fate: Fate
    why: str = ""
    name: str = ""


def propose_mounts(sketch: Sketch, facts: Facts) -> list[str]:
    """Propose what becomes of a service's mounts; return the named volumes it has afterwards."""
    path = (*facts.path, "volumes")
    volumes: list[str] = []
    dropped: set[int] = set()
    for mount in facts.mounts:
        ruling = _ruling(sketch, facts, mount)
        if ruling.fate in ("away", "laptop"):
            dropped.add(mount.index)
        volumes += _followed(sketch, facts, mount, ruling)
    if dropped:
        sketch.changes.append(Drop(path, frozenset(dropped)))
    return volumes or _missing_volume(sketch, facts)


def _followed(sketch: Sketch, facts: Facts, mount: Bound, ruling: Ruling) -> list[str]:
    """Propose what a ruling says; return the named volume there is then."""
    place: Path = (*facts.path, "volumes", mount.index)
    if ruling.fate == "ship":
        _ship(sketch, mount, place)
    elif ruling.fate == "volume":
        sketch.declare("volumes", ruling.name)
        sketch.guess(place, ruling.why, Write(place, f"{ruling.name}:{mount.target}{_ending(mount)}"))
        return [ruling.name]
    elif ruling.why:
        sketch.change(place, ruling.why)
    if ruling.fate == "laptop":
        sketch.laptop(facts, "volumes", [facts.data["volumes"][mount.index]])
    if ruling.fate == "keep" and mount.kind == "volume" and mount.source:
        _declare(sketch, place, "volumes", mount.source)
        return [mount.source]
    return []


def _declare(sketch: Sketch, place: Path, group: str, name: str) -> None:
    """Declare a volume that the team uses and declared nowhere."""
    if name not in loose.mapping(sketch.team.data.get(group)) and re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        sketch.declare(group, name)
        sketch.change(place, f"`{name}` is declared at the root")


def _ruling(sketch: Sketch, facts: Facts, mount: Bound) -> Ruling:
    if mount.kind == "volume":
        return Ruling("keep") if mount.source else _of_anonymous(facts, mount)
    if mount.kind != "bind" or mount.source in DOCKER_SOCKETS:
        return Ruling("keep")
    if mount.source in CLOCKS:
        return Ruling("away", "the host's clock is UTC; give the service a `TZ` variable")
    kind = sketch.team.beside.kind(mount.source) if _is_near(mount.source) else ""
    if _holds_data(facts, mount, kind):
        name = volume_name(facts.name, mount.source if mount.raw[:1] == "." else mount.target)
        return Ruling("volume", f"`{mount.raw}` becomes the volume `{name}`: copy the data of today into it", name)
    if mount.source.startswith(("/", "~")) or mount.raw[:1] == "$":
        return Ruling("keep")
    if _is_code(facts, mount, kind):
        return Ruling("laptop", "source code is in the image; mounted on the laptop by compose.override.yml")
    return Ruling("ship") if kind else Ruling("keep")


def _is_near(source: str) -> bool:
    return bool(source) and not source.startswith(("/", "~"))


def _of_anonymous(facts: Facts, mount: Bound) -> Ruling:
    if INSTALLED.search(mount.target.rstrip("/")):
        return Ruling("laptop", "it keeps the laptop's mount from hiding a folder of the image")
    name = volume_name(facts.name, mount.target)
    return Ruling("volume", f"an anonymous volume is lost with its container: it is called `{name}` now", name)


def _holds_data(facts: Facts, mount: Bound, kind: str) -> bool:
    """Say whether a bind is where a service keeps data."""
    if kind == "file" or mount.read_only or SETTINGS.search(mount.target):
        return False
    if facts.store is not None and mount.target.rstrip("/") in facts.store.data:
        return SYSTEM.match(mount.source) is None
    if CODE_TARGETS.fullmatch(mount.target) and facts.builds:
        return False
    if kind == "" and mount.raw[:1] == "." and not facts.builds and "." not in posixpath.basename(mount.target):
        return True  # Compose makes such a folder, and the service fills it
    looks = bool(DATA_NAMES.search(mount.source) or DATA_NAMES.search(mount.target.rstrip("/")))
    has_ending = "." in posixpath.basename(mount.target)
    return looks and not has_ending and SYSTEM.match(mount.source) is None


def _is_code(facts: Facts, mount: Bound, kind: str) -> bool:
    source = posixpath.normpath(mount.source)
    if source == "." or (facts.builds and CODE_TARGETS.fullmatch(mount.target)):
        return True
    build = facts.data.get("build")
    context = posixpath.normpath(loose.text(build.get("context") if isinstance(build, Mapping) else build) or ".")
    inside = context in (".", source) or source.startswith(f"{context}/")
    return facts.builds and inside and not SETTINGS.search(mount.target) and not mount.read_only and kind != "file"


def _ship(sketch: Sketch, mount: Bound, place: Path) -> None:
    """Propose that files of the team's folder are shipped with the stack."""
    try:
        found = sketch.team.beside.shippable(mount.source)
    except NotShipped:
        return
    if keys := [name for name, text in found.texts.items() if SECRET_FILE.search(name) or "PRIVATE KEY-----" in text]:
        sketch.guess(place, f"not copied: `{keys[0]}` looks like a secret; hand it over as one")
        return
    source = posixpath.normpath(mount.source)
    home = source.lstrip("./") if source.startswith("../") else source
    copies = {posixpath.join(posixpath.dirname(home), name): text for name, text in found.texts.items()}
    sketch.copies.update(copies)
    sketch.programs.update(posixpath.join(posixpath.dirname(home), name) for name in found.programs)
    is_moved = home != source or mount.raw != mount.source
    changes = [Write(place, f"./{home}:{mount.target}{_ending(mount)}")] if is_moved else []
    what = f"{len(copies)} files of `{home}`" if len(copies) > 1 else f"`{next(iter(copies), home)}`"
    sketch.change(place, f"{what} copied beside the new stack file and shipped with it", *changes)


def _ending(mount: Bound) -> str:
    return ":ro" if mount.read_only else ""


def volume_name(service: str, path: str) -> str:
    """Return a name for a volume, from the service and the last name of a path."""
    last = re.sub(r"[^a-z0-9]+", "-", posixpath.basename(path.rstrip("/")).lower()).strip("-")
    return f"{service}-{last}" if last and last != service else f"{service}-data"


def _missing_volume(sketch: Sketch, facts: Facts) -> list[str]:
    """Propose a volume for a database whose data would go with its container."""
    store = facts.store
    if store is None or not store.keeps or store.engine == "redis" or not store.data or facts.mounts or facts.data.get("tmpfs"):
        return []
    name = f"{facts.name}-data"
    sketch.declare("volumes", name)
    path = (*facts.path, "volumes")
    sketch.guess(path, "a volume: without one its data goes with the container", Put(path, [f"{name}:{_home(facts, store)}"]))
    return [name]


def _home(facts: Facts, store: KnownStore) -> str:
    """Return where a store's image keeps its data; Postgres moved it with version 18."""
    version = re.match(r"\d+", facts.image.rpartition(":")[2])
    return store.data[1] if store == POSTGRES and version and int(version[0]) >= 18 else store.data[0]


def propose_root_volumes(sketch: Sketch) -> None:
    """Take the options of volumes that Slipway sets itself out of the root."""
    for name, options in loose.mapping(sketch.team.data.get("volumes")).items():
        away: dict[str, Any] = loose.mapping(options)
        if not away:
            continue
        device = loose.text(loose.mapping(away.get("driver_opts")).get("device"))
        path = ("volumes", name)
        why = "names and places of volumes are Slipway's"
        if device and not device.startswith("tmpfs"):
            sketch.guess(path, f"{why}: copy the data of `{device}` into it", Write(path, {}))
        else:
            sketch.change(path, why, Write(path, {}))
