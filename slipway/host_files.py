"""Bring a set of files, folders and links into place at once: compare, judge, stage, rename — or change nothing.

Runs on hosts as a program sent over standard input: standard library only. It knows no daemon: the request names the checker
that judges the new files at their final paths.
"""

import contextlib
import grp
import json
import os
import pwd
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import host_brought
from .host_entries import (
    Entry,
    Refused,
    difference,
    differs,
    glance,
    is_ours,
    look,
    missing_parents,
    named,
    read_entry,
    refuse_unwritable,
    seer,
    settled,
    without_secrets,
)
from .host_guard import arm, confirm, kept, pending, put_back, undo, undo_all
from .host_judge import judge_in_place
from .host_strokes import Cut, Note, after, alone, copies, draft, exhaust, finish, strokes, take_back

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # where checkers are, whatever sudo or the login left of PATH
WAITS_SECONDS = 120
UNDO_WAITS_SECONDS = 10
UNDO, BOOT = ["undo"], ["boot"]
CUT_OFF = "the run that made it was cut off"
CUT_SHORT = "written by a call that was cut short; whoever reads it may not know yet\n"

Judge = Callable[[Sequence[str], Sequence[Entry], Sequence[str]], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the wanted entries and how to judge, guard and show them."""

    entries: tuple[Entry, ...]
    exclusive: tuple[str, ...] = ()
    validate: tuple[str, ...] = ()
    guard: dict[str, Any] | None = None
    check: bool = False
    diff: bool = False
    by: str = ""  # the task that asks, in whose name the set is recorded


@dataclass(frozen=True, slots=True)
class Means:
    """What a call works with."""

    judge: Judge
    note: Note
    program: bytes = b""  # a guard keeps a copy
    carry_out: Callable[[Iterator[str]], object] = exhaust
    arm: Callable[[dict[str, Any], Sequence[Entry], bytes], None] = arm


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier call left undone, and what becomes of it before this one begins."""

    cut: Cut
    foreseen: Mapping[str, Entry]  # its paths as they will be; check mode looks at these
    goes_back: bool  # guarded and not confirmed
    unheard: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is, what will be, and what nobody has been told of."""

    before: Mapping[str, Entry]
    found: dict[str, Entry]  # as it is once what was cut short is settled
    changes: tuple[Entry, ...]
    parents: tuple[Entry, ...]  # folders nobody named, on the way to them
    unheard: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        """Return what the answer names as changed."""
        changed = [entry.path for entry in (*self.parents, *self.changes)]
        return [*changed, *(path for path in self.unheard if path not in changed)]


def read_request(data: dict[str, Any]) -> Request:
    """Return the request from its JSON form."""
    return Request(
        entries=tuple(read_entry(item) for item in data["entries"]),
        exclusive=tuple(data["exclusive"]),
        validate=tuple(data["validate"]),
        guard=data["guard"],
        check=data["check"],
        diff=data["diff"],
        by=data.get("by", ""),
    )


def bring(request: Request, means: Means) -> dict[str, Any]:
    """Bring the set into place and return what changed; raise Refused with the host untouched."""
    past = _past(means.note)
    try:
        seen = _compare(request, past)
    except OSError as problem:
        raise Refused(f"{problem.filename}: {problem.strerror}; nothing was changed") from problem
    if not request.check:
        _settle(past, means.note)
    not_judged = _judged(request, seen, past, means.judge) if seen.changes else []
    back = put_back(request.guard["name"]) if request.guard else ""
    drift = _drift(request, seen, past, means.note)
    if seen.changes and not request.check:
        _write(request, seen, past, means)
    if request.by and not request.check:
        host_brought.remember(request.entries, request.by, means.note)
    said = {"put_back": back, "drift": drift}
    return {**_answer(request, seen, not_judged, means), **{word: value for word, value in said.items() if value}}


def _drift(request: Request, seen: Comparison, past: Past, note: Note) -> dict[str, str]:
    """Return what somebody changed by hand; what an earlier call left half done is nobody's hand."""
    changes = [entry for entry in seen.changes if entry.path not in past.foreseen]
    return host_brought.by_hand(changes, seen.found, request.by, host_brought.read(note)) if request.by else {}


def _past(note: Note) -> Past:
    cut = note.read()
    back = kept(cut.guard) if cut.guard and cut.decided else []
    finished = cut.decided and not back
    return Past(
        cut,
        foreseen={entry.path: entry for entry in back} or after(cut),
        goes_back=bool(back),
        unheard=(*cut.unheard, *cut.paths) if finished else cut.unheard,
    )


def _compare(request: Request, past: Past) -> Comparison:
    see = seer(past.foreseen)
    wanted = [*(named(entry) for entry in request.entries), *(Entry(path) for path in stale(request, past.foreseen))]
    wanted = [entry for entry in wanted if not _is_right_at_a_glance(entry, past)]
    before, found = {}, {}
    for entry in wanted:
        before[entry.path], found[entry.path] = look(entry.path), see(entry.path)
    changes = [settled(entry, found[entry.path]) for entry in wanted if differs(entry, found[entry.path])]
    parents = missing_parents(changes, see)
    refuse_unwritable(changes)
    nothing = {entry.path: Entry(entry.path) for entry in parents}
    unheard = dict.fromkeys(path for path in past.unheard if _concerns(request, path))
    return Comparison({**before, **nothing}, {**found, **nothing}, tuple(changes), tuple(parents), tuple(unheard))


def _is_right_at_a_glance(wanted: Entry, past: Past) -> bool:
    """Return whether a file that keeps its content needs nothing; a log of gigabytes is not read for that."""
    return not wanted.force and wanted.path not in past.foreseen and not differs(wanted, glance(wanted.path))


def _concerns(request: Request, path: str) -> bool:
    return path in {entry.path for entry in request.entries} or str(Path(path).parent) in request.exclusive


def stale(request: Request, foreseen: Mapping[str, Entry]) -> list[str]:
    """Return our own files in exclusive folders that the set no longer holds; foreign files are nobody's business here."""
    wanted = {entry.path for entry in request.entries}
    there = {str(path) for folder in request.exclusive for path in Path(folder).glob("*")}
    coming = {path for path in foreseen if str(Path(path).parent) in request.exclusive}
    return [path for path in sorted((there | coming) - wanted) if is_ours(seer(foreseen)(path))]


def _settle(past: Past, note: Note) -> None:
    """Finish what a cut call had decided, take back what it had only begun; a guarded one goes back whole."""
    if past.goes_back:
        undo(past.cut.guard, note, CUT_OFF)
    elif past.cut.decided:
        finish(past.cut)
    elif past.cut.entries:
        take_back(past.cut)
    if past.cut.entries:
        note.write(Cut(unheard=past.unheard))


def _judged(request: Request, seen: Comparison, past: Past, judge: Judge) -> list[str]:
    """Return what could not be judged (in check mode only); raise Refused where the checker says no."""
    missing = _missing(request.validate, seen.changes)
    if missing and request.check:
        return missing
    if missing:
        raise Refused(f"{'; '.join(missing)}; install or create it first")
    if not request.validate:
        return []
    places = [*(entry.path for entry in request.entries if entry.kind != "folder"), *seen.paths]
    code, output = judge(request.validate, [*past.foreseen.values(), *seen.parents, *seen.changes], places)
    if code:
        command = " ".join(request.validate)
        words = without_secrets(output.strip(), request.entries)
        raise Refused(f"`{command}` ended with {code} for the new files, nothing was changed:\n{words}")
    return []


def _missing(validate: Sequence[str], changes: Sequence[Entry]) -> list[str]:
    program = [f"the checker {validate[0]} is not installed"] if validate and not shutil.which(validate[0]) else []
    living = [entry for entry in changes if entry.kind in ("file", "folder")]
    users = [f"there is no user {name}" for name in sorted({entry.owner for entry in living}) if not _known(pwd.getpwnam, name)]
    groups = [f"there is no group {name}" for name in sorted({entry.group for entry in living}) if not _known(grp.getgrnam, name)]
    return [*program, *users, *groups]


def _known(lookup: Callable[[str], Any], name: str) -> bool:
    with contextlib.suppress(KeyError):
        return name.isdigit() or bool(lookup(name))
    return False


def _write(request: Request, seen: Comparison, past: Past, means: Means) -> None:
    changes = (*seen.parents, *seen.changes)
    cut = replace(
        draft(changes, seen.found),
        guard=request.guard["name"] if request.guard else "",
        paths=tuple(entry.path for entry in seen.changes),
        unheard=past.unheard,
    )
    before = [seen.found[entry.path] for entry in changes]

    def armed() -> None:
        if request.guard:
            means.arm(request.guard, before, means.program)

    means.carry_out(strokes(changes, seen.found, means.note, cut, armed))


def _answer(request: Request, seen: Comparison, not_judged: list[str], means: Means) -> dict[str, Any]:
    result: dict[str, Any] = {"changed": bool(seen.paths), "paths": seen.paths, "not_judged": not_judged}
    if request.diff:
        result["diff"] = [*(difference(seen.before[entry.path], entry) for entry in (*seen.parents, *seen.changes))]
        result["diff"] += [{"prepared": f"{path}: {CUT_SHORT}"} for path in seen.paths[len(result["diff"]) :]]
    if kept_copies := copies(seen.changes, seen.found, means.note.folder):
        result["backup_files"] = [copy.path for copy in kept_copies]
    if request.guard and not request.check:
        result["armed"] = pending(request.guard["name"])
    return result


def heard(request: Request, note: Note) -> None:
    """Forget what the answer told; called once it is out, so that a lost answer is given again."""
    past = _past(note)
    if past.cut != Cut() and not request.check:
        note.write(Cut(unheard=tuple(path for path in past.unheard if not _concerns(request, path))))


def main(arguments: Sequence[str] = ()) -> int:
    """Print the answer as one line of JSON; nothing of a refusal but its words."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '/usr/bin:/bin')}:{SBIN}"
    try:
        _serve(arguments)
    except Refused as refusal:
        _say({"refused": str(refusal)})
        return 1
    except BrokenPipeError:  # nobody listens any more: the next call says it again
        return 1
    except OSError as problem:
        _say({"refused": f"{problem.filename or 'the host'}: {problem.strerror or problem}; nothing was changed"})
        return 1
    return 0


def _serve(arguments: Sequence[str]) -> None:
    if os.geteuid():
        raise Refused("the files of a host are root's; next: set `become: true`")
    request = None if arguments else read_request(json.loads(zlib.decompress(sys.stdin.buffer.read())))
    undoing = arguments[:1] in (UNDO, BOOT)
    with alone(UNDO_WAITS_SECONDS if undoing else WAITS_SECONDS) as held:
        if undoing:  # a call that hangs must not keep people out
            _say(undo(arguments[1], Note()) if arguments[:1] == UNDO else undo_all(Note()))
        elif not held:
            raise Refused(f"another call has been at work on this host for {WAITS_SECONDS} s; next: run this again once it ended")
        elif request:
            program = Path(sys.path[0])  # the archive this runs from; a guard keeps a copy
            _say(bring(request, Means(judge_in_place, Note(), program.read_bytes())))
            heard(request, Note())
        else:
            _say(confirm(arguments[1]))


def _say(words: dict[str, Any]) -> None:
    text = memoryview(json.dumps(words).encode() + b"\n")
    while text:  # unbuffered: a closed connection is met here, before the answer counts as heard
        text = text[os.write(1, text) :]
