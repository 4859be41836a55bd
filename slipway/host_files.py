"""Bring a set of files, folders and links into place at once: compare, judge, stage, rename — or change nothing.

Runs on hosts as a program sent over standard input: standard library only. It knows no daemon: the request names the checker
that judges the new files at their final paths, inside a mount namespace of its own.
"""

import contextlib
import ctypes
import grp
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from .host_entries import Entry, Refused, difference, differs, look, read_entry, settled, write
from .host_guard import arm, confirm, pending, undo

MARK = re.compile(rb"(?:Written by|Belongs to) Slipway")  # in the first line of a file that is ours
CLONE_NEWNS = 0x00020000
OVERLAID = ("etc", "opt", "usr", "var")
CHECKER_NOT_STARTED = 125

Judge = Callable[[Sequence[str], Sequence[Entry]], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the wanted entries and how to judge, guard and show them."""

    entries: tuple[Entry, ...]
    exclusive: tuple[str, ...] = ()
    validate: tuple[str, ...] = ()
    guard: dict[str, Any] | None = None
    check: bool = False
    diff: bool = False


def read_request(data: dict[str, Any]) -> Request:
    """Return the request from its JSON form."""
    return Request(
        entries=tuple(read_entry(item) for item in data["entries"]),
        exclusive=tuple(data["exclusive"]),
        validate=tuple(data["validate"]),
        guard=data["guard"],
        check=data["check"],
        diff=data["diff"],
    )


def bring(request: Request, judge: Judge, program: bytes = b"") -> dict[str, Any]:
    """Bring the set into place and return what changed; raise Refused with the host untouched."""
    wanted = [*request.entries, *(Entry(path) for path in stale(request))]
    found = {entry.path: look(entry.path) for entry in wanted}
    changes = [settled(entry, found[entry.path]) for entry in wanted if differs(entry, found[entry.path])]
    result: dict[str, Any] = {"changed": bool(changes), "paths": [entry.path for entry in changes], "not_judged": []}
    if request.diff:
        result["diff"] = [difference(found[entry.path], entry) for entry in changes]
    if changes:
        result["not_judged"] = _judged(request, changes, judge)
    if changes and not request.check:
        if request.guard:
            arm(request.guard, [found[entry.path] for entry in changes], program)
        write(changes)
    if request.guard and not request.check:
        result["armed"] = pending(request.guard["name"])
    return result


def stale(request: Request) -> list[str]:
    """Return our own files in exclusive folders that the set no longer holds; foreign files are nobody's business here."""
    wanted = {entry.path for entry in request.entries}
    files = [path for folder in request.exclusive for path in sorted(Path(folder).glob("*")) if str(path) not in wanted]
    return [str(path) for path in files if path.is_file() and not path.is_symlink() and _is_ours(path)]


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return bool(MARK.search(file.readline(400)))


def _judged(request: Request, changes: Sequence[Entry], judge: Judge) -> list[str]:
    """Return what could not be judged (in check mode only); raise Refused where the checker says no."""
    missing = _missing(request.validate, changes)
    if missing and request.check:
        return missing
    if missing:
        raise Refused(f"{'; '.join(missing)}; install or create it first")
    if not request.validate:
        return []
    code, output = judge(request.validate, changes)
    if code:
        command = " ".join(request.validate)
        raise Refused(f"`{command}` ended with {code} for the new files, nothing was changed:\n{output.strip()}")
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


def judge_in_place(argv: Sequence[str], changes: Sequence[Entry]) -> tuple[int, str]:
    """Run a checker that sees the changes at their final paths while nobody else does; return its code and words."""
    with tempfile.TemporaryDirectory(prefix="slipway-judge-", dir="/run") as stage:
        child = os.fork()
        if child == 0:
            _become_judge(argv, changes, Path(stage))
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), Path(stage, "output").read_text(errors="replace")


def _become_judge(argv: Sequence[str], changes: Sequence[Entry], stage: Path) -> NoReturn:
    try:
        _redirect(stage / "output")
        _overlay(sorted({Path(entry.path).parts[1] for entry in changes}), stage)
        write(changes)
        os.execvp(argv[0], list(argv))  # noqa: S606 - argv of the role, no shell wanted
    except BaseException as problem:  # a forked child must never return into its parent's code
        os.write(2, f"the checker could not be started: {problem}\n".encode())
        os._exit(CHECKER_NOT_STARTED)


def _redirect(output: Path) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def _overlay(tops: Iterable[str], stage: Path) -> None:
    """Cover folders of the root with writable layers that vanish with the child (os.unshare needs Python 3.12)."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "no mount namespace of its own")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for top in tops:
        if top not in OVERLAID:
            raise OSError(f"files below /{top} cannot be judged before they are there")
        upper, work = stage / top / "upper", stage / top / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        shutil.copymode(f"/{top}", upper)  # the upper folder's mode is what the checker sees
        layers = f"lowerdir=/{top},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, f"/{top}"], check=True)


def answer(arguments: Sequence[str]) -> dict[str, Any]:
    """Carry out what the arguments, or a request on standard input, ask for."""
    if arguments:
        return {"confirm": confirm, "undo": undo}[arguments[0]](arguments[1])
    program = Path(sys.path[0])  # the archive this runs from; a guard keeps a copy
    return bring(read_request(json.load(sys.stdin)), judge_in_place, program.read_bytes())


def main(arguments: Sequence[str] = ()) -> int:
    """Print the answer as one line of JSON."""
    try:
        print(json.dumps(answer(arguments)))  # noqa: T201 - the answer to the controller
    except Refused as refusal:
        print(json.dumps({"refused": str(refusal)}))  # noqa: T201 - the same
        return 1
    return 0
