"""Say which packages a host lacks and why an installation failed. Pure: the words of dpkg and apt in, sentences out."""

import re
from collections.abc import Mapping, Sequence

REASONS = (
    (
        r"No space left on device|not have enough free space",
        "the disk of the host is full",
        "free some space (`df -h`, `apt-get clean`), then run this again",
    ),
    (
        r"Could not get lock|lock_timeout|Failed to lock|is another process using it",
        "another apt or dpkg is at work on the host",
        "wait until it is done (`ps -C apt-get,dpkg,unattended-upgr`), then run this again",
    ),
    (
        r"Temporary failure resolving|Could not (?:resolve|connect)|Unable to connect|Connection (?:refused|timed out|failed)"
        r"|Failed to fetch|Failed to update apt cache|Unable to fetch|Cannot initiate the connection",
        "the package mirror does not answer",
        "try `apt-get update` on the host; look at its /etc/apt/sources.list.d, its DNS and its way out, then run this again",
    ),
    (
        r"No package matching|Unable to locate package|has no installation candidate",
        "the mirrors of the host do not hold all of these packages",
        "look whether its system is Debian 13 or Ubuntu 24.04 and whether main and universe are enabled",
    ),
    (
        r"dpkg was interrupted|dpkg --configure -a|Unmet dependencies|broken packages",
        "an earlier installation was cut short on the host",
        "run `dpkg --configure -a && apt-get -f install` on the host, then run this again",
    ),
)
# A fresh image may have no log at all, and zgrep without a file would wait for its standard input.
REMOVED = "zgrep -hE '^[^ ]+ [^ ]+ (remove|purge) ' /dev/null $(ls -tr /var/log/dpkg.log* 2>/dev/null)"


def versions(output: str) -> dict[str, str]:
    """Return name -> version of what is installed, from `dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n'`."""
    rows = [line.split() for line in output.splitlines()]
    return {row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "installed"}


def held(output: str) -> set[str]:
    """Return the names that are held, from `dpkg-query -W -f '${db:Status-Want} ${Package}\\n'`."""
    rows = [line.split() for line in output.splitlines()]
    return {row[1] for row in rows if len(row) == 2 and row[0] == "hold"}


def known(names: Sequence[str], installed: Mapping[str, str]) -> dict[str, str]:
    """Return name -> version where all names are among what is known to be installed, else nothing."""
    return {name: installed[name] for name in names} if all(name in installed for name in names) else {}


def lacked(names: Sequence[str], told: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return the names a host lacked when it was asked, also those installed since; where it was not, what it lacks now."""
    return [name for name in names if name not in (told or there)]


def removed(log: str, names: Sequence[str]) -> dict[str, str]:
    """Return name -> when it was removed, of packages that are not there, from lines of dpkg's log, the oldest first."""
    rows = re.findall(r"^(\S+ \S+) (?:remove|purge) ([^\s:]+)", log, re.MULTILINE)
    return {name: f"was removed at {when}" for when, name in rows if name in names}


def upstream(version: str) -> str:
    """Return the version its authors gave it: `1.26.3` of `1:1.26.3-3+deb13u1`."""
    return re.split(r"[-+~]", version.split(":", 1)[-1], maxsplit=1)[0]


def index_is_old(message: str) -> bool:
    """Return whether the host's list of packages may be the cause: a mirror that was down leaves an empty, fresh-looking one."""
    return bool(re.search(r"No package matching|Unable to locate package|no installation candidate|Failed to fetch|404", message))


def failure(message: str, names: Sequence[str]) -> str:
    """Return why the packages could not be installed, and the next step."""
    for pattern, cause, next_step in REASONS:
        if re.search(pattern, message):
            return f"{', '.join(names)}: {cause}\n  next: {next_step}\n  apt: {message.strip()[-600:]}"
    words = message.strip()[-1500:]
    return f"{', '.join(names)}: apt failed\n  next: run `apt-get install {' '.join(names)}` on the host\n  apt: {words}"
