"""What a single service may not ask for, each rule with the fix named."""

import ipaddress
import re
from collections.abc import Iterator

from ..model import Service
from .faults import nearest, short
from .mounts import DOCKER_SOCKETS
from .rule import Found, ServiceRule
from .service import Draft, X

IMAGE = re.compile(
    r"[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?P<digest>@sha256:[0-9a-f]{64})?"
)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
NAMESPACES = ("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup")
EXCEPTIONS = ("privileged", "docker_socket", "host_namespaces", "backup", "root", "writable_root", "capabilities")
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


def exceptions(draft: Draft) -> Iterator[Found]:
    """An exception names a rule and has a reason."""
    for rule, reason in draft.service.exceptions.items():
        if rule not in EXCEPTIONS:
            yield (
                draft.at(X, "exceptions", rule),
                f"no rule `{short(rule)}`",
                nearest(rule, EXCEPTIONS) or f"rules: {', '.join(EXCEPTIONS)}",
            )
        elif not reason.strip():
            yield draft.at(X, "exceptions", rule), "an exception without a reason", "say why in one sentence"


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


def health(draft: Draft) -> Iterator[Found]:
    """Nothing takes traffic, or counts as started, unasked."""
    own = draft.own
    if own.get("routes") and "health" not in own:
        yield draft.at(X, "routes"), "a routed service without `health`", f"write `{X}.health: {{path: /health}}`"
    if not own.get("routes") and "task" not in own and not has_healthcheck(draft.service):
        yield (
            draft.at("healthcheck"),
            "no `healthcheck`, and no route to ask it by",
            "write `healthcheck: {test: [CMD, …], interval: 10s}`",
        )


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


def replicas(draft: Draft) -> Iterator[Found]:
    """A number has one place."""
    own = draft.own
    if "scale" in own and "replicas" in draft.at("deploy")[0].mapping:
        yield draft.at("deploy", "replicas"), "`replicas` beside `scale`", f"keep one: `{X}.scale` has `min` and `max`"
    for word in ("store", "task"):
        if word in own and draft.service.replicas_max > 1:
            yield draft.at("deploy"), f"a {word} with more than one replica", "write `replicas: 1`"


def task(draft: Draft) -> Iterator[Found]:
    """A task runs to its end and answers nobody."""
    found = draft.service.task
    for word in ("routes", "queue", "scale", "store", "health"):
        if "task" in draft.own and word in draft.own:
            yield draft.at(X, word), f"`{word}` on a task", "a task runs to its end: remove one of the two"
    if found is None:
        return
    if (found.when == "schedule") != (found.schedule is not None):
        yield draft.at(X, "task"), "`schedule` and `when: schedule` go together", 'write {when: schedule, schedule: "0 3 * * *"}'
    if found.schedule is not None and not _is_cron(found.schedule):
        yield (
            draft.at(X, "task", "schedule"),
            f"`{short(found.schedule)}` is no cron expression",
            'five fields, such as "0 3 * * *"',
        )
    for word in ("contracts", "current", "backup_first"):
        if word in draft.own["task"].mapping and found.when != "migrate":
            yield draft.at(X, "task", word), f"`{word}` is for `when: migrate`", "remove it"


def _is_cron(text: str) -> bool:
    item = r"(\*|\d{1,2}(-\d{1,2})?|[A-Za-z]{3}(-[A-Za-z]{3})?)(/\d{1,2})?"
    return re.fullmatch(rf"({item}(,{item})*)( +{item}(,{item})*){{4}}", text) is not None


RULES: tuple[ServiceRule, ...] = (
    service_name,
    image_tag,
    privileged,
    docker_socket,
    host_namespaces,
    exceptions,
    ports,
    memory_limit,
    health,
    scheduler,
    replicas,
    task,
)
