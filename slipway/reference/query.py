"""What a person means by `api.routes.0.drain_seconds`: the words it may stand for, or what was probably meant."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any as AnyValue

from ..errors import SlipwayError
from ..load import keys
from ..load.faults import listed, nearest
from ..load.service import X
from .compose_keys import ComposeKey, root_keys, service_keys
from .entries import ITEM, Entry, Page, entries, everything
from .places import ANY, Part

PAGES: tuple[Page, ...] = ("root", "service", "inventory")
PART = re.compile(r'"([^"]*)"|\[(\d+|\*)\]|([^.\[\]"]+)')


class UnknownWord(SlipwayError):
    """A person asked for a word that is not there."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """A word that was asked for, and the path to it; no service means every service."""

    entry: Entry
    path: tuple[Part, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True)
class ComposeReading:
    """A key of Compose that was asked for, and what below it."""

    key: ComposeKey
    wanted: tuple[str, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True)
class ServiceReading:
    """A service that was asked for as a whole."""

    service: str


Found = Reading | ComposeReading | ServiceReading


@dataclass(frozen=True, slots=True)
class Miss:
    """A way that ends: how far it led, the word that nobody knows there, and the known ones."""

    so_far: tuple[str, ...]
    word: str
    known: tuple[str, ...]


def readings(asked: str, services: Collection[str]) -> list[Found]:
    """Return everything that the words may mean, in an environment with these services.

    Raises UnknownWord with the nearest known word.
    """
    parts = tuple(next(filter(None, match.groups()), "") for match in PART.finditer(asked))
    ways = list(_ways(parts, services))
    found = [way for way in ways if not isinstance(way, Miss)]
    if not found:
        misses = [way for way in ways if isinstance(way, Miss)]
        raise _unknown(max(misses, key=lambda miss: len(miss.so_far), default=Miss((), asked, _everything(services))))
    return found


def _unknown(miss: Miss) -> UnknownWord:
    near = nearest(miss.word, miss.known) if miss.so_far else _anywhere(miss.word, miss.known)
    above = ".".join(miss.so_far)
    where = f" in `{above}`" if above else ""
    hint = "" if near else f"; known here: {listed(miss.known)}"
    return UnknownWord(f"no word `{miss.word}`{where}{f'; {near}' if near else hint}", f"fab explain {above}".rstrip())


def _anywhere(word: str, known: Collection[str]) -> str:
    """Return the word that was probably meant, also from further down, where a part of it was given."""
    deep = {entry.key: asked_as(entry) for page in PAGES for entry in everything(entries(page))}
    part = sorted(key for key in deep if word in key and len(word) > 2)
    near = nearest(word, [*known, *deep]).removeprefix("did you mean `").removesuffix("`?")
    key = part[0] if part else near
    return f"did you mean `{key if key in known else deep[key]}`?" if key else ""


def asked_as(entry: Entry) -> str:
    """Return the path by which a person asks for a word."""
    return ".".join(part for part in entry.path if part != ITEM)


def _everything(services: Collection[str]) -> tuple[str, ...]:
    words = [entry.key for page in PAGES for entry in entries(page)]
    return (*words, *sorted(services), *service_keys(), *root_keys())


def _ways(parts: tuple[str, ...], services: Collection[str]) -> Iterator[Found | Miss]:
    if not parts:
        return
    head, rest = parts[0], parts[1:]
    if head == X:
        yield _word(entries("root"), rest, (X,))
    elif head == "services" and rest:
        yield from _of_service(rest[0], rest[1:], services, ("services",))
    else:
        yield from _bare(parts, services)


def _bare(parts: tuple[str, ...], services: Collection[str]) -> Iterator[Found | Miss]:
    """Yield what a path may mean that does not say where it begins."""
    head, rest = parts[0], parts[1:]
    for page in PAGES:
        if any(entry.key == head for entry in entries(page)):
            yield _word(entries(page), parts, ())
    if head in services:
        yield from _of_service(head, rest, services, ())
    for table in (root_keys(), service_keys()):
        if head in table:
            yield _of_compose(table[head], rest, "")


def _of_service(name: str, parts: tuple[str, ...], services: Collection[str], so_far: tuple[str, ...]) -> Iterator[Found | Miss]:
    if name not in services:
        yield Miss(so_far, name, tuple(sorted(services)))
        return
    here, own = (*so_far, name), parts[1:] if parts[:1] == (X,) else parts
    if not own:
        yield ServiceReading(name)
        return
    compose = service_keys()
    if own == parts and own[0] in compose:
        yield _of_compose(compose[own[0]], own[1:], name)
    known = [entry.key for entry in entries("service")]
    if own[0] in known or own[0] not in compose:
        found = _word(entries("service"), own, here)
        also = tuple(compose) if own == parts else ()
        if isinstance(found, Miss):
            yield Miss(found.so_far, found.word, (*found.known, *also) if found.so_far == here else found.known)
        else:
            yield Reading(found.entry, found.path, name)


def _of_compose(key: ComposeKey, rest: tuple[str, ...], service: str) -> ComposeReading | Miss:
    known = {"deploy": keys.DEPLOY, "healthcheck": keys.HEALTHCHECK}.get(key.name)
    if known and rest and rest[0] not in known:
        return Miss((service, key.name) if service else (key.name,), rest[0], tuple(sorted(known)))
    return ComposeReading(key, rest, service)


def _word(found: Sequence[Entry], parts: tuple[str, ...], so_far: tuple[str, ...]) -> Reading | Miss:
    """Follow a path down a tree of words."""
    wanted: list[Part] = []
    entry: Entry | None = None
    while parts:
        near = next((word for word in found if word.key == parts[0]), None)
        if near is None:
            if entry and not entry.children and entry.shape.cores == (AnyValue,):
                return Reading(entry, (*wanted, *parts))
            return Miss(so_far, parts[0], tuple(word.key for word in found))
        wanted.append(near.key)
        entry, found, so_far, parts = near, near.children, (*so_far, near.key), parts[1:]
        for hole in near.shape.holes:
            if not parts:
                break
            if hole == ITEM and not (parts[0].isdigit() or parts[0] == ANY):
                wanted.append(ANY)
                continue
            wanted.append(int(parts[0]) if hole == ITEM and parts[0].isdigit() else parts[0])
            so_far, parts = (*so_far, parts[0]), parts[1:]
    return Reading(entry, tuple(wanted)) if entry else Miss(so_far, "", tuple(word.key for word in found))
