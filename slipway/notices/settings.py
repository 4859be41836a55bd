"""Whom a host tells: the receivers by severity, and how each is reached. Written by site.yml; holds secret values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SCHEMA = 1

Kind = Literal["webhook", "slack", "mail"]
Severity = Literal["page", "warn", "info"]
Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class Target:
    """How a receiver is reached."""

    kind: Kind
    url: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server that takes messages."""

    host: str
    sender: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The receivers of an environment; `told` says which of them hear of which severity."""

    schema: int = 0
    environment: str = ""
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    receivers: Mapping[str, Target] = field(default_factory=dict)
    mail_server: Server | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must be shown nowhere."""
        values = [value for target in self.receivers.values() for value in (_secret_url(target), target.token)]
        return tuple(filter(None, [*values, self.mail_server.password if self.mail_server else ""]))


def _secret_url(target: Target) -> str:
    return target.url if target.kind == "slack" else ""
