"""Keep the way back while a change that could lock people out is on probation.

Runs on hosts as part of the program that `host_files` sends: standard library only. Armed before the change; the host puts
back what was there by itself unless somebody confirms over a new connection in time.
"""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .host_entries import Entry, Refused, entry_json, read_entry
from .host_strokes import Cut, Note, finish, keep, take_back, write

GUARDS = Path("/var/lib/slipway/guard")


def arm(guard: dict[str, Any], before: Sequence[Entry], program: bytes) -> None:
    """Save what is there and start the timer that puts it back; refuse the change where that fails."""
    name, folder = guard["name"], GUARDS / guard["name"]
    folder.mkdir(parents=True, exist_ok=True)
    GUARDS.chmod(0o700)
    _stop_timer(name)
    (folder / "undone.json").unlink(missing_ok=True)
    earlier = kept(name)  # of a change nobody confirmed: its past is the one to return to
    known = {entry.path for entry in earlier}
    entries = [*earlier, *(entry for entry in before if entry.path not in known)]
    undo_text = json.dumps({"entries": [entry_json(entry) for entry in entries], "commands": guard["undo"]})
    files = {"program.zip": program, "undo.json": undo_text.encode()}
    keep(Entry(str(folder / file), "file", content, 0o600) for file, content in files.items())
    _start_timer(name, guard["seconds"], folder / "program.zip")


def pending(name: str) -> bool:
    """Return whether a change waits to be confirmed; forget one that was put back and is made no more."""
    armed = (GUARDS / name / "undo.json").exists()
    if not armed:
        shutil.rmtree(GUARDS / name, ignore_errors=True)
    return armed


def _start_timer(name: str, seconds: int, program: Path) -> None:
    timer = ["systemd-run", "--quiet", "--collect", f"--unit=slipway-guard-{name}", f"--on-active={seconds}"]
    command = ["/usr/bin/python3", "-I", "-S", str(program), "undo", name]
    armed = subprocess.run([*timer, "--timer-property=AccuracySec=100ms", *command], capture_output=True, text=True, check=False)
    if armed.returncode:
        raise Refused(f"the guard could not be armed, nothing was changed:\n{armed.stderr.strip()}")


def _stop_timer(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # no systemd, no timer
        subprocess.run(["systemctl", "stop", f"slipway-guard-{name}.timer"], capture_output=True, check=False)


def kept(name: str) -> list[Entry]:
    """Return what the host would put back; nothing where no change waits to be confirmed."""
    with contextlib.suppress(FileNotFoundError):
        return [read_entry(item) for item in json.loads((GUARDS / name / "undo.json").read_text())["entries"]]
    return []


def confirm(name: str) -> dict[str, Any]:
    """Keep the new files: end the guard and forget the old ones."""
    if not (GUARDS / name).exists():
        return {"changed": False}
    if not (GUARDS / name / "undo.json").exists():
        raise Refused(f"nothing to confirm: the host has already put back what the guard {name} kept\n  next: run this again")
    _stop_timer(name)
    shutil.rmtree(GUARDS / name)
    return {"changed": True}


def undo(name: str, note: Note) -> dict[str, Any]:
    """Put back what was there and run the commands that make daemons see it, each whatever the others did."""
    folder, before = GUARDS / name, kept(name)
    commands = json.loads((folder / "undo.json").read_text())["commands"]
    _put_back(name, before, note)
    for argv in commands:
        with contextlib.suppress(OSError):  # a daemon that is not installed any more
            subprocess.run(argv, check=False)
    (folder / "undo.json").replace(folder / "undone.json")
    _stop_timer(name)  # still waiting where a call, not the timer, came first
    return {"changed": True, "paths": [entry.path for entry in before]}


def _put_back(name: str, before: Sequence[Entry], note: Note) -> None:
    cut = note.read()
    if cut.guard == name or not cut.decided:
        take_back(cut)
        heard = Cut(unheard=cut.unheard)
    else:
        finish(cut)
        heard = Cut(unheard=(*cut.unheard, *cut.paths))
    write(before, note)
    note.write(heard)
