"""Have a daemon's own checker judge new files at their final paths while nobody else sees them.

Runs on hosts as part of the program that `host_files` sends: standard library only. A child gets a mount namespace of its own,
covers the folders in question with writable layers, lays the files into them and becomes the checker.
"""

import ctypes
import os
import select
import shutil
import signal
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from .host_entries import Entry, ground, mount_points
from .host_strokes import lay

STAGE = Path("/run/slipway-judge")
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
CHECKER_NOT_STARTED = 125
TIMED_OUT = 124
SECONDS = 60.0

_libc = ctypes.CDLL(None, use_errno=True)


def judge_in_place(argv: Sequence[str], entries: Sequence[Entry], places: Iterable[str]) -> tuple[int, str]:
    """Return the checker's code and words; what it writes beside `places` itself vanishes too."""
    bases = _outermost({ground(path) for path in places})
    STAGE.mkdir(mode=0o700, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir="/run") as output:
            child = os.fork()
            if child == 0:
                _become_checker(argv, entries, bases, output.fileno())
            code = _code_of(child)
            output.seek(0)
            words = output.read().decode(errors="replace")
            return code, words if code != TIMED_OUT else f"{words}\nit did not end within {SECONDS:.0f} s"
    finally:
        STAGE.rmdir()


def _outermost(folders: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for folder in sorted(folders):
        if not any(f"{folder}/".startswith(f"{other}/") for other in kept):
            kept.append(folder)
    return kept


def _code_of(child: int) -> int:
    descriptor = os.pidfd_open(child)
    ended = select.select([descriptor], [], [], SECONDS)[0]
    os.close(descriptor)
    if not ended:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ended else TIMED_OUT


def _become_checker(argv: Sequence[str], entries: Sequence[Entry], bases: Sequence[str], output: int) -> NoReturn:
    try:
        os.setsid()
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
            os.dup2(descriptor, target)
        _cover(bases)
        for entry in entries:
            lay(entry)
        os.execvp(argv[0], list(argv))  # noqa: S606 - argv of the role, no shell wanted
    except BaseException as problem:  # a forked child must never return into its parent's code
        os.write(2, f"the checker could not be started: {problem}\n".encode())
        os._exit(CHECKER_NOT_STARTED)


def _cover(bases: Sequence[str]) -> None:
    """Cover folders with layers that vanish with this process (os.unshare and os.mount are not in Debian's Python)."""
    if _libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "no mount namespace of its own")
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    _mount("tmpfs", str(STAGE), "tmpfs")
    for number, base in enumerate(bases):
        if base == "/":
            raise OSError("a new folder in / cannot be judged before it is there; make it first")
        _overlay(base, STAGE / str(number))


def _overlay(base: str, layer: Path) -> None:
    upper, work = layer / "upper", layer / "work"
    upper.mkdir(parents=True)
    work.mkdir()
    status = Path(base).stat()
    os.chown(upper, status.st_uid, status.st_gid)
    shutil.copymode(base, upper)  # the upper folder's owner and mode are what the checker sees
    below = _outermost(point for point in mount_points() if point.startswith(f"{base}/"))
    inner = [(point, descriptor) for point in below for descriptor in _opened(point)]
    _mount("overlay", base, "overlay", data=f"lowerdir={_quoted(base)},upperdir={upper},workdir={work}")
    for point, descriptor in inner:  # an overlay shows what is below a mount, not the mount
        _mount(f"/proc/self/fd/{descriptor}", point, "", MS_BIND | MS_REC)


def _opened(point: str) -> list[int]:
    with suppress(OSError):  # a mount that root itself may not see, or whose server is gone
        return [os.open(point, os.O_PATH)]
    return []


def _quoted(path: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\:," else sign for sign in path)


def _mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    if _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), os.fsencode(data)):
        number = ctypes.get_errno()
        raise OSError(number, f"mount of {kind or source}: {os.strerror(number)}", target)
