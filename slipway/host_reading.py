"""Read a host: files, servers, commands; what cannot be read is empty.

Runs on hosts as part of the program of `host_probe`: standard library only.
"""

import socket
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ANSWERS_SECONDS = 2

Begun = subprocess.Popen[str] | None


def changes(paths: Iterable[str]) -> dict[str, float]:
    """Return when files, folders and what is in these last changed: content, name, mode or owner; no tool can set that time."""
    found = {}
    for path in map(Path, paths):
        inside = path.iterdir() if path.is_dir() else ()
        found.update({str(one): one.lstat().st_ctime for one in (path, *inside) if one.exists()})
    return found


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


def begin(argv: Sequence[str]) -> Begun:
    """Start a command whose words are asked for later; nothing where it is not installed."""
    with suppress(FileNotFoundError):
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return None


def said(begun: Begun) -> str:
    """Return what a command printed once it has ended well."""
    if begun is None:
        return ""
    output, _ = begun.communicate()
    return output if begun.returncode == 0 else ""


def text(path: str) -> str:
    """Return the text of a file."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
