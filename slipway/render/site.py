"""Render a stack's nginx site: rows computed here and in `headers`, text in the template.

Nothing here reads a certificate: paths are constant, the links behind them move.
"""

import math
import re
from ipaddress import ip_network

from ..errors import ReleaseRefused
from ..model import Domain, Kind, Rate, Route, Service, Stack
from ..placement import Host, Placement
from . import canary, headers, maintenance, masked_query, names, switch
from .canary import Share
from .nginx_text import filled, host_name, quoted, token, variable
from .rows import LimitRow, LocationRow, ServerRow, UpstreamRow, ZoneRow

HTTPS = 443
HTTP2_DIRECTIVE = (1, 25, 1)  # nginx knows `http2 on;` from here; older ones say it at `listen`
MADE_UP_KEYS = 10  # a client that makes up keys gets, by its address, this many times the rate

Routed = tuple[Service, Route]


def site(stack: Stack, placement: Placement, host: Host, template: str, share: Share | None = None) -> str:
    """Return the text of the stack's site, with a share of its visitors led to a canary; empty for a stack without domains."""
    if not stack.domains:
        return ""
    _refuse_what_would_lie(stack)
    servers = [_server(stack, key, stack.domains[key], share) for key in sorted(stack.domains)]
    modern = host.nginx >= HTTP2_DIRECTIVE
    addresses = ("", "[::]:") if host.ipv6 else ("",)
    return filled(
        template,
        stack=stack.name,
        stack_word=quoted(stack.name),
        upstreams=[*_upstreams(stack, placement), *(_canarys(stack, share) if share else [])],
        split=canary.split(stack, share) if share else None,
        maps=[
            *(row for key in sorted(stack.domains) for row in headers.maps(stack, key, stack.domains[key])),
            *masked_query.maps(stack),
            *(canary.maps(stack, [row.name for row in _upstreams(stack, placement, "web")]) if share else []),
        ],
        masked_query=masked_query.name(stack),
        keys=_keys(stack),
        zones=_zones(stack),
        connection_zones=[_zone(stack, route, "connections") for _, route in _routes(stack)],
        servers=servers,
        maintenance=maintenance.included(stack.name),
        names=[name for server in servers for name in (server.name, *server.redirect_from)],
        port="" if host.https_port == HTTPS else f":{host.https_port}",
        listen_https=[f"{address}443 ssl{'' if modern else ' http2'}" for address in addresses],
        listen_http=[f"{address}80" for address in addresses],
        http2_directive=modern,
    )


def _refuse_what_would_lie(stack: Stack) -> None:
    """Refuse words whose absence nobody would notice until it hurts."""
    for key, domain in sorted(stack.domains.items()):
        if domain.access.password:
            raise ReleaseRefused(f"domain {key} of {stack.name}: access.password is not carried out yet", "use access.allow")
    for service, route in _routes(stack):
        if route.protocol == "grpc":
            raise ReleaseRefused(
                f"service {service.name} of {stack.name}: protocol grpc is not carried out yet", "route HTTP only"
            )


def _routes(stack: Stack) -> list[Routed]:
    found = [(service, route) for service in switch.routed(stack) for route in service.routes]
    return sorted(found, key=lambda item: (item[1].domain, item[1].path))


def _upstreams(stack: Stack, placement: Placement, *kinds: Kind) -> list[UpstreamRow]:
    found: dict[str, UpstreamRow] = {}
    for service, route in _routes(stack):
        slots = [
            placement.slots[names.slot(service.name, route.port, index + 1)] for index in range(len(switch.replicas(service)))
        ]
        name = _upstream(stack, service, route)
        if service.kind in (kinds or (service.kind,)):
            found[name] = UpstreamRow(name, tuple(f"{names.EDGE_ADDRESS}:{slot}" for slot in slots), _balance(route))
    return [found[name] for name in sorted(found)]


def _canarys(stack: Stack, share: Share) -> list[UpstreamRow]:
    """Return the upstreams of a canary, one beside each of the release that serves; stores are the same for both."""
    routes = [(service, route) for service, route in _routes(stack) if service.kind == "web"]
    found = {canary.named(_upstream(stack, service, route)): (service, route) for service, route in routes}
    return [
        UpstreamRow(name, canary.servers(share, service, route.port), _balance(route))
        for name, (service, route) in sorted(found.items())
    ]


