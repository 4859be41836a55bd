"""What a single service may not ask for, each rule with the fix named."""

import ipaddress
import re
from collections.abc import Iterator

from ..model import Service
from .faults import short
from .mounts import DOCKER_SOCKETS
from .quantities import size_bytes
from .rule import Found, ServiceRule
from .service import Draft, X

IMAGE = re.compile(
    r"[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?P<digest>@sha256:[0-9a-f]{64})?"
)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
NAMESPACES = ("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup")
LEAST_MEMORY_MB = 6
MOST_CPUS = 1024
LONGEST_GRACE_SECONDS = 3600
SCHEDULERS = ("rqscheduler", "celerybeat", "rqcron")


def service_name(draft: Draft) -> Iterator[Found]:
    """Names become parts of container names, host names and files."""
    if NAME.fullmatch(draft.name) is None:
        yield draft.at(), f"`{short(draft.name)}` is no name for a service", "small letters, digits, `-` and `_`, at most 40"


def image_tag(draft: Draft) -> Iterator[Found]:
    """A release must be able to say which image it was."""
    image = draft.service.image
    if not image:
        if not draft.says("image"):
            yield draft.at(), "`image` is missing", "name the image that was built and pushed, with its tag"
        return
    match = IMAGE.fullmatch(image)
    if match is None:
        yield draft.at("image"), f"`{short(image)}` is no image", "write `registry/name:tag`"
    elif not match["digest"]:
        tag = _tag(image)
        if tag is None:
            yield draft.at("image"), f"`{short(image)}` has no tag", "write `name:1.4.2`, or `${RELEASE:?}` as the tag"
        elif tag == "latest" or not re.search(r"\d", tag):
            yield draft.at("image"), f"`:{tag}` is a floating tag", "name a version such as `:1.4.2`; it is pinned to its digest"


def _tag(image: str) -> str | None:
    last = image.rpartition("/")[2]
    return last.partition(":")[2] if ":" in last else None


def privileged(draft: Draft) -> Iterator[Found]:
    """A privileged container is root on the host."""
    if _is_on(draft.service.compose.get("privileged")) and "privileged" not in draft.service.exceptions:
        yield (
            draft.at("privileged"),
            "`privileged` makes the container root on the host",
            _excuse("privileged", "name the capability in `cap_add`"),
        )


def _is_on(value: object) -> bool:
    """Say whether Compose could take a value for true, which it also does with `yes` and `on`."""
    return str(value).lower() not in ("none", "false", "no", "n", "off", "")


def docker_socket(draft: Draft) -> Iterator[Found]:
    """Whoever reaches the socket is root on the host."""
    if "docker_socket" in draft.service.exceptions:
        return
    if _is_on(draft.service.compose.get("use_api_socket")):
        yield (
            draft.at("use_api_socket"),
            "the Docker socket makes the container root on the host",
            _excuse("docker_socket", "remove it"),
        )
    for index, mount in enumerate(draft.service.mounts):
        if mount.source in DOCKER_SOCKETS:
            yield (
                draft.at("volumes", index),
                "the Docker socket makes the container root on the host",
                _excuse("docker_socket", "remove it"),
            )


def host_namespaces(draft: Draft) -> Iterator[Found]:
    """Namespaces of the host or of another container take the walls away."""
    for key in NAMESPACES:
        value = str(draft.service.compose.get(key, ""))
        if value.startswith(("service:", "container:")):
            yield (
                draft.at(key),
                f"`{key}: {short(value)}` ties two containers together",
                "remove it: replicas and releases come and go alone",
            )
        elif value == "host" and "routes" in draft.own:
            yield draft.at(key), f"`{key}: host` on a routed service", "remove it: the edge asks each replica at its own address"
        elif value == "host" and "host_namespaces" not in draft.service.exceptions:
            yield draft.at(key), f"`{key}: host` takes the walls to the host away", _excuse("host_namespaces", "remove it")


def _excuse(rule: str, fix: str) -> str:
    return f"{fix}, or give the reason under `{X}.exceptions.{rule}`"


def ports(draft: Draft) -> Iterator[Found]:
    """Only the edge answers from outside."""
    if not draft.says("ports"):
        return
    if "store" not in draft.own:
        hint = f"use `{X}.routes`; for the laptop write `ports` into compose.override.yml"
        yield draft.at("ports"), "only the edge answers from outside", hint
        return
    for index, port in enumerate(draft.service.compose.get("ports", ())):
        if not _is_loopback(str(port.get("host_ip", ""))):
            yield draft.at("ports", index), "a store's port that answers from outside", 'write "127.0.0.1:5432:5432"'


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def memory_limit(draft: Draft) -> Iterator[Found]:
    """Without limits one service takes the host down."""
    if draft.service.memory_mb == 0:
        yield draft.at("deploy"), "no memory limit", "write `deploy: {resources: {limits: {memory: 256m}}}`"


