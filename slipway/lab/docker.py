"""The Docker command line as the lab uses it. The CLI, not the API: only the CLI knows `systempaths=unconfined`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import CommandFailed
from . import command

# The engine's own builder without attestations, wherever a newer CLI would choose another: images must land in the engine.
BUILD_ENVIRONMENT = {"BUILDX_BUILDER": "default", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDKIT_PROGRESS": "plain"}
Kind = Literal["container", "image", "network", "volume"]


@dataclass(frozen=True, slots=True)
class Docker:
    """A Docker engine that answers, and how to call it."""

    prefix: tuple[str, ...] = ("docker",)

    def argv(self, *arguments: str) -> tuple[str, ...]:
        """Return the whole command for these arguments."""
        return (*self.prefix, *arguments)

    def read(self, *arguments: str, stdin: bytes | None = None, timeout_seconds: float = 60) -> str:
        """Return what a quick Docker command prints."""
        return command.read(self.argv(*arguments), stdin=stdin, timeout_seconds=timeout_seconds)

    def read_bytes(self, *arguments: str, timeout_seconds: float = 60) -> bytes:
        """Return the bytes a quick Docker command prints."""
        return command.read_bytes(self.argv(*arguments), timeout_seconds=timeout_seconds)

    def follow(self, arguments: Sequence[str], note: command.Note, *, first_line_seconds: float | None = None) -> None:
        """Run a long Docker command, handing over each line it prints."""
        command.follow(self.argv(*arguments), note, first_line_seconds=first_line_seconds, environment=BUILD_ENVIRONMENT)

    def inspect(self, kind: Kind, name: str) -> dict[str, Any] | None:
        """Return what the engine knows of an object, or None where there is none."""
        try:
            found = json.loads(self.read(kind, "inspect", name))
        except CommandFailed as failed:
            if "no such" in failed.tail.lower() or "not found" in failed.tail.lower():
                return None
            raise
        return dict(found[0])

    def names(self, kind: Kind, label: str) -> tuple[str, ...]:
        """Return the names of all objects that carry a label."""
        filters = ("--filter", f"label={label}")
        listing = {
            "container": ("ps", "--all", "--format", "{{.Names}}"),
            "image": ("image", "ls", "--format", "{{if eq .Tag `<none>`}}{{.ID}}{{else}}{{.Repository}}:{{.Tag}}{{end}}"),
            "network": ("network", "ls", "--format", "{{.Name}}"),
            "volume": ("volume", "ls", "--format", "{{.Name}}"),
        }
        return tuple(dict.fromkeys(self.read(*listing[kind], *filters).split()))


def labels_of(inspected: dict[str, Any] | None) -> dict[str, str]:
    """Return the labels of an inspected container or image."""
    return dict(((inspected or {}).get("Config") or {}).get("Labels") or {})