def _balance(route: Route) -> str:
    return "hash $remote_addr consistent" if route.sticky == "address" else "least_conn"


def _upstream(stack: Stack, service: Service, route: Route) -> str:
    sticky = ".sticky" if route.sticky == "address" else ""
    return f"{stack.name}.{service.name}.{route.port}{sticky}"


def _zone(stack: Stack, route: Route, what: str) -> str:
    return token(stack.name, route.domain, route.path, what)


def _keys(stack: Stack) -> list[tuple[str, str]]:
    """Return the maps that make a limit's key from a header: variable and the header's variable."""
    return [(_key_variable(stack, route), f"$http_{_header(route.rate)}") for _, route in _routes(stack) if _header(route.rate)]


def _key_variable(stack: Stack, route: Route) -> str:
    return variable(stack.name, f"{route.domain}{route.path}", "key")


def _header(rate: Rate) -> str:
    return rate.by.removeprefix("header:").strip().lower().replace("-", "_") if rate.by.startswith("header:") else ""


def _zones(stack: Stack) -> list[ZoneRow]:
    return [zone for _, route in _routes(stack) for zone in _zones_of(stack, route)]


def _zones_of(stack: Stack, route: Route) -> list[ZoneRow]:
    """Return the zones of a route's rate; one by a header is bounded by address too, against keys that are made up."""
    header, per = _header(route.rate), "s" if route.rate.per_seconds == 1 else "m"
    by_address, rate = "$binary_remote_addr", route.rate.requests
    if not header:
        return [ZoneRow(_zone(stack, route, "rate"), by_address, f"{rate}r/{per}")]
    # Named by the header: a reload refuses a zone whose key changed, although `nginx -t` lets it pass.
    return [
        ZoneRow(_zone(stack, route, f"rate_{header}"), f"${_key_variable(stack, route)}", f"{rate}r/{per}"),
        ZoneRow(_zone(stack, route, "guard"), by_address, f"{rate * MADE_UP_KEYS}r/{per}"),
    ]


def _server(stack: Stack, key: str, domain: Domain, share: Share | None) -> ServerRow:
    locations = tuple(_location(stack, service, route, share) for service, route in _routes(stack) if route.domain == key)
    return ServerRow(
        name=host_name(domain.name),
        pattern=f'"^{re.escape(domain.name)}(:[0-9]+)?$"',
        redirect_from=tuple(map(host_name, domain.redirect_from)),
        certificate=f"{names.CERTIFICATES}/{domain.name}/live",
        allow=tuple(str(ip_network(network, strict=False)) for network in domain.access.allow),
        headers=(*headers.rows(stack, key, domain), *((canary.header(stack),) if share else ())),
        hidden=headers.hidden(domain),
        locations=locations,
        answers_all=any(location.path == '"/"' for location in locations),
    )


def _location(stack: Stack, service: Service, route: Route, share: Share | None) -> LocationRow:
    upstream = _upstream(stack, service, route)
    burst = route.rate.burst
    limits = [
        LimitRow(zone.name, burst if index == 0 else burst * MADE_UP_KEYS) for index, zone in enumerate(_zones_of(stack, route))
    ]
    return LocationRow(
        path=_path(route),
        service=quoted(service.name),
        kind="stream" if route.streams else "plain",
        upstream=canary.chosen(stack, upstream) if share and service.kind == "web" else upstream,
        limits=tuple(limits),
        connections_zone=_zone(stack, route, "connections"),
        connections=route.connections_per_address,
        retry_after=math.ceil(route.rate.per_seconds / route.rate.requests),
        body_mb=route.body_mb,
        silence_seconds=route.idle_seconds if route.streams else route.timeout_seconds,
        websocket=route.websocket,
        buffering="on" if route.buffering else "off",
        rewrite=_rewrite(route),
        preflight=headers.preflight(stack, route.domain, stack.domains[route.domain]),
    )


def _path(route: Route) -> str:
    if not route.path.startswith("/"):
        raise ReleaseRefused(f"the path {route.path!r} of a route does not begin with a slash", "correct it in the stack file")
    return quoted(route.path)


def _rewrite(route: Route) -> str:
    """Return the pattern whose first group the service sees as its path; empty to leave the path alone."""
    prefix = route.path.rstrip("/")
    return f'"^{re.escape(prefix)}/?(.*)$"' if route.strip_path and prefix else ""
