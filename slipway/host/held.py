"""Releases that the host took back: known again by their words, secrets and images, and refused until somebody insists."""

from collections.abc import Mapping

from ..errors import ReleaseRefused
from ..model import Stack
from . import records
from .journal import Journal
from .machine import Work
from .records import Request


def check(work: Work, request: Request, generation: int | None, references: Mapping[str, str]) -> None:
    """Refuse what is held already, unless the request insists; `references` are the digests as far as they are known."""
    found = alike(work, request.stack, generation, references)
    if request.returns_to in work.serving().held and request.returns_to not in found:
        found = [*found, request.returns_to or 0]
    # Who insists on the last means all that are like it: of two the other would be named for ever.
    if found and not _insists(request, found[-1]):
        number = found[-1]
        raise ReleaseRefused(
            f"this is release {number} of {request.stack.name} again, {_why(work, number)}",
            f"correct it; or have it once more: `fab deploy --again`, or site.yml with `-e again={number}`",
        )


def alike(work: Work, stack: Stack, generation: int | None, references: Mapping[str, str]) -> list[int]:
    """Return the held releases that run the same: stack, secrets and images; stores are no part of a release."""
    return [number for number in work.serving().held if _same(work, number, stack, generation, references)]


def _same(work: Work, number: int, stack: Stack, generation: int | None, references: Mapping[str, str]) -> bool:
    if number not in records.releases(work.folder):
        return False
    release = records.release(work.folder, number)
    return records.fingerprint(stack, generation) == release.fingerprint and not any(
        references.get(name) not in (None, release.placement.images.get(name))
        for name, service in stack.services.items()
        if service.kind != "store"
    )


def _insists(request: Request, number: int) -> bool:
    return request.again or request.again_of == number


def _why(work: Work, number: int) -> str:
    entries = Journal(work.folder.journal).entries()
    ends = [entry for entry in entries if entry["event"] == "returned" and entry.get("from") == number]
    if ends and ends[-1].get("how") == "aborted":
        return f"a canary that was taken back at {ends[-1]['at']}: {ends[-1].get('text', '')}"
    bad = [entry for entry in entries if entry["event"] == "watch" and entry["state"] == "bad" and entry["release"] == number]
    found = bad[-1] if bad else None
    return "which the host took back" + (f" at {found['at']}: {found.get('text', '')}" if found else "")
