"""Decide what a new base means for the one in force: what is added, what would restart, what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ReleaseRefused

Project = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BaseChange:
    """Stores by what happens to them; `sections` names shared networks whose own definition changed."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    differs: bool = False

    @property
    def needs_permission(self) -> bool:
        """Say whether a store that holds data would restart or stop."""
        return bool(self.changed or self.removed)


def compare(before: Project | None, after: Project) -> BaseChange:
    """Return how the base in force differs from the rendered one."""
    old, new = _section(before, "services"), _section(after, "services")
    old_networks, new_networks = _section(before, "networks"), _section(after, "networks")
    return BaseChange(
        added=tuple(sorted(set(new) - set(old))),
        changed=tuple(sorted(name for name in set(new) & set(old) if new[name] != old[name])),
        removed=tuple(sorted(set(old) - set(new))),
        networks=tuple(
            sorted(name for name in set(new_networks) & set(old_networks) if new_networks[name] != old_networks[name])
        ),
        differs=before != after,
    )


def judge(change: BaseChange, stack: str, allowed: bool) -> None:  # noqa: FBT001 - the permission itself
    """Raise ReleaseRefused where the change may not be made."""
    if change.networks:
        raise ReleaseRefused(
            f"shared network {_list(change.networks)} of {stack} changed, and Docker cannot change a network in use",
            "give the changed network another name in the stack file",
        )
    if change.needs_permission and not allowed:
        raise ReleaseRefused(
            f"the definition of a store of {stack} changed: {_summary(change)}",
            f"look at it with `fab plan --stack {stack}`, then run site.yml with `-e base={stack}`",
        )


def _summary(change: BaseChange) -> str:
    restarts = [f"{_list(change.changed)} would be made anew and restart"] if change.changed else []
    stops = [f"{_list(change.removed)} would be stopped and removed (its volumes stay)"] if change.removed else []
    return "; ".join(restarts + stops)


def _section(project: Project | None, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (project or {}).get(name, {})
    return found


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)
