"""Whether the schema in force still suits an older release: a migration can take away what that one needs.

A migration task names such revisions under `contracts`. Those that ran are read from what the tasks printed that ended well:
Alembic, Django, Rails and Flyway name each revision they apply. The revision that a schema stands at counts as well.
"""

import re
from collections.abc import Iterable, Iterator

from ..errors import ReleaseRefused
from . import records
from .journal import Journal
from .layout import StackFolder

TASK = "task-"
LEFT_BEHIND = re.compile(r"(?:[^\s,]+, )*[^\s,]+ -> ")  # Alembic's `0002 -> 0003`: only the right side is applied


def judge(folder: StackFolder, to: int) -> None:
    """Refuse the way back to a release across a revision that contracts."""
    crossed = [*applied(_contracts(folder, to), _outputs(folder, to)), *_reached(folder, to)]
    if crossed:
        number, revision = max(crossed, key=lambda one: one[0])
        now = ", ".join(records.revisions(folder).values())
        stands = f" (the schema is at {now} now)" if now else ""
        raise ReleaseRefused(
            f"release {to} cannot come back: release {number} ran the migration {revision}, which takes away what older releases "
            f"need (`contracts`), and migrations are never run backwards{stands}",
            "deploy a release that suits the schema, or restore the database",
        )


def applied(contracts: Iterable[str], outputs: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield each revision of `contracts` that a migration's output names, with the number of the release that ran it."""
    wanted = list(dict.fromkeys(contracts))
    for number, text in outputs:
        lines = LEFT_BEHIND.sub("", text)
        yield from ((number, revision) for revision in wanted if _names(lines, revision))


def _names(text: str, revision: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9_-]){re.escape(revision)}(?![A-Za-z0-9_-])", text) is not None


def _contracts(folder: StackFolder, to: int) -> list[str]:
    later = [number for number in records.releases(folder) if number > to]
    found = [records.release(folder, number).stack for number in later if _has_record(folder, number)]
    return [revision for stack in found for task in stack.of_kind("task") if task.task for revision in task.task.contracts]


def _reached(folder: StackFolder, to: int) -> list[tuple[int, str]]:
    """Return the contracting revisions that a later release's schema stands at, where the release's own is known."""
    if not _has_record(folder, to) or not (own := records.release(folder, to).revisions):
        return []
    later = [number for number in records.releases(folder) if number > to and _has_record(folder, number)]
    texts = [(number, "\n".join(records.release(folder, number).revisions.values())) for number in later]
    wanted = [revision for revision in _contracts(folder, to) if not _names("\n".join(own.values()), revision)]
    return list(applied(wanted, texts))


def _has_record(folder: StackFolder, number: int) -> bool:
    return (folder.release(number) / "release.json").is_file()


def _outputs(folder: StackFolder, to: int) -> list[tuple[int, str]]:
    """Return what later releases' tasks printed that ended well, also where the release was refused or is forgotten."""
    files = [(number, folder.path / "log" / f"{folder.name}-r{number}-{task}.log") for number, task in _done(folder, to)]
    return [(number, file.read_text(encoding="utf-8", errors="replace")) for number, file in files if file.is_file()]


def _done(folder: StackFolder, to: int) -> list[tuple[int, str]]:
    steps = [entry for entry in Journal(folder.journal).entries() if entry.get("event") == "step" and entry["state"] == "done"]
    tasks = [(int(entry.get("release") or 0), str(entry["name"])) for entry in steps if str(entry["name"]).startswith(TASK)]
    return sorted({(number, name.removeprefix(TASK)) for number, name in tasks if number > to})
