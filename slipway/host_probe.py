"""Say what a host holds and runs, in one answer, so that tasks need not ask one by one.

Runs on hosts as a program read from standard input: standard library only. Reading is apart from judging: `answer` and what it
calls take recorded outputs, `main` goes and gets them.
"""

import json
import os
import platform
import re
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from . import host_accounts, host_brought, host_engine, host_managed, host_network, host_rules
from .host_reading import ask, begin, changes, said, text
from .host_strokes import Note

PROGRAM = (
    *("host_accounts", "host_brought", "host_engine", "host_entries", "host_guard", "host_managed"),
    *("host_network", "host_reading", "host_rules", "host_strokes"),
)
SBIN = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
NEXT = "look whether its Python works (`python3 -V`), then run this again"
FIREWALL, RULES = "slipway-firewall.service", "/etc/slipway/firewall.nft"
PROPERTIES = (
    "Id,LoadState,ActiveState,UnitFileState,ActiveEnterTimestamp,StateChangeTimestamp,ExecMainStartTimestamp,ReloadResult,"
    "NeedDaemonReload"
)


@dataclass(frozen=True, slots=True)
class Daemon:
    """Whose files a unit reads when it starts, and whether a reload makes it read them again."""

    files: tuple[str, ...]  # a folder stands for itself and what is in it
    reloads: bool


DAEMONS = {
    "ssh.service": Daemon(("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d", "/etc/systemd/system/ssh.service.d"), reloads=True),
    "docker.service": Daemon(("/etc/docker/daemon.json",), reloads=False),
    "nginx.service": Daemon(("/etc/nginx/nginx.conf", "/etc/nginx/slipway/snippets"), reloads=True),
    FIREWALL: Daemon((RULES, f"/etc/systemd/system/{FIREWALL}"), reloads=False),
}
UNITS = (
    *DAEMONS,
    "ssh.socket",
    "certbot.timer",
    "certbot.service",
    "logrotate.timer",
    "slipway-resume.service",
    "slipway-certs.timer",
    "slipway-certs.service",
    "slipway-notices.path",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "slipway-reboot.timer",
    "slipway-reboot.service",
)
STARTED_BY = {"ssh.service": "ssh.socket"}  # Ubuntu's way
BOOT_ONLY = ("slipway-resume.service",)  # enabled is all a role asks of it
ASKED = {
    "docker.service": ("/run/docker.sock", b"GET /version HTTP/1.0\r\nHost: docker\r\n\r\n", 200),
    "nginx.service": (("127.0.0.1", 80), b"GET /.well-known/acme-challenge/none HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", 404),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read on the host, as it was read."""

    status: str  # /var/lib/dpkg/status
    units: str  # systemctl show
    changed: Mapping[str, float]  # path -> when it last changed, in seconds since the epoch
    now: float
    passwd: str
    mounts: str  # /proc/self/mountinfo
    sockets: Mapping[str, str]  # tcp, tcp6, udp, udp6 -> /proc/net/...
    routes: str  # /proc/net/route
    system: Mapping[str, str]
    engine: str  # where the link to the engine in use leads
    files: Mapping[str, Any]  # what `host_managed` tells
    accounts: Mapping[str, Any]  # what `host_accounts` tells
    replies: Mapping[str, bytes]  # unit -> what it answered to a request
    rules_in_force: bool
    traffic_in_force: bool = True  # the switch and the fence of the engine
    rules: Mapping[str, list[str]] = field(default_factory=dict)  # lost and stray ones, of all our tables
    roles: tuple[str, ...] = ()  # that brought files into place here


def answer(seen: Seen) -> dict[str, Any]:
    """Return what tasks ask for, from what was read."""
    units = read_units(seen.units)
    replies = {name: status_of(reply) for name, reply in seen.replies.items()}
    outdated = [name for name, unit in units.items() if is_outdated(name, unit, seen.changed, seen.now)]
    in_force = seen.rules_in_force and units.get(FIREWALL, {}).get("ActiveState") == "active"
    if FIREWALL in units and FIREWALL not in outdated and not in_force:
        outdated.append(FIREWALL)  # somebody changed the rules in the kernel, or stopped the unit that loads them
    return {
        "packages": packages(seen.status),
        "held": held(seen.status),
        "users": users(seen.passwd),
        "units": units,
        "up": [name for name in units if is_up(name, units, replies) and name not in outdated],
        "at_boot": [name for name in units if starts_at_boot(name, units)],
        "outdated": outdated,
        "mounts": mounts(seen.mounts),
        "ports": ports(seen.sockets),
        "network": host_network.told(seen.sockets, seen.routes),
        "system": dict(seen.system),
        "docker": docker_version(seen.replies.get("docker.service", b"")),
        "engine": seen.engine,
        "traffic_in_force": seen.traffic_in_force,
        "rules": dict(seen.rules),
        "roles": list(seen.roles),
        "files": dict(seen.files),
        "accounts": dict(seen.accounts),
    }


def packages(status: str) -> dict[str, str]:
    """Return name -> version of what is installed whole, from dpkg's status file."""
    found = {}
    for paragraph in status.split("\n\n"):
        words = dict(re.findall(r"^(Package|Status|Version): (.+)$", paragraph, re.MULTILINE))
        if words.get("Status", "").endswith(" installed"):
            found[words["Package"]] = words["Version"]
    return found


def held(status: str) -> list[str]:
    """Return the packages that nothing but an explicit order moves to another version, from dpkg's status file."""
    found = re.findall(r"^Package: (.+)\nStatus: hold ok ", status, re.MULTILINE)
    return sorted(found)


def users(passwd: str) -> dict[str, dict[str, Any]]:
    """Return the users by name, from passwd."""
    rows = [line.split(":") for line in passwd.splitlines()]
    return {row[0]: {"uid": int(row[2]), "home": row[5], "shell": row[6]} for row in rows if len(row) == 7}


def read_units(shown: str) -> dict[str, dict[str, str]]:
    """Return the properties of each unit that is there, from `systemctl show`."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in shown.split("\n\n")]
    return {block["Id"]: block for block in blocks if block.get("LoadState") in ("loaded", "masked")}


def is_up(name: str, units: Mapping[str, Mapping[str, str]], replies: Mapping[str, int]) -> bool:
    """Return whether a unit runs, starts at boot and, where it can be asked, answers."""
    runs = units[name]["ActiveState"] == "active" or name in BOOT_ONLY
    answers = name not in ASKED or replies.get(name) == ASKED[name][2]
    return runs and starts_at_boot(name, units) and answers


def starts_at_boot(name: str, units: Mapping[str, Mapping[str, str]]) -> bool:
    """Return whether a boot starts a unit, or what starts it once somebody asks."""
    return "enabled" in {units.get(one, {}).get("UnitFileState") for one in (name, STARTED_BY.get(name, name))}


def is_outdated(name: str, unit: Mapping[str, str], changed: Mapping[str, float], now: float) -> bool:
    """Return whether a unit runs with settings older than those on disk."""
    if name not in DAEMONS:
        return unit["NeedDaemonReload"] == "yes"
    if unit["ActiveState"] != "active" or unit["LoadState"] != "loaded":
        return False  # it reads all anew when it starts
    if unit.get("ReloadResult", "success") != "success":
        return True
    since = read_since(unit, reloads=DAEMONS[name].reloads)
    return any(since < at <= now for path, at in changed.items() if belongs(path, DAEMONS[name].files))


def read_since(unit: Mapping[str, str], *, reloads: bool) -> float:
    """Return when a daemon last read its settings: its last reload, else its start."""
    started, active, last = (
        seconds(unit[word]) for word in ("ExecMainStartTimestamp", "ActiveEnterTimestamp", "StateChangeTimestamp")
    )
    return last if reloads and last > active else started


def belongs(path: str, files: Iterable[str]) -> bool:
    """Return whether a path is one of these files or lies in one of these folders."""
    return any(path == file or path.startswith(f"{file}/") for file in files)


def seconds(timestamp: str) -> float:
    """Return seconds since the epoch of `Sat 2026-11-21 12:48:35.846994 UTC`; 0 of an empty one."""
    if not timestamp:
        return 0.0
    _, day, clock, _ = timestamp.split()
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=UTC).timestamp()


def mounts(mountinfo: str) -> dict[str, str]:
    """Return path -> file system of what is mounted; the uppermost where several are."""
    found = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        path = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split()[4])
        found[path] = after.split()[0]
    return found


def ports(sockets: Mapping[str, str]) -> dict[str, list[int]]:
    """Return the ports somebody listens on, by protocol, but for those only the host itself reaches."""
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for name, table in sockets.items():
        listening = "0A" if name.startswith("tcp") else "07"
        for row in (line.split() for line in table.splitlines()[1:]):
            address, _, port = row[1].partition(":")
            if row[3] == listening and not is_loopback(address):
                found[name[:3]].add(int(port, 16))
    return {protocol: sorted(numbers) for protocol, numbers in found.items()}


def is_loopback(address: str) -> bool:
    """Return whether only the host itself reaches an address, as /proc/net writes it: 127.0.0.0/8 or ::1."""
    return (len(address) == 8 and address.endswith("7F")) or address == f"{'0' * 24}01000000"


def status_of(reply: bytes) -> int:
    """Return the status of an HTTP reply; 0 where none came."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", reply)
    return int(found[1]) if found else 0


