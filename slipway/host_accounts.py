"""Have the accounts of people on a host: made, given a last day, shut with all their sessions once nobody names them.

Runs on hosts, sent over standard input: standard library only.
"""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

RECORD = Path("/var/lib/slipway/accounts.json")  # name -> since when; accounts that were ours stay in it
KEYS = Path("/etc/ssh/authorized_keys.d")
MARK = "Written by Slipway"
SHUT = 1  # a last day long past: no key, password or timer of the account works any more
NEVER = -1
END_SECONDS = 4
ACCEPTED = re.compile(r"Accepted publickey for (\S+) from (\S+)")

Argv = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is: the day it ends (days since 1970) and whether anything runs as it."""

    ends: int
    at_work: bool = False


def days(last_day: str) -> int:
    """Return the first day somebody stays outside, whose last day inside is given; never for an empty one."""
    return (date.fromisoformat(last_day) - date(1970, 1, 1)).days + 1 if last_day else NEVER


def steps(found: Mapping[str, Account], wanted: Mapping[str, str]) -> Iterator[Argv]:
    """Yield the commands that make and date the wanted accounts. Pure."""
    for name, last_day in sorted(wanted.items()):
        if name not in found:
            yield "useradd", "--create-home", "--shell", "/bin/bash", name
        if (found[name].ends if name in found else NEVER) != days(last_day):
            yield "usermod", "--expiredate", str(days(last_day)), name


def farewells(found: Mapping[str, Account], gone: Sequence[str]) -> Iterator[Argv]:
    """Yield the commands that shut accounts and end all that runs as them. Pure."""
    for name in sorted(set(gone) & set(found)):
        if found[name].ends != SHUT:
            yield "usermod", "--expiredate", str(SHUT), name
        if found[name].at_work:
            yield "loginctl", "terminate-user", name


def look(names: Sequence[str]) -> dict[str, Account]:
    """Return the accounts of these names that are there."""
    shadow = (line.split(":") for line in Path("/etc/shadow").read_text().splitlines())
    ends = {fields[0]: int(fields[7] or NEVER) for fields in shadow if len(fields) > 7}
    ids = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    at_work = _at_work()
    return {name: Account(ends.get(name, NEVER), ids[name] in at_work) for name in names if ids.get(name)}  # never root


def _at_work() -> dict[int, list[int]]:
    """Return the processes of each user."""
    found: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError):
            found.setdefault(process.stat().st_uid, []).append(int(process.name))
    return found


def _end(name: str) -> None:
    """Wait for sessions to end in order, then end what is left: timers, what was put aside, sessions nobody keeps a list of."""
    user, until = pwd.getpwnam(name).pw_uid, time.monotonic() + END_SECONDS
    while user in _at_work() and time.monotonic() < until:
        time.sleep(0.1)
    for process in _at_work().get(user, []):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def recorded() -> dict[str, str]:
    """Return the accounts that are or were ours, with the moment each came to be; keys tell of those never recorded."""
    written: dict[str, str] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    unrecorded = {path.name: "" for path in KEYS.glob("*") if path.is_file() and MARK in path.read_text(errors="replace")}
    return {**unrecorded, **written}


def bring(wanted: Mapping[str, str], *, farewell: bool, check: bool) -> dict[str, Any]:
    """Have the wanted accounts, or shut the others; return what changed."""
    ours = recorded()
    gone = [name for name in ours if name not in wanted]
    found = look([*ours, *wanted])
    todo = list(farewells(found, gone) if farewell else steps(found, wanted))
    if not check:
        for argv in todo:
            _run(argv)
        for name in [argv[-1] for argv in todo if argv[0] == "loginctl"]:
            _end(name)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        _write({**dict.fromkeys(wanted, now), **{name: since or now for name, since in ours.items()}})
    leaving = sorted({argv[-1] for argv in farewells(found, gone)})
    return {"changed": bool(todo), "commands": [" ".join(argv) for argv in todo], "gone": leaving}


def _run(argv: Argv) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode and argv[0] != "loginctl":  # it knows no user without a session
        raise SystemExit(f"`{' '.join(argv)}`: {done.stderr.strip()}")


def _write(record: Mapping[str, str]) -> None:
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    new = RECORD.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(RECORD)


def listing() -> list[dict[str, Any]]:
    """Return who may log in, since when, until when, and when each last did."""
    ours, seen = recorded(), last_logins(_journal())
    found = look(list(ours))
    return [
        {
            "name": name,
            "keys": _keys(name),
            "since": ours[name],
            "last_day": "" if account.ends == NEVER else str(date.fromordinal(date(1970, 1, 1).toordinal() + account.ends - 1)),
            "last_login": seen.get(name, ("", ""))[0],
            "from": seen.get(name, ("", ""))[1],
        }
        for name, account in sorted(found.items())
        if account.ends != SHUT and _keys(name)
    ]


def _keys(name: str) -> int:
    path = KEYS / name
    return sum("ssh-" in line or "ecdsa-" in line for line in path.read_text().splitlines()) if path.exists() else 0


def _journal() -> Iterator[str]:
    argv = ["journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE"]
    argv += ["--identifier=sshd", "--identifier=sshd-session", "--grep=^Accepted publickey for "]
    return iter(subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines())


def last_logins(journal: Iterator[str]) -> dict[str, tuple[str, str]]:
    """Return each user's last login and where from, out of the journal's lines, the oldest first. Pure."""
    found = {}
    for line in journal:
        entry = json.loads(line)
        if words := ACCEPTED.match(str(entry["MESSAGE"])):
            moment = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
            found[words[1]] = (f"{moment:%Y-%m-%dT%H:%M:%SZ}", words[2])
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the answer as one line of JSON."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
    if not arguments:
        sys.stdout.write(json.dumps({"users": listing()}) + "\n")
        return 0
    asked = json.loads(arguments[0])
    answer = bring(asked["accounts"], farewell=asked["farewell"], check=asked["check"])
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
