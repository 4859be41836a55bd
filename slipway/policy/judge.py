"""Judge a request by the policy: every breach at once, in words that say what the breach would reach."""

import json
from collections.abc import Iterable, Iterator, Mapping

from ..codec import to_json
from ..model import Domain, Service, Stack
from .compose import RULES, keys_of
from .forms import faults, own_binds
from .grants import Policy, ServiceGrant, StackGrant
from .images import repository

MAIL = 25
LONGEST_SHOWN, LONGEST_LINE = 120, 400


def malformed(stack: Stack, secrets: Mapping[str, str]) -> list[str]:
    """Return what no request may hold, whoever asks: names and paths that lead out of the stack, keys that stand nowhere."""
    unknown = [
        f"service {name}: `{key}` is not a key that a stack file leads to"
        for name, service in stack.services.items()
        for key, _ in keys_of(service.compose)
        if key not in RULES
    ]
    undeclared = [f"the secret {name!r} came along without being declared" for name in secrets if name not in stack.secret_names]
    return _told([*faults(stack), *unknown, *undeclared, *_unwritable(stack, secrets)])


def _unwritable(stack: Stack, secrets: Mapping[str, str]) -> Iterator[str]:
    """JSON can hold half a character pair, which no file can."""
    try:
        json.dumps([to_json(stack), dict(secrets)], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        yield "one of its texts, or a secret, is no Unicode text"


def breaches(policy: Policy, stack: Stack, secrets: Mapping[str, str]) -> list[str]:
    """Return everything a request asks for that was not granted."""
    wrong = malformed(stack, secrets)
    granted = policy.stacks.get(stack.name)
    if granted is None:
        return [*wrong, f"no stack called {stack.name!r} was granted to this host"]
    return [*wrong, *_told(_of_stack(granted, stack))]


def _of_stack(granted: StackGrant, stack: Stack) -> Iterator[str]:
    if stack.production != granted.production:
        yield f"`production: {str(stack.production).lower()}`: the host was told otherwise"
    yield from (f"secret {name}: it was not granted" for name in stack.secret_names if name not in granted.secrets)
    for key, domain in sorted(stack.domains.items()):
        yield from _of_domain(granted, key, domain)
    yield from _egress(granted.egress_ports, stack.egress_ports)
    for name, service in sorted(stack.services.items()):
        found = _of_service(granted.services.get(name, ServiceGrant()), granted.images, service)
        yield from (f"service {name}: {breach}" for breach in found)


def _of_service(granted: ServiceGrant, images: tuple[str, ...], service: Service) -> Iterator[str]:
    if repository(service.image) not in images:
        yield f"image {_short(service.image)}: granted are {', '.join(images)}"
    for key, value in keys_of(service.compose):
        if key in RULES:
            rule = RULES[key]
            found = rule.beyond(value, granted.compose.get(key))
            yield from (f"`{key}: {_short(part)}`: {rule.why}" for part in found)
    for mount in service.mounts:
        if mount.source.startswith("/") and mount.source not in granted.host_paths:
            yield f"mount {_short(mount.source)}: it is a path of the host"
    for bind in own_binds(service):
        if not bind.read_only and bind.source not in granted.writable:
            yield f"mount {_short(bind.source)}: it may be changed from inside; write `:ro`"
    yield from (f"exception `{rule}`: it was not granted" for rule in service.exceptions if rule not in granted.exceptions)


def _of_domain(granted: StackGrant, key: str, domain: Domain) -> Iterator[str]:
    for name in (domain.name, *domain.redirect_from):
        if name not in granted.domains:
            yield f"domain {key}: {_short(name)} was not granted"
            continue
        access = granted.domains[name]
        if access.password != domain.access.password:
            yield f"domain {key}: its password is not the one that was granted"
        if access.allow and not (domain.access.allow and set(domain.access.allow) <= set(access.allow)):
            yield f"domain {key}: it was granted for {', '.join(access.allow)} only"


def _egress(granted: tuple[int, ...], asked: tuple[int, ...]) -> Iterator[str]:
    """Nothing said means every port but the one for mail."""
    if granted and not asked:
        yield "`egress_ports` is empty: it was granted for " + ", ".join(map(str, granted))
    opened = sorted(set(asked) - set(granted)) if granted else sorted({MAIL} & set(asked))
    yield from (f"`egress_ports: {port}`: it was not granted" for port in opened)


def _short(value: object) -> str:
    """Return a value for people, cut where it is long."""
    text = ": ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _told(lines: Iterable[str]) -> list[str]:
    """Return lines that a terminal takes for nothing but text: a request may hold anything."""
    return [line[:LONGEST_LINE] if line.isprintable() else ascii(line)[1:-1][:LONGEST_LINE] for line in lines]
