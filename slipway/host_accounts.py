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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

RECORD = Path("/var/lib/slipway/accounts.json")  # accounts that were ours stay in it
KEYS = Path("/etc/ssh/authorized_keys.d")
MARK = "Written by Slipway"
SHUT = 1  # a last day long past: no key, password or timer of the account works any more
NEVER = -1
SHELL, NO_SHELLS = "/bin/bash", ("/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false")
END_SECONDS = 4
ACCEPTED = re.compile(r"Accepted publickey for (\S+) from (\S+)")

Argv = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is: the day it ends (days since 1970), whether anything runs as it, and its shell."""

    ends: int
    at_work: bool = False
    shell: str = SHELL


@dataclass(frozen=True, slots=True)
class Kept:
    """What was recorded of an account: since when it is ours, and the day it was last made to end, None where nobody wrote it."""

    since: str = ""
    ends: int | None = None


def days(last_day: str) -> int:
    """Return the first day somebody stays outside, whose last day inside is given; never for an empty one."""
    return (date.fromisoformat(last_day) - date(1970, 1, 1)).days + 1 if last_day else NEVER


def steps(found: Mapping[str, Account], wanted: Mapping[str, str]) -> Iterator[Argv]:
    """Yield the commands that make and date the wanted accounts. Pure."""
    for name, last_day in sorted(wanted.items()):
        if name not in found:
            yield "useradd", "--create-home", "--shell", SHELL, name
        elif found[name].shell in NO_SHELLS:
            yield "usermod", "--shell", SHELL, name
        if (found[name].ends if name in found else NEVER) != days(last_day):
            yield "usermod", "--expiredate", str(days(last_day)), name


def farewells(found: Mapping[str, Account], gone: Sequence[str]) -> Iterator[Argv]:
    """Yield the commands that shut accounts and end all that runs as them. Pure."""
    for name in sorted(set(gone) & set(found)):
        if found[name].ends != SHUT:
            yield "usermod", "--expiredate", str(SHUT), name
        if found[name].at_work:
            yield "loginctl", "terminate-user", name


def drift(found: Mapping[str, Account], ours: Mapping[str, Kept], todo: Sequence[Argv]) -> dict[str, str]:
    """Return account -> what somebody changed by hand, of those with something to do. Pure."""
    told = ((name, _by_hand(found.get(name), ours.get(name, Kept()))) for name in dict.fromkeys(argv[-1] for argv in todo))
    return {name: words for name, words in told if words}


def _by_hand(found: Account | None, kept: Kept) -> str:
    if found is None:
        return "is gone" if kept.ends not in (None, SHUT) else ""
    if found.shell in NO_SHELLS:
        return f"its shell is {found.shell}"
    if kept.ends is None or (found.ends == kept.ends and not (found.at_work and kept.ends == SHUT)):
        return ""
    if kept.ends == SHUT:
        return "was shut, and is at work" if found.ends == SHUT else "was shut, and is open again"
    return f"ends {_day(found.ends)}, not {_day(kept.ends)}"


def _day(ends: int) -> str:
    return last_day(ends) or "never"


def last_day(ends: int) -> str:
    """Return the last day inside of somebody who stays outside from a day on; empty for never. Pure."""
    return "" if ends == NEVER else str(date.fromordinal(date(1970, 1, 1).toordinal() + ends - 1))


def look(names: Sequence[str]) -> dict[str, Account]:
    """Return the accounts of these names that are there."""
    shadow = (line.split(":") for line in Path("/etc/shadow").read_text().splitlines())
    ends = {fields[0]: int(fields[7] or NEVER) for fields in shadow if len(fields) > 7}
    people = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid}  # never root
    at_work = _at_work()
    there = {name: people[name] for name in names if name in people}
    return {name: Account(ends.get(name, NEVER), one.pw_uid in at_work, one.pw_shell) for name, one in there.items()}


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


def recorded() -> dict[str, Kept]:
    """Return the accounts that are or were ours; keys tell of those never recorded."""
    unrecorded = {path.name: Kept() for path in KEYS.glob("*") if path.is_file() and MARK in path.read_text(errors="replace")}
    return {**unrecorded, **_written()}


def _written() -> dict[str, Kept]:
    words = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return {name: read_kept(kept) for name, kept in words.items()}


def read_kept(words: Any) -> Kept:
    """Return what was recorded of an account; once that was the moment alone. Pure."""
    return Kept(words) if isinstance(words, str) else Kept(words["since"], words["ends"])


def told() -> dict[str, Any]:
    """Return what the host knows of our accounts, so that one where all is right need not be asked again."""
    found = {name: [one.ends, one.at_work, one.shell] for name, one in look(list(recorded())).items()}
    whole = [name for name, kept in _written().items() if kept.ends is not None]
    return {"found": found, "ours": list(recorded()), "written": whole}


def answered(wanted: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the answer of a host that told this and has nothing to do for the wanted accounts; None where it must be asked."""
    if not known or set(wanted) - set(known["written"]):
        return None
    found = {name: Account(*account) for name, account in known["found"].items()}
    if list(steps(found, wanted)):
        return None
    return {"changed": False, "commands": [], "gone": _leaving(found, known["ours"], wanted)}


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
        _write(record(ours, wanted, gone if farewell else ()))
    by_hand = drift(found, ours, todo)
    answer = {"changed": bool(todo), "commands": [" ".join(argv) for argv in todo], "gone": _leaving(found, ours, wanted)}
    return {**answer, "drift": by_hand} if by_hand else answer


def record(ours: Mapping[str, Kept], wanted: Mapping[str, str], shut: Sequence[str]) -> dict[str, Kept]:
    """Return what is recorded from now on of all accounts that are or were ours."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    ends = {name: kept.ends for name, kept in ours.items()} | {name: days(day) for name, day in wanted.items()}
    ends |= dict.fromkeys(shut, SHUT)
    return {name: Kept((ours[name].since if name in ours else "") or now, end) for name, end in ends.items()}


def _leaving(found: Mapping[str, Account], ours: Iterable[str], wanted: Mapping[str, str]) -> list[str]:
    """Return whose accounts are still to be shut."""
    return sorted({argv[-1] for argv in farewells(found, [name for name in ours if name not in wanted])})


def _run(argv: Argv) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode and argv[0] != "loginctl":  # it knows no user without a session
        raise SystemExit(f"`{' '.join(argv)}`: {done.stderr.strip()}")


def _write(record: Mapping[str, Kept]) -> None:
    words = {name: {"since": kept.since, "ends": kept.ends} for name, kept in record.items()}
    if RECORD.exists() and json.loads(RECORD.read_text()) == words:
        return
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    new = RECORD.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(words, file)
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
            "since": ours[name].since,
            "last_day": last_day(account.ends),
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