def memory_words(draft: Draft) -> Iterator[Found]:
    """Docker takes limits that fit each other."""
    compose, limit = draft.service.compose, draft.service.memory_mb
    if 1 < limit < LEAST_MEMORY_MB:
        yield draft.at("deploy"), f"{limit} MiB of memory: Docker refuses less than {LEAST_MEMORY_MB}", "write `64m` or more"
    if draft.says("mem_limit") and (other := _mib(compose.get("mem_limit"))) not in (None, limit):
        message = f"`mem_limit` is {other} MiB, `deploy.resources.limits.memory` {limit}"
        yield draft.at("mem_limit"), message, "remove `mem_limit`"
    for key, value in _reservations(draft):
        reserved = _mib(value)
        if reserved is not None and 0 < limit < reserved:
            yield draft.at(*key), f"{reserved} MiB reserved, above the limit of {limit}", "reserve less than the limit"


def _reservations(draft: Draft) -> Iterator[tuple[tuple[str, ...], object]]:
    compose = draft.service.compose
    resources = compose.get("deploy", {}).get("resources")
    reserved = resources.get("reservations") if isinstance(resources, dict) else None
    if isinstance(reserved, dict) and "memory" in reserved:
        yield ("deploy", "resources", "reservations", "memory"), reserved["memory"]
    if "mem_reservation" in compose:
        yield ("mem_reservation",), compose["mem_reservation"]


def _mib(value: object) -> int | None:
    size = size_bytes(str(value))
    return None if size is None else size >> 20


def cpu_limit(draft: Draft) -> Iterator[Found]:
    """A share of processors is a number above zero."""
    value = cpus(draft.service)
    if value is not None and not _is_share(value):
        yield (
            draft.at("deploy", "resources", "limits", "cpus"),
            f"`{short(str(value))}` is no number of processors",
            'write "0.5"',
        )


def cpus(service: Service) -> object:
    """Return the limit of processors as written, or nothing."""
    resources = service.compose.get("deploy", {}).get("resources")
    limits = resources.get("limits") if isinstance(resources, dict) else None
    return limits.get("cpus") if isinstance(limits, dict) else service.compose.get("cpus")


def _is_share(value: object) -> bool:
    try:
        return not isinstance(value, bool) and 0 < float(str(value)) <= MOST_CPUS
    except ValueError:
        return False


def grace(draft: Draft) -> Iterator[Found]:
    """A stop comes to an end."""
    if draft.service.stop_grace_seconds > LONGEST_GRACE_SECONDS:
        message = f"{draft.service.stop_grace_seconds} s to stop, longer than an hour"
        yield draft.at("stop_grace_period"), message, "let jobs be taken up again by the next worker"


def has_healthcheck(service: Service) -> bool:
    """Say whether Docker asks the container how it is."""
    check = service.compose.get("healthcheck")
    if not isinstance(check, dict) or _is_on(check.get("disable")):
        return False
    return bool(check.get("test")) and check["test"] not in ("NONE", ["NONE"])


def scheduler(draft: Draft) -> Iterator[Found]:
    """Two schedulers at once do everything twice."""
    service = draft.service
    line = service.compose.get("command", [])
    if service.order != "stop-first" and _schedules([word.rpartition("/")[2] for word in line if isinstance(word, str)]):
        hint = "write `deploy: {replicas: 1, update_config: {order: stop-first}}`"
        yield draft.at("command"), "a scheduler of which a deploy would run two at once", hint
    if service.order == "stop-first" and service.replicas_max > 1:
        yield (
            draft.at("deploy"),
            "`stop-first` means never two at once, but more than one replica is asked for",
            "write `replicas: 1`",
        )
    if service.order == "stop-first" and "routes" in draft.own:
        yield draft.at("deploy", "update_config"), "`stop-first` on a routed service would cut requests", "remove it"


def _schedules(words: list[str]) -> bool:
    if "celery" in words and ("beat" in words or "-B" in words or "--beat" in words):
        return True
    return any(word in SCHEDULERS for word in words[:3])


RULES: tuple[ServiceRule, ...] = (
    service_name,
    image_tag,
    privileged,
    docker_socket,
    host_namespaces,
    ports,
    memory_limit,
    memory_words,
    cpu_limit,
    grace,
    scheduler,
)
