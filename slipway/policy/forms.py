"""Names, paths and texts of a stack that becomes files, commands and nginx sites on a host: each in a form that stays inside.

A stack comes as JSON from whoever may deploy, so nothing that its stack file was checked for is taken for granted here.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..model import Domain, Mount, Route, Service, Stack
from .images import is_digest, is_image
from .ranges import beyond
from .shapes import Test, like, network

# Beside the stacks' folders lie `guard` and `files`; a name with a release's number in it would meet containers of others.
NAMED_STACK = re.compile(r"(?!(guard|files)$)(?!.*-r[0-9]+(-|$))[a-z][a-z0-9-]{0,39}")
SERVICE = like(r"[a-z0-9][a-z0-9_-]{0,39}")
NAME = like(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
VARIABLE = like(r"[A-Za-z_][A-Za-z0-9_]{0,100}")
# Secrets go to `docker` in its environment: these names would change what that program does.
NAMED_SECRET = like(r"(?!(DOCKER_|COMPOSE_|LD_)|(PATH|HOME)$)[A-Za-z_][A-Za-z0-9_]{0,100}")
DOMAIN = like(r"(?!.*\.\.)[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
ALIAS = like(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")
FILE = like(r"(?!.*(^|/)\.{1,2}(/|$))[^/\\\x00-\x1f$]{1,200}(/[^/\\\x00-\x1f$]{1,200}){0,20}")
TARGET = like(r"(?!.*(^|/)\.{1,2}(/|$))/[^\x00-\x1f:$]{0,400}")
URL_PATH = like(r"/[A-Za-z0-9._~!&()*+,=:@%/?-]{0,400}")
HEADER = like(r"[^$\x00-\x1f\x7f]{0,4000}")
TOKEN = like(r"[A-Za-z0-9!#%&'*+.^_|~-]{1,100}")
RATE = like(r"address|header:[A-Za-z][A-Za-z0-9-]{0,60}")
ORIGIN = like(r"\*|https?://[A-Za-z0-9.:\[\]-]{1,260}")
MOMENT = like(r"[A-Za-z0-9*/,-]{1,60}( [A-Za-z0-9*/,-]{1,60}){4}")
SOCKET = "/var/run/docker.sock"
CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
MOST_REPLICAS, LONGEST_SECONDS, LARGEST_PORT, DAY = 100, 3600, 65535, 86400
MOUNT_OPTIONS = {"volume": {"nocopy", "subpath"}, "tmpfs": {"size", "mode"}, "bind": set[str]()}


def is_stack_name(text: str) -> bool:
    """Say whether a text may name a stack, and so projects, volumes and folders."""
    return NAMED_STACK.fullmatch(text) is not None


def faults(stack: Stack) -> Iterator[str]:
    """Yield what no stack may hold, whoever sends it."""
    if not is_stack_name(stack.name):
        yield f"{stack.name!r} is no name for a stack"
    for what, test, found in _names(stack):
        yield from (f"{text!r} is no {what}" for text in found if not test(text))
    for name, service in stack.services.items():
        if name != service.name:
            yield f"service {name!r} calls itself {service.name!r}"
        yield from (f"service {name}: {fault}" for fault in _service(stack, service))
    yield from beyond(stack)
    yield from _nested(stack)
    unfilled = [file for file, name in stack.secret_files.items() if name not in stack.secret_names]
    yield from (f"file {file!r} of a secret holds one that is not declared" for file in unfilled)
    yield from (f"program {name!r} is no file of the stack" for name in stack.programs if name not in stack.files)
    for key, domain in stack.domains.items():
        yield from (f"domain {key}: {fault}" for fault in _domain(domain))


def _names(stack: Stack) -> Iterator[tuple[str, Test, Iterable[str]]]:
    yield "name for a service", SERVICE, stack.services
    yield "name for a network", NAME, stack.networks
    yield "name for a volume", NAME, stack.volumes
    yield "name for a secret's file", NAME, stack.secret_files
    yield "name for a secret", NAMED_SECRET, (*stack.secret_names, *stack.secret_files.values())
    yield "name for a variable", VARIABLE, stack.variables
    yield "image", is_image, (*(service.image for service in stack.services.values()), *stack.pins)
    yield "digest", is_digest, stack.pins.values()
    yield "path below the stack's folder", FILE, stack.files
    yield "key of a domain", SERVICE, stack.domains
    yield "query value to hide", TOKEN, stack.mask_query
    yield "port", _port, map(str, stack.egress_ports)


def _service(stack: Stack, service: Service) -> Iterator[str]:
    for mount in service.mounts:
        yield from _mount(stack, mount)
    for use in service.secrets:
        yield from _wrong(f"secret {use.source!r} is not declared", use.source in stack.secret_files)
        yield from _wrong(f"{use.target!r} is no path for a secret", TARGET(use.target))
    for name, aliases in service.networks.items():
        yield from _wrong(f"{name!r} is no name for a network", NAME(name))
        yield from (f"{alias!r} is no alias" for alias in aliases if not ALIAS(alias))
    for name, condition in service.depends_on.items():
        yield from _wrong(f"it waits for {name!r}, which is no service", name in stack.services)
        yield from _wrong(f"{condition!r} is no condition", condition in CONDITIONS)
    for route in service.routes:
        yield from (f"route {route.path!r}: {fault}" for fault in _route(stack, route))
    yield from _memory(service)
    yield from _numbers(service)
    yield from _words(service)


def _mount(stack: Stack, mount: Mount) -> Iterator[str]:
    yield from _wrong(f"{mount.target!r} is no path for a mount", TARGET(mount.target))
    yield from (
        f"mount option `{option}` leads out of the stack" for option in mount.options if option not in MOUNT_OPTIONS[mount.type]
    )
    if "subpath" in mount.options:
        yield from _wrong(f"{mount.options['subpath']!r} is no folder of a volume", FILE(mount.options["subpath"]))
    if mount.type == "volume":
        yield from _wrong(f"volume {mount.source!r} is not one of the stack's own", mount.source in stack.volumes)
    elif mount.type == "tmpfs":
        yield from _wrong(f"a tmpfs has no source such as {mount.source!r}", not mount.source)
    elif mount.source != SOCKET:
        shipped = FILE(mount.source) and any(path == mount.source or path.startswith(f"{mount.source}/") for path in stack.files)
        yield from _wrong(f"{mount.source!r} is not shipped with the stack", shipped)


def own_binds(service: Service) -> list[Mount]:
    """Return the mounts of files that are shipped with the stack."""
    return [mount for mount in service.mounts if mount.type == "bind" and not mount.source.startswith("/")]


def _nested(stack: Stack) -> Iterator[str]:
    """What a container may change it may also make a link to elsewhere, and Docker follows links when it mounts."""
    binds = [mount for service in stack.services.values() for mount in own_binds(service)]
    writable = sorted({mount.source for mount in binds if not mount.read_only})
    for outer in writable:
        inner = sorted({mount.source for mount in binds if mount.source.startswith(f"{outer}/")})
        yield from (
            f"{path!r} is mounted, and so is {outer!r} around it, to be changed from inside: write `:ro`" for path in inner
        )


def _route(stack: Stack, route: Route) -> Iterator[str]:
    yield from _wrong(f"its domain {route.domain!r} is not declared", route.domain in stack.domains)
    yield from _wrong("it is no path of a URL", URL_PATH(route.path))
    yield from _wrong(f"{route.port} is no port", _port(route.port))
    yield from _wrong(f"{route.rate.by!r} is no key of a limit", RATE(route.rate.by))
    yield from _wrong("its rate allows nothing", route.rate.requests > 0 and route.rate.burst >= 0)
    numbers = (route.idle_seconds, route.drain_seconds, route.timeout_seconds, route.body_mb, route.connections_per_address)
    yield from _wrong("one of its numbers is below zero or beyond a day", all(0 <= number <= DAY for number in numbers))


def _memory(service: Service) -> Iterator[str]:
    """Without a limit that Docker holds, one service takes the whole host."""
    limits = _mapping(_mapping(_mapping(service.compose.get("deploy")).get("resources")).get("limits"))
    said = [value for value in (limits.get("memory"), service.compose.get("mem_limit")) if value is not None]
    held = [int(value) >> 20 for value in said if str(value).isdecimal()]
    fits = bool(held) and service.memory_mb > 0 and held == [service.memory_mb] * len(said)
    yield from _wrong(f"its limit of {service.memory_mb} MiB is not the one Docker is told", fits)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _numbers(service: Service) -> Iterator[str]:
    counts = (service.replicas, service.replicas_max, service.replicas_started)
    yield from _wrong(
        f"more than {MOST_REPLICAS} replicas, or less than none", all(0 <= count <= MOST_REPLICAS for count in counts)
    )
    yield from _wrong("more than an hour to stop", 0 <= service.stop_grace_seconds <= LONGEST_SECONDS)
    if service.task:
        yield from _wrong("a task of more than a day", 0 < service.task.timeout_seconds <= DAY)
    asked = [service.health.port if service.health else None, service.scrape.port if service.scrape else None]
    yield from (f"{port} is no port" for port in asked if port is not None and not _port(port))


def _words(service: Service) -> Iterator[str]:
    for what, test, text in _texts(service):
        yield from _wrong(f"{text!r} is no {what}", test(text))


def _texts(service: Service) -> Iterator[tuple[str, Test, str]]:
    if service.health:
        yield "path of a URL", URL_PATH, service.health.path
    if service.scrape:
        yield "path of a URL", URL_PATH, service.scrape.path
    if service.assets:
        yield "path of a URL", URL_PATH, service.assets.path
        yield "folder of an image", TARGET, service.assets.directory
    if service.public:
        yield "path of a URL", URL_PATH, service.public.path
    if service.task and service.task.schedule is not None:
        yield "time in cron's form", MOMENT, service.task.schedule


def _domain(domain: Domain) -> Iterator[str]:
    yield from (f"{name!r} is no public name" for name in (domain.name, *domain.redirect_from) if not DOMAIN(name))
    yield from (f"{text!r} is no origin" for text in domain.cors.origins if not ORIGIN(text))
    yield from (f"{text!r} is no network" for text in domain.access.allow if not network(text))
    yield from (f"{text!r} is no word of a header" for text in (*domain.cors.methods, *domain.cors.headers) if not TOKEN(text))
    policies = (domain.headers.content_security_policy, domain.headers.permissions_policy)
    yield from _wrong("a header holds a dollar sign or a control character", all(map(HEADER, policies)))
    if domain.access.password is not None:
        yield from _wrong(f"{domain.access.password!r} is no name for a secret", VARIABLE(domain.access.password))


def _port(number: Any) -> bool:
    return str(number).isdecimal() and 0 < int(number) <= LARGEST_PORT


def _wrong(fault: str, right: bool) -> Iterator[str]:  # noqa: FBT001 - the verdict itself
    if not right:
        yield fault
