"""The headers of a domain's answers: security, and what other origins may do.

All stand at server level and get their values by map: an `add_header` in a location would drop the inherited ones, and an
empty value sends nothing. A policy the application sends itself wins, because only it knows the nonces of its pages.
"""

from dataclasses import dataclass

from ..model import Cors, Domain, Headers, Stack
from .maintenance import PAGE_POLICY
from .nginx_text import quoted, variable
from .rows import HeaderRow, MapRow

STRICT_PERMISSIONS = (
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
)
FRAMES = {"deny": "'none'", "sameorigin": "'self'"}
CORS = {
    "Access-Control-Allow-Origin": "origin",
    "Access-Control-Allow-Methods": "methods",
    "Access-Control-Allow-Headers": "headers",
    "Access-Control-Allow-Credentials": "credentials",
    "Access-Control-Max-Age": "age",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A header the edge sends where the application does not; `word` is its part in a variable's name."""

    header: str
    word: str
    text: str


def strict_content_policy(frame_options: str) -> str:
    """Return the policy that `strict` stands for: everything from the own origin, nothing inline, framed as said."""
    return f"default-src 'self'; base-uri 'self'; object-src 'none'; form-action 'self'; frame-ancestors {FRAMES[frame_options]}"


def _policies(headers: Headers) -> list[Policy]:
    """Return the headers that the application may send itself."""
    content = headers.content_security_policy
    permissions = headers.permissions_policy
    content_name = "Content-Security-Policy-Report-Only" if headers.report_only else "Content-Security-Policy"
    return [
        Policy(content_name, "content", strict_content_policy(headers.frame_options) if content == "strict" else content),
        Policy("Cross-Origin-Opener-Policy", "opener", "same-origin"),
        Policy("Permissions-Policy", "permissions", STRICT_PERMISSIONS if permissions == "strict" else permissions),
        Policy("Referrer-Policy", "referrer", headers.referrer_policy),
        Policy("X-Frame-Options", "frames", headers.frame_options.upper()),
    ]


def maps(stack: Stack, key: str, domain: Domain) -> list[MapRow]:
    """Return the maps that a domain's headers need."""
    policies = [_policy_map(variable(stack.name, key, policy.word), policy) for policy in _policies(domain.headers)]
    return [*policies, *(_cors_maps(stack, key, domain.cors) if domain.cors.origins else [])]


def _policy_map(name: str, policy: Policy) -> MapRow:
    """Return the map that gives way to the application; the page of a maintenance has a content policy of its own."""
    theirs, ours = f"$upstream_http_{policy.header.lower().replace('-', '_')}", ('""', quoted(policy.text))
    if policy.word != "content":
        return MapRow(name, theirs, (ours, ("default", '""')))
    return MapRow(name, f'"$edge_page{theirs}"', (ours, ('"maintenance"', quoted(PAGE_POLICY)), ("default", '""')))


def rows(stack: Stack, key: str, domain: Domain) -> tuple[HeaderRow, ...]:
    """Return the headers of a domain's answers."""
    always = [
        HeaderRow("Strict-Transport-Security", f'"max-age={domain.headers.hsts_seconds}"'),
        HeaderRow("X-Content-Type-Options", "nosniff"),
        HeaderRow("X-Request-ID", "$req_id"),
        HeaderRow("Retry-After", "$edge_retry_after"),
    ]
    policies = [HeaderRow(policy.header, f"${variable(stack.name, key, policy.word)}") for policy in _policies(domain.headers)]
    cors = [HeaderRow(header, f"${variable(stack.name, key, word)}") for header, word in CORS.items()]
    return (*always, *policies, *([*cors, HeaderRow("Vary", "Origin")] if domain.cors.origins else []))


def hidden(domain: Domain) -> tuple[str, ...]:
    """Return the headers of the application that are not passed on: those the edge says itself."""
    return tuple(CORS) if domain.cors.origins else ()


def preflight(stack: Stack, key: str, domain: Domain) -> str:
    """Return the variable that is true for a question by a browser before its request; empty without CORS."""
    return f"${variable(stack.name, key, 'preflight')}" if domain.cors.origins else ""


def _cors_maps(stack: Stack, key: str, cors: Cors) -> list[MapRow]:
    def name(word: str) -> str:
        return variable(stack.name, key, word)

    def when_asked(word: str, text: str) -> MapRow:
        return MapRow(name(word), f"${name('preflight')}", (("default", '""'), ("1", quoted(text))))

    anyone = "*" in cors.origins
    known = () if anyone else tuple((quoted(origin), "$http_origin") for origin in cors.origins)
    asked = f'"$request_method:$http_access_control_request_method:${name("origin")}"'
    return [
        MapRow(name("origin"), "$http_origin", (("default", '"*"' if anyone else '""'), ('""', '""'), *known)),
        MapRow(name("preflight"), asked, (("default", '""'), ('"~^OPTIONS:[^:]+:."', "1"))),
        MapRow(name("credentials"), f"${name('origin')}", (('""', '""'), ("default", '"true"' if cors.credentials else '""'))),
        when_asked("methods", ", ".join(cors.methods)),
        when_asked("headers", ", ".join(cors.headers)),
        when_asked("age", str(cors.max_age_seconds)),
    ]
