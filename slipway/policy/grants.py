"""What is granted: `/etc/slipway/policy.json` as types, and how the stacks an admin runs make it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model import Access, Service, Stack
from . import forms
from .compose import RULES, keys_of
from .images import repository

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ServiceGrant:
    """What one service may ask for beyond what is harmless: Compose keys with the values an admin ran them with.

    `writable` names files and folders of the stack that it may change.
    """

    compose: Mapping[str, Any] = field(default_factory=dict)
    host_paths: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackGrant:
    """What a stack may ask for; `domains` maps a public name to who may reach it."""

    production: bool = False
    images: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    domains: Mapping[str, Access] = field(default_factory=dict)
    egress_ports: tuple[int, ...] = ()
    services: Mapping[str, ServiceGrant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the stacks of a host may ask for."""

    stacks: Mapping[str, StackGrant] = field(default_factory=dict)
    schema: int = 0


def policy_of(stacks: Mapping[str, Stack]) -> Policy:
    """Return the policy that lets through what these stacks ask for, and nothing beyond."""
    return Policy({name: grant_of(stack) for name, stack in sorted(stacks.items())}, SCHEMA)


def grant_of(stack: Stack) -> StackGrant:
    """Return what a stack may ask for once an admin ran it like this."""
    domains = {name: domain.access for domain in stack.domains.values() for name in (domain.name, *domain.redirect_from)}
    services = {name: _of_service(service) for name, service in sorted(stack.services.items())}
    return StackGrant(
        production=stack.production,
        images=tuple(sorted({repository(service.image) for service in stack.services.values()})),
        secrets=tuple(sorted(stack.secret_names)),
        domains=dict(sorted(domains.items())),
        egress_ports=tuple(sorted(stack.egress_ports)),
        services={name: grant for name, grant in services.items() if grant != ServiceGrant()},
    )


def _of_service(service: Service) -> ServiceGrant:
    asked = sorted(keys_of(service.compose), key=lambda entry: entry[0])
    return ServiceGrant(
        compose={
            key: value for key, value in asked if key in RULES and RULES[key].grantable and RULES[key].beyond(value, granted=None)
        },
        host_paths=tuple(sorted(mount.source for mount in service.mounts if mount.source.startswith("/"))),
        writable=tuple(sorted(bind.source for bind in forms.own_binds(service) if not bind.read_only)),
        exceptions=tuple(sorted(service.exceptions)),
    )
