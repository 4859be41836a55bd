"""What texts must look like, by the word that holds them. Each format returns what is wrong and what to write, or nothing."""

import ipaddress
import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import date

from .. import public_keys
from ..errors import SlipwayError
from . import commands, cron
from .faults import nearest, short

Wrong = tuple[str, str] | None
Format = Callable[[str], Wrong]

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = rf"({LABEL}(\.{LABEL})*|\[[0-9A-Fa-f:.]+\])"
PORT = r"(:[0-9]{1,5})?"
POOL_PREFIXES = range(8, 23)  # at least four /24, for the networks of two releases and of a base
SWITCH = "10.255.77.0/24"  # where the edge reaches replicas


def matching(pattern: str, what: str, advice: str) -> Format:
    """Return the format of a pattern; `advice` says what to write."""
    wanted = re.compile(pattern)

    def judge(text: str) -> Wrong:
        return None if wanted.fullmatch(text) else (f"{_named(text)} is no {what}", advice)

    return judge


def _named(text: str) -> str:
    return "this" if re.search(r"://[^/]*@", text) else f"`{short(text)}`"  # it may hold a password


def path(text: str) -> Wrong:
    """Judge a path that is asked for."""
    if re.fullmatch(r"/[A-Za-z0-9._~!&()*+,=:@%/?-]*", text):
        return None
    hint = "use letters, digits, `-`, `.` and `_`" if text.startswith("/") else f"write `/{short(text)}`"
    return f"`{short(text)}` is no path", hint


def prefix(text: str) -> Wrong:
    """Judge a path that requests are compared with, decoded and without their query."""
    if "?" in text or "%" in text:
        return f"`{short(text)}` would match no request", "write the path decoded, and without a query"
    return path(text)


def directory(text: str) -> Wrong:
    """Judge a folder inside of an image."""
    if re.fullmatch(r"(/[A-Za-z0-9._@+-]+)+/?", text) and ".." not in text.split("/"):
        return None
    return f"`{short(text)}` is no folder of an image", "write the whole path, such as `/app/static`"


def network(text: str) -> Wrong:
    """Judge a network or an address."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return f"`{short(text)}` is no network", _nearest_network(text)
    return None


def _nearest_network(text: str) -> str:
    try:
        return f"did you mean `{ipaddress.ip_network(text, strict=False)}`?"
    except ValueError:
        return "write `192.0.2.0/24` or `192.0.2.7`"


def address(text: str) -> Wrong:
    """Judge an address of a host."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return f"`{short(text)}` is no address", "write one such as `10.0.0.11`: hosts must not wait for a name server"
    return None


def pool(text: str) -> Wrong:
    """Judge a pool that networks of containers are cut from."""
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError:
        return f"`{short(text)}` is no network", "write one such as `10.213.0.0/16`"
    if not found.is_private or found.prefixlen not in POOL_PREFIXES:
        return (
            f"`{text}` cannot be cut into networks of containers",
            "use a private one between /8 and /22, such as `10.213.0.0/16`",
        )
    if found.overlaps(ipaddress.ip_network(SWITCH)):
        return f"`{text}` overlaps `{SWITCH}`, which Slipway uses itself", "use `10.213.0.0/16`"
    return None


def text(wanted: str) -> Wrong:
    """Judge a text that people or programs read."""
    return None if wanted.strip() else ("is empty", "write it")


def command(wanted: str) -> Wrong:
    """Judge a command that no shell runs."""
    try:
        commands.split(wanted)
    except commands.NotACommand as fault:
        return f"is no command: {fault}", "write its words, or `sh -c '…'`"
    return text(wanted)


def header_text(wanted: str) -> Wrong:
    """Judge a text that nginx sends as a header."""
    if "$" in wanted or not wanted.isprintable():
        return "holds a `$`, a line break or a control character, which no header can", "write it on one line, without"
    return text(wanted)


def schedule(wanted: str) -> Wrong:
    """Judge a time in cron's form."""
    try:
        cron.judge(wanted)
    except cron.NotATime as fault:
        return f"`{short(wanted)}`: {fault.message}", fault.hint
    return None


def window(wanted: str) -> Wrong:
    """Judge a time of the day."""
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", wanted)
    if match is None:
        return f"`{short(wanted)}` is no time of the day", "write `03:00-05:00`"
    begin, end = (int(match[part]) * 60 + int(match[part + 1]) for part in (1, 3))
    if (end - begin) % 1440 < 30:
        return f"`{wanted}` leaves less than half an hour", "updates and a boot need more: write `03:00-05:00`"
    return None


def time_zone(wanted: str) -> Wrong:
    """Judge the name of a time zone; where the controller knows none at all, every name passes."""
    try:
        zoneinfo.ZoneInfo(wanted)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        hint = nearest(wanted, known) or "write one such as `Etc/UTC` or `Europe/Berlin`"
        return (f"`{short(wanted)}` is no time zone", hint) if known else None
    return None


def day(wanted: str) -> Wrong:
    """Judge a date."""
    try:
        date.fromisoformat(wanted if len(wanted) == 10 else "")
    except ValueError:
        return f"`{short(wanted)}` is no day", "write year, month and day: `2027-01-31`"
    return None