def docker_version(reply: bytes) -> str:
    """Return the version of the Docker engine that answered; empty where none did."""
    if status_of(reply) != 200:
        return ""
    return str(json.loads(reply.partition(b"\r\n\r\n")[2])["Version"])


def read_answer(code: int, output: str, errors: str) -> dict[str, Any]:
    """Return the host's answer as the result of a task."""
    line = next((line for line in reversed(output.splitlines()) if line.startswith("{")), "")
    if code or not line:
        return {
            "failed": True,
            "msg": f"the host could not say what is there:\n{(errors or output).strip()[-2000:]}\n  next: {NEXT}",
        }
    return {"changed": False, **json.loads(line)}


def see() -> Seen:
    """Read the host; what others have to be asked for is under way meanwhile."""
    shown = begin(["systemctl", "show", "--timestamp=us+utc", f"--property={PROPERTIES}", *UNITS])
    loaded, written = begin(host_rules.LOADED), begin(host_rules.WRITTEN)
    seen = Seen(
        status=text("/var/lib/dpkg/status"),
        changed=changes(path for daemon in DAEMONS.values() for path in daemon.files),
        passwd=text("/etc/passwd"),
        mounts=text("/proc/self/mountinfo"),
        sockets={name: text(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")},
        routes=text("/proc/net/route"),
        system={"kernel": platform.release(), "machine": platform.machine(), "python": platform.python_version()},
        engine=host_engine.version(),
        files=host_managed.told(Note()),
        accounts=host_accounts.told(),
        replies={name: ask(where, words) for name, (where, words, _) in ASKED.items()},
        rules_in_force=False,
        units=said(shown),
        now=time.time(),
        roles=tuple(sorted({was.by.partition(" : ")[0] for was in host_brought.read(Note()).values()})),
    )
    return replace(seen, **host_rules.judged(said(loaded), said(written)))


def main() -> int:
    """Print the answer."""
    os.environ["PATH"] = SBIN
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.stdout.write(json.dumps(answer(see())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
