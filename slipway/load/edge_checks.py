"""What domains, routes and health questions of one stack must say about each other."""

import re
from collections.abc import Iterator

from ..model import Route
from .faults import short
from .rule import Found, StackRule, known
from .service import Draft, X
from .stack import StackDraft

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def domains(draft: StackDraft) -> Iterator[Found]:
    """Names are names, each once."""
    seen: dict[str, str] = {}
    for key, domain in draft.stack.domains.items():
        for word, names in (("name", (domain.name,)), ("redirect_from", domain.redirect_from)):
            for name in names:
                place = draft.at(X, "domains", key, word)
                if DOMAIN.fullmatch(name) is None:
                    yield place, f"`{short(name)}` is no domain name", _advice(name)
                elif name in seen:
                    yield place, f"`{name}` is also a name of `{seen[name]}`", "a name has one place"
                seen.setdefault(name, key)


def _advice(name: str) -> str:
    bare = re.sub(r"^[a-z]+://", "", name.lower()).split("/")[0].split(":")[0].rstrip(".").removeprefix("*.")
    if bare != name and DOMAIN.fullmatch(bare):
        return f"write `{bare}`: no scheme, port, path, `*` or capitals"
    if not name.isascii():
        return "write its ASCII form, which begins with `xn--`"
    return "small letters, digits and `-`, at least one dot: `shop.example.org`"


def passwords(draft: StackDraft) -> Iterator[Found]:
    """A password in front of a domain is no word to be left out quietly."""
    for key, domain in draft.stack.domains.items():
        if domain.access.password is not None:
            place = draft.at(X, "domains", key, "access", "password")
            yield place, "the edge cannot ask for a password yet", "use `access.allow` with networks"


def origins(draft: StackDraft) -> Iterator[Found]:
    """Other origins are named before anything is allowed to them."""
    for key, domain in draft.stack.domains.items():
        place = draft.at(X, "domains", key, "cors")
        written = draft.at(X, "domains", key)[0].mapping.get("cors")
        if written and written.mapping and "origins" not in written.mapping:
            yield place, "`cors` without `origins` does nothing", "write `origins: [https://shop.example.org]`, or remove it"
        elif domain.cors.credentials and "*" in domain.cors.origins:
            yield place, "no browser sends cookies where every origin may call", "name the origins, or remove `credentials`"


def routes(draft: StackDraft) -> Iterator[Found]:
    """A route leads from a domain that exists, and no two from the same place."""
    seen: dict[tuple[str, str], str] = {}
    own = draft.root.mapping.get(X)
    written = own.mapping.get("domains") if own else None
    names = {*draft.stack.domains, *(written.mapping if written else ())}  # one that is wrong is there all the same
    for service in draft.services.values():
        for index, route in enumerate(service.service.routes):
            place = service.at(X, "routes", index)
            if route.domain not in names:
                hint = known(route.domain, names, f"{X}.domains")
                yield place, f"no domain `{short(route.domain)}`", hint
            elif (key := (route.domain, route.path)) in seen:
                yield place, f"`{route.domain}` with `{short(route.path)}` also leads to `{seen[key]}`", "change one path"
            else:
                seen[key] = service.name


def route_words(draft: StackDraft) -> Iterator[Found]:
    """Words of a route that cannot both be meant."""
    for service in draft.services.values():
        for index, route in enumerate(service.service.routes):
            node, path = service.at(X, "routes", index)
            for word, message, hint in _contradictions(route, frozenset(node.mapping)):
                yield service.at(*path[2:], word), message, hint


def _contradictions(route: Route, written: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    streams = route.websocket or not route.buffering
    if route.protocol == "grpc":
        yield "protocol", "the edge cannot speak gRPC yet", "route HTTP only"
    if route.cache and streams:
        yield "cache", "a stream cannot be kept in a cache", "give the cached paths a route of their own"
    if "idle_seconds" in written and not streams:
        yield "idle_seconds", "is for `websocket: true` and `buffering: false`", "use `timeout_seconds`"
    if "timeout_seconds" in written and streams:
        yield "timeout_seconds", "is not for streams", "use `idle_seconds`, the longest silence"


def served_paths(draft: StackDraft) -> Iterator[Found]:
    """What the edge serves itself has a domain, and a path that no route has."""
    taken: dict[tuple[str, str], str] = {
        (route.domain, route.path): f"a route to `{service.name}`"
        for service in draft.services.values()
        for route in service.service.routes
    }
    for service in draft.services.values():
        for word in ("assets", "public"):
            served = getattr(service.service, word)
            if served is None:
                continue
            if not service.own.get("routes"):
                yield service.at(X, word), f"`{word}` on a service without a route", "its domain is that of the route: add one"
            for domain in sorted({route.domain for route in service.service.routes}):
                if (owner := taken.get((domain, served.path))) is not None:
                    yield service.at(X, word, "path"), f"`{short(served.path)}` is already {owner}", "change one path"
                taken[domain, served.path] = f"the path of `{service.name}`'s `{word}`"


def throttled_health(draft: StackDraft) -> Iterator[Found]:
    """A limit must not answer the probe with 429."""
    for service in draft.services.values():
        found = service.service
        covering = [route for route in found.routes if found.health and found.health.path.startswith(route.path)]
        if found.health is None or not covering:
            continue
        route = max(covering, key=lambda route: len(route.path))
        if route.rate.requests * found.health.interval_seconds < route.rate.per_seconds:
            hint = "raise `rate.requests`, ask less often, or give the path a route of its own"
            yield service.at(X, "health"), f"the limit of `{short(route.path)}` would throttle the health question", hint


def reachable(draft: StackDraft) -> Iterator[Found]:
    """The edge reaches a replica at an address of its own."""
    for service in draft.services.values():
        if not service.says("network_mode"):
            continue
        if service.says("networks"):
            yield service.at("network_mode"), "`network_mode` beside `networks`", "Compose takes one of them: remove the other"
        elif service.own.get("routes") and _mode(service) != "host":  # `host` has a rule of its own
            hint = "remove it: the edge asks each replica at its own address"
            yield service.at("network_mode"), "a routed service without a network of the stack", hint


def _mode(service: Draft) -> str:
    return str(service.service.compose.get("network_mode", ""))


RULES: tuple[StackRule, ...] = (
    domains,
    passwords,
    origins,
    routes,
    route_words,
    served_paths,
    throttled_health,
    reachable,
)
