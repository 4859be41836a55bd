"""What a team's Compose file says, service by service, in one form each. Judges nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..load.folder import Shipped
from ..load.interpolation import Scope, fill, unescaped
from . import data as loose
from .data import Data
from .images import KnownStore, base_name, known_store, store_by_target

PORT = re.compile(r"(?:(?P<ip>\[[^\]]*\]|[\d.]+):)?(?:(?P<outer>[\d-]*):)?(?P<inner>\d+)(?:-\d+)?(?:/(?P<protocol>\w+))?")
SOURCES = "./~$"


class Surroundings(Protocol):
    """What lies beside the team's file; paths are relative to its folder."""

    def kind(self, path: str) -> str:
        """Return `file`, `folder` or nothing."""

    def lines(self, path: str) -> str | None:
        """Return the text of a file, or None if there is none that can be read."""

    def shippable(self, path: str) -> Shipped:
        """Return a file, or all files of a folder, named from the folder above; raise NotShipped with the reason."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the person asked for."""

    name: str
    environment: str
    domain: str = ""
    host: str = ""
    registry: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A published port: which item of `ports` it is, and the port inside."""

    index: int
    port: int
    protocol: str
    written: Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A mount: which item of `volumes` it is, its kind, and its two ends; `raw` is the source as written."""

    index: int
    kind: str
    source: str
    target: str
    raw: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """A service as the team wrote it, variables filled in from `.env`."""

    name: str
    data: Data
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    ports: tuple[Published, ...]
    mounts: tuple[Bound, ...]
    waits: Mapping[str, str]

    @property
    def path(self) -> tuple[str, str]:
        """Return where it stands."""
        return ("services", self.name)

    @property
    def own(self) -> Data:
        """Return what `x-slipway` says already."""
        return loose.mapping(self.data.get("x-slipway"))

    @property
    def builds(self) -> bool:
        """Say whether the team builds its image."""
        return bool(self.data.get("build"))

    @property
    def base(self) -> str:
        """Return its image's last name."""
        return base_name(self.image)

    @property
    def line(self) -> str:
        """Return its command as one line."""
        return " ".join(self.command)

    @property
    def store(self) -> KnownStore | None:
        """Return the store it is, by its image or by where its data lies."""
        found = known_store(self.image) if self.image else None
        if found is None and self.builds:
            found = next(filter(None, (store_by_target(mount.target) for mount in self.mounts)), None)
        return found


@dataclass(frozen=True, slots=True)
class Team:
    """A team's file: its text and what it means; `values` are those of the `.env` beside it."""

    order: Order
    file: str
    text: str
    values: Mapping[str, str]
    beside: Surroundings
    data: Data = field(default_factory=dict)

    @property
    def services(self) -> Data:
        """Return the services as plain data."""
        return loose.mapping(self.data.get("services"))

    def filled(self, value: Any) -> str:
        """Return a text with the variables of `.env` and the defaults filled in; without a value nothing is put in."""
        return unescaped(fill(loose.text(value), Scope(self.values, frozenset())).text)

    def facts(self, name: str) -> Facts:
        """Return what a service says."""
        data = loose.mapping(self.services.get(name))
        line = [*loose.words(data.get("entrypoint")), *loose.words(data.get("command"))]
        return Facts(
            name=name,
            data=data,
            image=self.filled(data.get("image")),
            command=tuple(map(self.filled, line)),
            environment=self.all_filled(loose.pairs(data.get("environment"))),
            labels=self.all_filled(
                {**loose.pairs(loose.mapping(data.get("deploy")).get("labels")), **loose.pairs(data.get("labels"))}
            ),
            ports=tuple(self.published(data.get("ports"))),
            mounts=tuple(self.mounts(data.get("volumes"))),
            waits=_waits(data.get("depends_on")),
        )

    def all_filled(self, found: Mapping[str, str | None]) -> dict[str, str]:
        """Return texts with their variables filled in; a bare name takes the value of `.env`."""
        return {key: self.values.get(key, "") if value is None else self.filled(value) for key, value in found.items()}

    def published(self, written: Any) -> list[Published]:
        """Return the published ports, as far as they can be read."""
        found = []
        for index, item in enumerate(loose.items(written)):
            if isinstance(item, dict):
                inner, protocol = self.filled(item.get("target")), self.filled(item.get("protocol")) or "tcp"
            else:
                match = PORT.fullmatch(self.filled(item))
                inner, protocol = (match["inner"], match["protocol"] or "tcp") if match else ("", "tcp")
            if inner.isdigit() and 0 < int(inner[:6]) < 65536:
                found.append(Published(index, int(inner[:6]), protocol, item))
        return found

    def mounts(self, written: Any) -> list[Bound]:
        """Return the mounts, as far as they can be read."""
        return [mount for index, item in enumerate(loose.items(written)) if (mount := self.mount(index, item))]

    def mount(self, index: int, item: Any) -> Bound | None:
        """Return one mount in either syntax."""
        if isinstance(item, dict):
            raw, target = loose.text(item.get("source")), self.filled(item.get("target"))
            kind = loose.text(item.get("type")) or "volume"
            return Bound(index, kind, self.filled(raw), target, raw, bool(item.get("read_only"))) if target else None
        raw_parts, parts = _split(loose.text(item)), _split(self.filled(item))
        if not parts or not (parts[0] or raw_parts[0]):
            return None
        if len(parts) == 1:
            return Bound(index, "volume", "", parts[0], "", read_only=False)
        kind = "bind" if raw_parts[0][:1] in SOURCES or parts[0][:1] in SOURCES else "volume"
        options = parts[2].split(",") if len(parts) > 2 else []
        return Bound(index, kind, parts[0] or raw_parts[0], parts[1], raw_parts[0], "ro" in options)


def _split(spec: str) -> list[str]:
    """Split a mount at colons that stand in no variable."""
    parts, depth = [""], 0
    for letter in spec:
        depth += (letter == "{") - (letter == "}")
        if letter == ":" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _waits(written: Any) -> dict[str, str]:
    if isinstance(written, dict):
        return {name: loose.text(loose.mapping(item).get("condition")) or "service_started" for name, item in written.items()}
    return dict.fromkeys(loose.texts(written), "service_started")


def read_values(text: str) -> dict[str, str]:
    """Return the values of an env file, in Compose's reading of it: quotes, `export`, comments."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()):
            continue
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> str:
    if text[:1] in ("'", '"') and (end := text.find(text[0], 1)) > 0:
        return text[1:end]
    return re.split(r"\s+#", text, maxsplit=1)[0].strip() if not text.startswith("#") else ""
