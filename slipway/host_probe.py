"""Say what a host holds and runs, in one answer, so that tasks need not ask one by one.

Runs on hosts as a program read from standard input: standard library only, no import of ours. Reading is apart from judging:
`answer` and what it calls take recorded outputs, `main` goes and gets them.
"""

import json
import os
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SBIN = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
ANSWERS_SECONDS = 2
NEXT = "look whether its Python works (`python3 -V`), then run this again"
RULES = "/etc/slipway/firewall.nft"
LISTED = ["nft", "-s", "list", "table", "inet", "slipway"]
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
    "ssh.service": Daemon(("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d"), reloads=True),
    "docker.service": Daemon(("/etc/docker/daemon.json",), reloads=False),
    "nginx.service": Daemon(("/etc/nginx/nginx.conf", "/etc/nginx/slipway/snippets"), reloads=True),
}
UNITS = (
    *DAEMONS,
    "slipway-firewall.service",
    "certbot.timer",
    "certbot.service",
    "slipway-resume.service",
    "slipway-certs.timer",
    "slipway-certs.service",
)
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
    system: Mapping[str, str]
    engine: str  # where the link to the engine in use leads
    replies: Mapping[str, bytes]  # unit -> what it answered to a request
    rules_in_force: bool


def answer(seen: Seen) -> dict[str, Any]:
    """Return what tasks ask for, from what was read."""
    units = read_units(seen.units)
    replies = {name: status_of(reply) for name, reply in seen.replies.items()}
    outdated = [name for name, unit in units.items() if is_outdated(name, unit, seen.changed, seen.now)]
    return {
        "packages": packages(seen.status),
        "users": users(seen.passwd),
        "units": units,
        "up": [name for name, unit in units.items() if is_up(name, unit, replies) and name not in outdated],
        "outdated": outdated,
        "mounts": mounts(seen.mounts),
        "ports": ports(seen.sockets),
        "system": dict(seen.system),
        "docker": docker_version(seen.replies.get("docker.service", b"")),
        "engine": seen.engine,
        "rules_in_force": seen.rules_in_force,
    }


def packages(status: str) -> dict[str, str]:
    """Return name -> version of what is installed whole, from dpkg's status file."""
    found = {}
    for paragraph in status.split("\n\n"):
        words = dict(re.findall(r"^(Package|Status|Version): (.+)$", paragraph, re.MULTILINE))
        if words.get("Status", "").endswith(" installed"):
            found[words["Package"]] = words["Version"]
    return found


def users(passwd: str) -> dict[str, dict[str, Any]]:
    """Return the users by name, from passwd."""
    rows = [line.split(":") for line in passwd.splitlines()]
    return {row[0]: {"uid": int(row[2]), "home": row[5], "shell": row[6]} for row in rows if len(row) == 7}


def read_units(shown: str) -> dict[str, dict[str, str]]:
    """Return the properties of each unit that is there, from `systemctl show`."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in shown.split("\n\n")]
    return {block["Id"]: block for block in blocks if block.get("LoadState") == "loaded"}


def is_up(name: str, unit: Mapping[str, str], replies: Mapping[str, int]) -> bool:
    """Return whether a unit runs, starts at boot and, where it can be asked, answers."""
    runs = unit["ActiveState"] == "active" or name in BOOT_ONLY
    answers = name not in ASKED or replies.get(name) == ASKED[name][2]
    return runs and unit["UnitFileState"] == "enabled" and answers


def is_outdated(name: str, unit: Mapping[str, str], changed: Mapping[str, float], now: float) -> bool:
    """Return whether a unit runs with settings older than those on disk."""
    if name not in DAEMONS:
        return unit["NeedDaemonReload"] == "yes"
    if unit["ActiveState"] != "active":
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
    for name, text in sockets.items():
        listening = "0A" if name.startswith("tcp") else "07"
        for row in (line.split() for line in text.splitlines()[1:]):
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
    """Read the host."""
    shown = subprocess.run(
        ["systemctl", "show", "--timestamp=us+utc", f"--property={PROPERTIES}", *UNITS],
        capture_output=True,
        text=True,
        check=False,
    )
    return Seen(
        status=_text("/var/lib/dpkg/status"),
        units=shown.stdout,
        changed=changes(path for daemon in DAEMONS.values() for path in daemon.files),
        now=time.time(),
        passwd=_text("/etc/passwd"),
        mounts=_text("/proc/self/mountinfo"),
        sockets={name: _text(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")},
        system={"kernel": platform.release(), "machine": platform.machine(), "python": platform.python_version()},
        engine=_read_link("/usr/local/lib/slipway/current"),
        replies={name: ask(where, words) for name, (where, words, _) in ASKED.items()},
        rules_in_force=rules_in_force(),
    )


def changes(paths: Iterable[str]) -> dict[str, float]:
    """Return when files, folders and what is in these last changed: content, name, mode or owner; no tool can set that time."""
    found = {}
    for path in map(Path, paths):
        inside = path.iterdir() if path.is_dir() else ()
        found.update({str(one): one.lstat().st_ctime for one in (path, *inside) if one.exists()})
    return found


def rules_in_force() -> bool:
    """Return whether the kernel filters by the written rules; what they come to is asked of it in a network of its own."""
    written = ["unshare", "--net", "sh", "-c", f'nft -f "$0" && {" ".join(LISTED)}', RULES]
    loaded, wanted = (_said(argv) for argv in (LISTED, written))
    return bool(loaded) and loaded == wanted


def ask(where: Any, words: bytes) -> bytes:
    """Return the whole reply of a server, empty where it does not answer in time."""
    try:
        with socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET) as connection:
            connection.settimeout(ANSWERS_SECONDS)
            connection.connect(where)
            connection.sendall(words)
            return b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return b""


def _said(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _text(path: str) -> str:
    return _or_empty(lambda: Path(path).read_text(encoding="utf-8", errors="replace"))


def _read_link(path: str) -> str:
    return _or_empty(lambda: str(Path(path).readlink()))


def _or_empty(read: Callable[[], str]) -> str:
    try:
        return read()
    except OSError:
        return ""


def main() -> int:
    """Print the answer."""
    os.environ["PATH"] = SBIN
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.stdout.write(json.dumps(answer(see())) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
