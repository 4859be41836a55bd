"""Run commands: argv lists in, text out; a failure carries the cause and, where it is known, the next step."""

import os
import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from ..errors import CommandFailed, HostError

TIMED_OUT = 124
Note = Callable[[str], None]


def read(argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> str:
    """Return what a quick command prints on stdout."""
    return read_bytes(argv, stdin=stdin, timeout_seconds=timeout_seconds).decode(errors="replace")


def read_bytes(argv: Sequence[str], *, stdin: bytes | None = None, timeout_seconds: float = 60) -> bytes:
    """Return the bytes a quick command prints on stdout."""
    try:
        done = subprocess.run(argv, input=stdin or b"", capture_output=True, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired as late:
        raise failure(argv, TIMED_OUT, f"no end within {timeout_seconds:.0f} s") from late
    if done.returncode:
        raise failure(argv, done.returncode, (done.stdout + done.stderr).decode(errors="replace"))
    return done.stdout


def follow(
    argv: Sequence[str],
    note: Note,
    *,
    timeout_seconds: float = 1800,
    first_line_seconds: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a long command, handing over each line it prints; one that says nothing in its first seconds may be given up early."""
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | (environment or {}),
    ) as process:
        alarms = [threading.Timer(seconds, process.kill) for seconds in (timeout_seconds, first_line_seconds) if seconds]
        lines = _lines(process, note, alarms)
        code = process.wait()
    if code:
        raise failure(argv, code, "".join(lines))


def pipe(source: Sequence[str], sink: Sequence[str], note: Note) -> None:
    """Run two commands, the first one's stdout into the second; hand over the lines of the first one's stderr."""
    with (
        subprocess.Popen(source, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first,
        subprocess.Popen(sink, stdin=first.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as second,
    ):
        if first.stdout:
            first.stdout.close()  # ours; else the first would never learn that the second has gone
        lines = []
        for line in first.stderr or ():
            lines.append(line)
            note(line)
        code, sink_code = first.wait(), second.wait()
        rejected = second.stderr.read() if second.stderr else ""
    if code or sink_code:
        raise failure(source if code else sink, code or sink_code, "".join(lines) if code else rejected)


def _lines(process: subprocess.Popen[str], note: Note, alarms: list[threading.Timer]) -> list[str]:
    lines: list[str] = []
    for alarm in alarms:
        alarm.start()
    try:
        for line in process.stdout or ():
            for early in alarms[1:]:
                early.cancel()
            lines.append(line)
            note(line)
    finally:
        for alarm in alarms:  # a running timer would keep an interrupted program alive
            alarm.cancel()
    return lines


def failure(argv: Sequence[str], code: int, output: str) -> HostError:
    """Return the error for a command that ended badly, in words of its cause where that is known. Pure."""
    if taken := re.search(
        r"(?:Bind for|listen tcp4?) ([\d.]+:(\d+))\S* ?(?:failed: port is already allocated|bind: address already)", output
    ):
        return HostError(
            f"port {taken[1]} is taken by something that is not the lab's",
            f"see who holds it with `ss -ltnp 'sport = :{taken[2]}'` or `docker ps --filter publish={taken[2]}`, "
            "stop it, then run this again",
        )
    if "no space left on device" in output.lower():
        return HostError(
            f"the disk is full: `{argv[0]} {argv[1] if len(argv) > 1 else ''}`".rstrip() + " could not write",
            "free some space (`df -h`, `docker system df`, `scripts/lab down --images`), then run this again",
        )
    if "pool overlaps with other one" in output.lower():
        return HostError(
            "the lab's network overlaps with another Docker network",
            "find it with `docker network ls` and `docker network inspect`, remove it if it is a leftover, then run this again",
        )
    return CommandFailed(argv, code, output)
