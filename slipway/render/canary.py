"""Render how a site leads a share of its visitors to a canary: by a number that each visitor keeps in a cookie.

The release's number is part of what is dealt by, so that each canary meets others; as long as one runs, nobody moves. It is the
site of the release that serves: the canary stands behind the same names, paths, limits and headers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Service, Stack
from ..placement import Placed
from . import names, switch
from .nginx_text import quoted, variable
from .rows import HeaderRow, MapRow, SplitRow

CANARY, STABLE = "canary", "stable"
KEPT_SECONDS = 7 * 86400
NUMBER = '"~^[0-9a-f]{32}$"'
SHARED = '"~*(public|immutable|s-maxage)"'  # answers that caches may keep for all: one with a cookie would give many its number


@dataclass(frozen=True, slots=True)
class Share:
    """The percentage of a site's visitors that a canary meets."""

    canary: Placed
    percent: int


def cookie(stack: str) -> str:
    """Return the name of the cookie that holds a visitor's number; nginx reads none whose name has a hyphen."""
    return f"slipway_{stack.replace('-', '_')}"


def domain(stack: Stack) -> str:
    """Return the name above all others of a stack, empty without one: a page and what it asks beside it stay together."""
    found = [one.name for one in stack.domains.values()]
    above = [name for name in found if "." in name and all(one == name or one.endswith(f".{name}") for one in found)]
    return above[0] if above and len(found) > 1 else ""


def split(stack: Stack, share: Share) -> SplitRow:
    """Return how visitors are dealt out."""
    return SplitRow(f"{share.canary.number}.${_name(stack, 'visitor')}", _name(stack, "side"), share.percent)


def maps(stack: Stack, upstreams: Sequence[str]) -> list[MapRow]:
    """Return the maps that a split needs; `upstreams` are those of the release that serves which the canary has too."""
    source, above = f"$cookie_{cookie(stack.name)}", f"; Domain={domain(stack)}" if domain(stack) else ""
    given = f"{cookie(stack.name)}=$request_id; Path=/{above}; Max-Age={KEPT_SECONDS}; Secure; HttpOnly; SameSite=Lax"
    return [
        MapRow(_name(stack, "visitor"), source, (("default", "$request_id"), (NUMBER, source))),
        MapRow(_name(stack, "cookie"), source, (("default", f'"{given}"'), (NUMBER, '""'))),
        MapRow(_name(stack, "given"), "$sent_http_cache_control", (("default", f"${_name(stack, 'cookie')}"), (SHARED, '""'))),
        *(_led(stack, upstream) for upstream in sorted(upstreams)),
    ]


def _led(stack: Stack, upstream: str) -> MapRow:
    pairs = (("default", quoted(upstream)), (CANARY, quoted(named(upstream))))
    return MapRow(variable(stack.name, upstream, "up"), f"${_name(stack, 'side')}", pairs)


def named(upstream: str) -> str:
    """Return the canary's upstream beside one of the release that serves."""
    return f"{upstream}.{CANARY}"


def chosen(stack: Stack, upstream: str) -> str:
    """Return the variable that holds the upstream of a visitor's side."""
    return f"${variable(stack.name, upstream, 'up')}"


def header(stack: Stack) -> HeaderRow:
    """Return the header that gives a visitor a number; empty where there is one, and on what caches may keep for others."""
    return HeaderRow("Set-Cookie", f"${_name(stack, 'given')}")


def servers(share: Share, service: Service, port: int) -> tuple[str, ...]:
    """Return the canary's slots for a port of a service."""
    count, slots = len(switch.replicas(share.canary.stack.services[service.name])), share.canary.placement.canary_slots
    return tuple(f"{names.EDGE_ADDRESS}:{slots[names.slot(service.name, port, index + 1)]}" for index in range(count))


def _name(stack: Stack, what: str) -> str:
    return variable(stack.name, CANARY, what)
