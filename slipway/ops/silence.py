"""Why a host gave no answer, and what to do about it."""

import re
from dataclasses import dataclass

from ..errors import HostError
from .hosts import Host
from .ssh import Answer


@dataclass(frozen=True, slots=True)
class Silence:
    """A cause and the next step."""

    cause: str
    next_step: str


_SSH = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key is not the one that is known",
        "compare it at the console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if the host was made anew, "
        "remove the old one: ssh-keygen -R {address}",
    ),
    (
        "Host key verification failed|No .* host key is known",
        "its host key is not known yet",
        "compare the key and accept it once: fab ssh --host {name}",
    ),
    (
        "Permission denied|Too many authentication failures",
        "it refuses the key of {user}",
        "check `admins` and your key: ssh-add -l",
    ),
    ("Could not resolve hostname", "the name {address} has no address", "correct ansible_host or the DNS record"),
    ("Connection refused", "nothing listens on its SSH port", "check ansible_port and that sshd runs (console of the provider)"),
    ("timed out|No route to host|unreachable", "it cannot be reached", "check that it runs, its address and your network"),
    ("Connection closed|reset by peer|Broken pipe", "the connection was cut", "try again; the host may be restarting"),
)
_REMOTE = (
    (
        "a password is required|password for|no new privileges",
        "{user} may not use sudo without a password there",
        "run site.yml with --ask-become-pass: it lets admins use sudo",
    ),
    ("slipway: (command )?not found|slipway: No such file", "Slipway is not installed there", "run site.yml --limit {name}"),
    ("unknown stack|no stack", "it does not run this stack", "fab status"),
)


def why_silent(host: Host, answer: Answer) -> Silence:
    """Return the cause in a person's words; what the host said last where none is known."""
    words = {"name": host.name, "address": host.address, "user": host.user or "this user"}
    for pattern, cause, next_step in _REMOTE if answer.reached else _SSH:
        if re.search(pattern, answer.errors):
            return Silence(cause.format_map(words), next_step.format_map(words))
    said = (answer.errors.strip() or answer.output.strip() or f"exit code {answer.code}").splitlines()[-1]
    return Silence(f"it said: {said}", f"look yourself: fab ssh --host {host.name}")


def told(host: Host, answer: Answer) -> None:
    """Raise the reason of an answer that is none."""
    silence = why_silent(host, answer)
    raise HostError(f"{host.name}: {silence.cause}", silence.next_step)
