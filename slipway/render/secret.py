"""Secrets as files: one per reader, because a bind mount keeps the host's owner."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..model import Service, Stack
from ..placement import Placement
from . import names


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file that a container mounts: `name` is the secret whose value it holds, `user` its numeric reader."""

    path: str
    name: str
    user: int
    generation: int
    secret: str


def files(stack: Stack, placement: Placement) -> list[SecretFile]:
    """Return every file the base and the release mount, sorted by path."""
    found = {
        file.path: file
        for service in stack.services.values()
        for file in _files_of(stack, placement, service, _generation(placement, service))
    }
    return [found[path] for path in sorted(found)]


def definitions(stack: Stack, placement: Placement, services: Iterable[Service]) -> dict[str, dict[str, str]]:
    """Return a Compose file's `secrets:` for these services."""
    found = [file for service in services for file in _files_of(stack, placement, service, _generation(placement, service))]
    return {_key(file.secret, file.user): {"file": file.path} for file in sorted(found, key=lambda file: file.path)}


def uses(placement: Placement, service: Service) -> list[dict[str, str]]:
    """Return a service's `secrets:`."""
    user = placement.users.get(service.name, 0)
    return [{"source": _key(use.source, user), "target": use.target} for use in service.secrets]


def _key(secret: str, user: int) -> str:
    return f"{secret}-{user}"


def _generation(placement: Placement, service: Service) -> int:
    return placement.base_generation if service.kind == "store" else placement.secrets_generation


def _files_of(stack: Stack, placement: Placement, service: Service, generation: int) -> list[SecretFile]:
    user = placement.users.get(service.name, 0)
    return [
        SecretFile(
            names.secret_path(stack.name, generation, user, use.source),
            stack.secret_files[use.source],
            user,
            generation,
            use.source,
        )
        for use in service.secrets
    ]
