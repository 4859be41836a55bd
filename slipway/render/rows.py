"""What the site's template prints: flat rows with every word decided."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpstreamRow:
    """A service's port: one server per slot, so that nginx's own balancing works over the switch."""

    name: str
    servers: tuple[str, ...]
    balance: str


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """The shared memory of a limit on requests."""

    name: str
    key: str
    rate: str


@dataclass(frozen=True, slots=True)
class MapRow:
    """A variable made from another: pairs of pattern and value, both quoted."""

    name: str
    source: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SplitRow:
    """Visitors dealt out by a key: a percentage of them on the side `canary`, the rest on `stable`."""

    key: str
    side: str
    percent: int


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """A header of every answer; an empty value sends none."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit on requests where it applies."""

    zone: str
    burst: int


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A path of a domain."""

    path: str
    service: str
    kind: str
    upstream: str
    limits: tuple[LimitRow, ...]
    connections_zone: str
    connections: int
    retry_after: int
    body_mb: int
    silence_seconds: int
    websocket: bool
    buffering: str
    rewrite: str
    preflight: str


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A domain: its name, the names that lead to it, certificate, headers and paths."""

    name: str
    pattern: str
    redirect_from: tuple[str, ...]
    certificate: str
    allow: tuple[str, ...]
    headers: tuple[HeaderRow, ...]
    hidden: tuple[str, ...]
    locations: tuple[LocationRow, ...]
    answers_all: bool