def public_key(wanted: str) -> Wrong:
    """Judge a public key, or the path of one, which is read when it is needed."""
    try:
        public_keys.public_keys([wanted], lambda _: "")
    except SlipwayError as fault:
        return "a private key" if "PRIVATE KEY" in wanted else f"`{short(wanted)}` is no public key", fault.next_step
    return None


def server(wanted: str) -> Wrong:
    """Judge who issues certificates."""
    names = ("letsencrypt", "letsencrypt-staging")
    if wanted in names or re.fullmatch(rf"https://{HOST}{PORT}/[^\s]*", wanted):
        return None
    return f"`{short(wanted)}` is no server", nearest(wanted, names) or "write `letsencrypt` or a directory's https:// URL"


cors_origin = matching(
    rf"\*|https?://{HOST}{PORT}", "origin", "write scheme and host, without a path: `https://shop.example.org`"
)
email = matching(rf"[^\s@<>]+@{LABEL}(\.{LABEL})+", "mail address", "write `ops@example.org`")
token = matching(r"[A-Za-z0-9!#%&'*+.^_|~-]+", "name", "use letters, digits and `-`")
key = matching(r"[a-z0-9][a-z0-9_-]{0,39}", "name", "use small letters, digits, `-` and `_`, at most 40")
number_name = matching(r"[a-z][a-z0-9_]{0,59}", "name for a number", "use small letters, digits and `_`: `pending_reviews`")
account = matching(r"[a-z_][a-z0-9_-]{0,31}", "account name", "use small letters, digits, `-` and `_`, at most 32")
variable = matching(r"[A-Za-z_][A-Za-z0-9_]*", "name for a variable", "use letters, digits and `_`")


def secret(wanted: str) -> Wrong:
    """Judge the name of a secret, which `docker` meets in its environment."""
    if re.fullmatch(r"(DOCKER_|COMPOSE_|LD_).*|PATH|HOME", wanted):
        return (
            f"`{short(wanted)}` is a name that programs on the host obey",
            f"choose another name, such as `APP_{short(wanted)}`",
        )
    return variable(wanted)


FORMATS: Mapping[str, Format] = {
    "routes.path": prefix,
    "assets.path": prefix,
    "public.path": prefix,
    "health.path": path,
    "scrape.path": path,
    "assets.directory": directory,
    "rate.by": matching(r"address|header:[A-Za-z][A-Za-z0-9-]*", "key of a limit", "write `address` or `header:<name>`"),
    "cors.origins": cors_origin,
    "cors.methods": matching(r"[A-Z]{3,20}", "method", "write capitals, such as `GET`"),
    "cors.headers": token,
    "headers.content_security_policy": header_text,
    "headers.permissions_policy": header_text,
    "access.allow": network,
    "openings.sources": network,
    "openings.why": text,
    "mask_query": token,
    "health.contains": text,
    "queue.names": matching(r"[^\s,{}]{1,100}", "name of a queue", "write it without spaces and commas"),
    "store.extensions": matching(r"[a-z_][a-z0-9_-]{0,62}", "extension", "write its name, such as `pg_stat_statements`"),
    "buckets.cors_origins": cors_origin,
    "task.schedule": schedule,
    "task.contracts": matching(r"[A-Za-z0-9._-]{1,100}", "revision", "write it as the migration names it"),
    "task.current": command,
    "metrics.sql": text,
    "metrics.promql": text,
    "admins.expires": day,
    "admins.keys": public_key,
    "deployers.keys": public_key,
    "acme.server": server,
    "acme.email": email,
    "docker.registry_mirrors": matching(
        rf"https?://{HOST}{PORT}/?", "mirror", "write its URL, such as `https://mirror.example.org`"
    ),
    "docker.address_pool": pool,
    "docker.network_pool": pool,
    "registries.user": text,
    "first_login": account,
    "timezone": time_zone,
    "updates.window": window,
    "addresses": address,
    "receivers.webhook": matching(rf"https?://{HOST}{PORT}(/[^\s@]*)?", "URL", "write one such as `https://example.org/hook`"),
    "receivers.mail": email,
    "mail_server.host": matching(HOST, "host", "write its name or address, such as `smtp.example.org`"),
    "mail_server.user": text,
    "mail_server.sender": email,
    "backup_target.encrypt_to": matching(r"age1[02-9ac-hj-np-z]{58}", "age key", "write the public one, `age1…`"),
    "images": matching(r"sha256:[0-9a-f]{64}", "digest", "write `sha256:` and 64 digits"),
}
KEYS: Mapping[str, Format] = {
    "domains": key,
    "metrics": number_name,
    "alerts": matching(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", "name for an alert", "use letters, digits, `-` and `_`"),
    "buckets": matching(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "name for a bucket", "use small letters, digits, `-` and `.`, 3 to 63"
    ),
    "values": variable,
    "variables": variable,
    "secrets": secret,
    "admins": account,
    "deployers": matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", "name", "use letters, digits, `.`, `-` and `_`"),
    "registries": matching(rf"{HOST}{PORT}", "registry", "write its name without scheme and path: `registry.example.com`"),
    "receivers": key,
}
EMPTY_ALLOWED = frozenset(("admins.expires", "acme.email", "acme.ca_file"))
