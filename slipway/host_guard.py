"""Keep the way back while a change that could lock people out is on probation.

Runs on hosts as part of the program that `host_files` sends: standard library only. Armed before the change; the host puts
back what was there by itself unless somebody confirms over a new connection in time. A timer does so, and after a restart,
which no timer outlives, a unit that runs before anything else could read the new files.
"""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import host_brought
from .host_entries import Entry, Refused, differs, entry_json, look, named, read_entry
from .host_strokes import Cut, Note, finish, keep, take_back, write

GUARDS = Path("/var/lib/slipway/guard")
UNITS = Path("/etc/systemd/system")
BOOT_UNIT = "slipway-guard.service"
# Before sysinit.target: every daemon starts after that, and reads the former files. The firewall is earlier still.
BOOT_UNIT_TEXT = """\
# Written by Slipway: changes on probation that nobody confirmed before a restart go back before anything reads them.
[Unit]
Description=Put back changes nobody confirmed
DefaultDependencies=no
ConditionPathExistsGlob={guards}/*/undo.json
RequiresMountsFor={guards} /etc
After=local-fs.target
Before=sysinit.target network-pre.target slipway-firewall.service ssh.service ssh.socket shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -I -S {guards}/program.zip boot
TimeoutStartSec=60
"""


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
    past = {"entries": [entry_json(entry) for entry in entries], "commands": guard["undo"], "seconds": guard["seconds"]}
    outlive_a_restart(program)
    files = {"program.zip": program, "undo.json": json.dumps(past).encode()}
    keep(_own(folder / file, content) for file, content in files.items())
    try:
        _start_timer(name, guard["seconds"], folder / "program.zip")
    except Refused:
        if not earlier:  # nothing changes, so there is nothing to go back to
            (folder / "undo.json").unlink()
        raise


def outlive_a_restart(program: bytes) -> None:
    """Have the unit in place that puts back at boot; it does nothing while no change is on probation."""
    unit, wanted = UNITS / BOOT_UNIT, UNITS / "sysinit.target.wants" / BOOT_UNIT
    wanted.parent.mkdir(exist_ok=True)
    text = BOOT_UNIT_TEXT.format(guards=GUARDS).encode()
    files = (
        _own(GUARDS / "program.zip", program),
        _own(unit, text, 0o644),
        Entry(str(wanted), "link", f"../{BOOT_UNIT}".encode()),
    )
    keep(entry for entry in files if differs(named(entry), look(entry.path)))


def _own(path: Path, content: bytes, mode: int = 0o600) -> Entry:
    return Entry(str(path), "file", content, mode, str(os.geteuid()), str(os.getegid()))


def pending(name: str) -> bool:
    """Return whether a change waits to be confirmed; forget one that was put back and is made no more."""
    armed = (GUARDS / name / "undo.json").exists()
    if not armed:
        shutil.rmtree(GUARDS / name, ignore_errors=True)  # most changes never had one
    return armed


def put_back(name: str) -> str:
    """Return how an earlier change came to be put back; nothing where none was."""
    with contextlib.suppress(FileNotFoundError):
        return str(json.loads((GUARDS / name / "undone.json").read_text()).get("said", ""))
    return ""


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
    said = put_back(name)
    if not (GUARDS / name / "undo.json").exists():
        shutil.rmtree(GUARDS / name)  # said once; another run is not kept from its work
        raise Refused(f"nothing to confirm: {said}\n  next: run this again")
    _stop_timer(name)
    shutil.rmtree(GUARDS / name)
    return {"changed": True}


def undo(name: str, note: Note, why: str = "") -> dict[str, Any]:
    """Put back what was there and run the commands that make daemons see it, each whatever the others did."""
    folder, before = GUARDS / name, kept(name)
    past = json.loads((folder / "undo.json").read_text())
    try:
        _put_back(name, before, note)
    finally:
        for argv in past["commands"]:
            with contextlib.suppress(OSError):  # a daemon that is not installed any more
                subprocess.run(argv, check=False)
    _record(name, before, why or f"nobody confirmed it within {past.get('seconds')} s")
    _stop_timer(name)  # still waiting where a call, not the timer, came first
    return {"changed": True, "paths": [entry.path for entry in before]}


def undo_all(note: Note) -> dict[str, Any]:
    """Put back, the newest first, all that nobody confirmed before the host restarted; nobody has read it in this life."""
    waiting = sorted(GUARDS.glob("*/undo.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    paths = []
    for name in [path.parent.name for path in waiting]:
        before = kept(name)
        _put_back(name, before, note)
        _record(name, before, "the host restarted before anybody confirmed it")
        paths += [entry.path for entry in before]
    if any(path.startswith("/etc/systemd/") for path in paths):
        subprocess.run(["systemctl", "daemon-reload"], check=False)
    return {"changed": bool(paths), "paths": paths}


def _record(name: str, before: Sequence[Entry], why: str) -> None:
    """End the probation and leave word of it for the next run."""
    paths = ", ".join(entry.path for entry in before if entry.kind != "folder")
    said = f"at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC the host put back {paths}: {why}"
    keep([_own(GUARDS / name / "undone.json", json.dumps({"said": said}).encode())])
    (GUARDS / name / "undo.json").unlink()


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
    with contextlib.suppress(OSError):  # a record that is behind tells of a change by hand, no more
        host_brought.follow(before, note)
