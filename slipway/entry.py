"""Say in one sentence why a host lets nobody in, and what to do. Pure: the words of ssh and sudo in, a refusal out."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SYSTEMS = ("debian", "ubuntu")
ASK = "id -u && cat /etc/os-release && /usr/bin/python3 -V"


@dataclass(frozen=True, slots=True)
class Door:
    """Where and as whom somebody knocked."""

    user: str
    host: str
    port: int = 22
    key: str = ""

    @property
    def address(self) -> str:
        """Return what ssh calls this host in a known-hosts file."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"

    def __str__(self) -> str:
        """Return user, host and port as people write them."""
        return f"{self.user}@{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the door stayed shut."""

    kind: str
    cause: str
    next_step: str

    @property
    def unreachable(self) -> bool:
        """Return whether no connection was made at all."""
        return self.kind not in ("password", "sudo", "python", "system", "unknown")

    def __str__(self) -> str:
        """Return the cause and the next step, each on a line."""
        return f"{self.cause}\n  next: {self.next_step}"


@dataclass(frozen=True, slots=True)
class Host:
    """What a host said about itself when it let us in."""

    distribution: str
    version: str
    codename: str


# In this order: ssh prints several lines, the first that names a cause wins.
REASONS = (
    (
        "host key changed",
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
        "{door}: the host shows another key than the one that is known",
        "if the host was rebuilt, run `{forget}` and take its new key over as the first time; if not, somebody may be in between",
    ),
    (
        "host key unknown",
        r"No \S+ host key is known for|Host key verification failed",
        "{door}: the key of the host is not known",
        "compare `ssh-keyscan {scan}` with the fingerprint your provider shows, then add it to the known-hosts file",
    ),
    (
        "key file",
        r"UNPROTECTED PRIVATE KEY FILE|bad permissions",
        "{door}: the private key {key} may be read by others, ssh does not use it",
        "chmod 0600 {key}",
    ),
    (
        "key file",
        r"Identity file .* not accessible|no such identity|Load key .*: (?:No such file|Permission denied|invalid format)",
        "{door}: the private key {key} cannot be read",
        "write `ansible_ssh_private_key_file` right in the inventory, or make the key",
    ),
    (
        "key refused",
        r"Permission denied \(|Too many authentication failures|Permission denied, please try again",
        "{door}: the host refuses the key of this user",
        "try `ssh -p {port} {user}@{host}`; put the key under `admins`, or name a fresh host's first user in `first_login`",
    ),
    (
        "name",
        r"Could not resolve hostname|Name or service not known|Temporary failure in name resolution",
        "{host}: this name has no address",
        "write `ansible_host` right in the inventory, or repair the name's DNS",
    ),
    (
        "refused",
        r"Connection refused",
        "{host}:{port}: the host answers, but nothing listens on this port",
        "wait if the host is booting; else check `ansible_port`, and `systemctl status ssh` on its console",
    ),
    (
        "unreachable",
        r"No route to host|Network is unreachable|Host is down",
        "{host}: no way leads to this address",
        "look whether the host runs and whether your network or VPN reaches it",
    ),
    (
        "timeout",
        r"timed out|Timeout, server .* not responding",
        "{host}:{port}: no answer in time",
        "look whether the host runs and whether a firewall on the way lets port {port} through",
    ),
    (
        "closed",
        r"Not allowed at this time|kex_exchange_identification|Connection (?:closed|reset)|stdio forwarding failed",
        "{host}:{port}: the connection is closed before anybody may log in",
        "wait a minute (sshd shuts out addresses that failed too often), then try again; with a jump host, look at its log",
    ),
    (
        "password",
        r"Incorrect \S+ password|Sorry, try again|incorrect password attempt",
        "{door}: sudo refuses the password",
        "give the right one with `--ask-become-pass`, or as `ansible_become_password` in the vault",
    ),
    (
        "password",
        r"Missing \S+ password|a password is required|a terminal is required",
        "{door}: sudo wants a password and none was given",
        "give it with `--ask-become-pass`, or as `ansible_become_password` in the vault",
    ),
    (
        "sudo",
        r"is not in the sudoers file|is not allowed to (?:run sudo|execute)",
        "{door}: this user may not become root",
        "name another user in `first_login`, or let this one use sudo",
    ),
    (
        "sudo",
        r"sudo: (?:command )?not found|sudo: No such file",
        "{door}: the host has no sudo",
        "log in as root the first time (`first_login: root`), or install sudo",
    ),
    (
        "python",
        r"python\S*: (?:command )?not found|python\S*: No such file",
        "{door}: the host has no Python",
        "run `apt-get install -y python3` on the host",
    ),
)


def refusal(words: str, door: Door) -> Refusal:
    """Return why the door stayed shut, from the words of ssh, sudo or the shell."""
    facts = {
        "door": str(door),
        "user": door.user,
        "host": door.host,
        "port": door.port,
        "key": door.key or "that ssh offers",
        "scan": f"-p {door.port} {door.host}" if door.port != 22 else door.host,
        "forget": _forget(words, door),
    }
    for kind, pattern, cause, next_step in REASONS:
        if re.search(pattern, words):
            return Refusal(kind, cause.format(**facts), next_step.format(**facts))
    return Refusal("unknown", f"{door}: {words.strip()[-800:]}", f"try `ssh -p {door.port} {door.user}@{door.host}` by hand")


def _forget(words: str, door: Door) -> str:
    """Return the command that forgets the old key; ssh's own words know aliases and jump hosts."""
    if own := re.search(r"ssh-keygen -f .+ -R .+", words):
        return own.group(0).strip()
    file = re.search(r"Offending .*key in (\S+):\d+", words)
    place = f" -f {shlex.quote(file.group(1))}" if file else ""
    return f"ssh-keygen{place} -R {shlex.quote(door.address)}"


def both(first: Refusal, second: Refusal) -> Refusal:
    """Return one refusal for a host that let in neither the admin nor the first user."""
    return Refusal(first.kind, f"{first.cause}\n{second.cause}", first.next_step)


def host_of(output: str, door: Door) -> Host | Refusal:
    """Return what the host said about itself (`id -u`, os-release), or why it cannot be one of ours."""
    lines = output.strip().splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    host = Host(*(said.get(key, "").strip('"') for key in ("ID", "VERSION_ID", "VERSION_CODENAME")))
    if lines[:1] != ["0"]:
        return Refusal("sudo", f"{door}: the command did not run as root", "set `ansible_become: true` for the host")
    if host.distribution not in SYSTEMS:
        return Refusal("system", f"{door}: {host.distribution or 'the system'} is unknown", "use Debian 13 or Ubuntu 24.04")
    return host


def asking(program: str) -> str:
    """Return the command that says what `host_of` reads and, as root, runs a program whose failure is its own to tell."""
    return f'{ASK} && {{ test "$(id -u)" != 0 || {program} || true; }}'  # the program tells its own failure


def still_holds(known: Mapping[str, Any], user: str, guard: str) -> bool:
    """Return whether what an earlier entry of the run said spares a new login: the same user, sshd up, nothing to confirm."""
    if known.get("user") != user or "probe" not in known:
        return False
    return "ssh.service" in known["probe"]["up"] and guard not in known["probe"]["files"]["guards"]
