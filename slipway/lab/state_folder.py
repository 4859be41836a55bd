"""The lab's state folder: keys, known hosts, certificates of the CA, secrets, locks. One per machine and user."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import HostError
from . import command
from .progress import Say

LOCK_NOTICE_SECONDS = 8.0
SECRET_BYTES = 24


def folder() -> Path:
    """Return the state folder, made on first use; `SLIPWAY_LAB_DIR` moves it."""
    place = Path(os.environ.get("SLIPWAY_LAB_DIR") or Path.home() / ".cache/slipway/lab").expanduser()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def ssh_key() -> Path:
    """Return the lab's private SSH key, made on first use."""
    key = folder() / "id_ed25519"
    if not key.exists():
        command.read(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "slipway-lab", "-f", str(key)))
    return key


def public_key() -> str:
    """Return the public half of the lab's SSH key."""
    return Path(f"{ssh_key()}.pub").read_text().strip()


def known_hosts() -> Path:
    """Return the file with the hosts' keys as the lab read them from the hosts themselves."""
    return folder() / "known_hosts"


def remember_host(names: Iterable[str], keys: Iterable[str]) -> None:
    """Write a host's keys into the known hosts file in place of older ones."""
    path = known_hosts()
    old = path.read_text() if path.exists() else ""
    write_whole(path, known_hosts_text(old, list(names), list(keys)).encode())


def known_hosts_text(old: str, names: list[str], keys: list[str]) -> str:
    """Return the known hosts file with exactly `keys` for `names`. Pure."""
    kept = [line for line in old.splitlines() if line.split(" ", 1)[0] not in names]
    fresh = [f"{name} {' '.join(key.split()[:2])}" for name in names for key in keys]
    return "".join(f"{line}\n" for line in kept + fresh)


def secret(name: str) -> str:
    """Return the secret of this name, random and made once."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise HostError(f"`{name}` is no name for a secret", "use letters, digits, `-` and `_`")
    path = folder() / "secrets" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with lock("secrets", lambda _line: None):
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(SECRET_BYTES).encode())
    return path.read_text()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    beside.replace(path)


@contextmanager
def lock(name: str, say: Say) -> Iterator[None]:
    """Let one process at a time change this part of the lab; say who is waited for."""
    path = folder() / f"{name}.lock"
    with path.open("a+") as held:
        asked = time.monotonic()
        while not _taken(held.fileno()):
            time.sleep(0.2)
            if time.monotonic() - asked > LOCK_NOTICE_SECONDS:
                asked = time.monotonic()
                say(f"          waiting for another lab command (process {path.read_text().strip() or 'unknown'})")
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
