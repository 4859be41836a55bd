"""Go back to a release by its own record: its words and images as they were, with the secrets of today."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..codec import to_json
from ..errors import HostError, ReleaseRefused, SlipwayError
from ..model import Stack
from . import contracts, records, resume
from .journal import Journal
from .machine import Work
from .records import Release


class ReleaseUnknown(SlipwayError):
    """There is no such release to go to."""

    exit_code = 2


def words(work: Work, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a controller's wish to go back as the request of a release; `to` is its number, or None for the one before."""
    current = resume.current_release(work)
    if current is None:
        raise HostError(f"nothing of {work.folder.name} serves here", "deploy it first")
    wanted = chosen(work, current, data.get("to"))
    contracts.judge(work.folder, wanted.number)
    stack = as_it_was(wanted)
    return {
        **{name: value for name, value in data.items() if name != "to"},
        "stack": to_json(stack),
        "secrets": _todays(wanted, data.get("secrets") or {}),
        "verb": "rollback",
        "why": data.get("why") or f"fab rollback to {wanted.number}",
        "returns_to": wanted.number,
        "pinned": dict(stack.variables),
    }


def chosen(work: Work, current: Release, to: int | None) -> Release:
    """Return the release to go back to; raise where there is none, or none that ever served."""
    served = records.served(work.folder)
    if to is None:
        left_out = (*work.serving().held, *_never_confirmed(work))
        to = before(current, [records.release(work.folder, number) for number in served], left_out)
    kept = ", ".join(str(number) for number in served if number != current.number)
    if to is None or to not in served:
        cause = f"{work.folder.name} has no release {to} to go back to" if to else f"no release served before {current.number}"
        raise ReleaseUnknown(cause, f"releases that are kept: {kept}" if kept else "deploy another version")
    if to == current.number:
        raise ReleaseUnknown(f"release {to} serves already", f"releases that are kept: {kept or 'none'}")
    return records.release(work.folder, to)


def _never_confirmed(work: Work) -> list[int]:
    """Return the releases that went back because other hosts did not serve them."""
    entries = Journal(work.folder.journal).entries()
    return [int(entry["from"]) for entry in entries if entry["event"] == "returned" and entry.get("together")]


def before(current: Release, served: Sequence[Release], left_out: tuple[int, ...]) -> int | None:
    """Return the last release that was another one: after a rollback the one before that, and never one that is left out."""
    since = current.returns_to or current.number
    others = [one for one in served if one.number < since and one.number not in left_out and not _alike(one, current)]
    return max((one.number for one in others), default=None)


def _alike(one: Release, other: Release) -> bool:
    return as_it_was(one) == as_it_was(other)


def as_it_was(release: Release) -> Stack:
    """Return a release's stack, each image of the application by the digest it ran with; stores stay as they are."""
    apps = [service for service in release.stack.services.values() if service.kind != "store"]
    references = {service.image: release.placement.images[service.name] for service in apps}
    return replace(release.stack, pins={image: reference.rpartition("@")[2] for image, reference in references.items()})


def _todays(release: Release, values: Mapping[str, str]) -> dict[str, str]:
    missing = sorted(set(release.stack.secret_names) - set(values))
    if missing:
        raise ReleaseRefused(
            f"release {release.number} needs {', '.join(missing)}, which the inventory names no more",
            f"put it back under `secrets` of stack {release.stack.name}, or go to a later release",
        )
    return {name: values[name] for name in release.stack.secret_names}
