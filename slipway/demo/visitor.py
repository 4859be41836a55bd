"""What a visitor asks of the demo stack from outside: each question really asked, each answer judged.

A question returns what was seen, in a few words, or raises NotAsPromised.
"""

import asyncio
import http.client
import json
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HostError

OPEN = {22, 80, 443}
PORTS = (*range(1, 1025), *range(20001, 20041), 2375, 2376, 3000, 3306, 5000, 5432, 6379, 6380, 8000, 8080, 8443, 9000, 9090, 9100)
BURST = 100


class NotAsPromised(HostError):
    """The host runs, but an answer is not the one that was promised."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the demo answers: names, the ports this machine reaches them by, the CA that signed for them."""

    name: str
    http_port: int
    https_port: int
    address: str
    ca: Path
    resolving: bool = False

    def url(self, path: str = "/", part: str = "") -> str:
        """Return an HTTPS address; `part` is `api`, `files` or nothing."""
        return f"https://{self.domain(part)}:{self.https_port}{path}"

    def domain(self, part: str = "") -> str:
        """Return one of the three names."""
        return f"{part}.{self.name}" if part else self.name

    def curl(self, url: str) -> list[str]:
        """Return a curl command that a person may copy; the CA is checked, and nothing else is trusted."""
        name, port = url.split("/")[2].split(":")
        resolve = ["--resolve", f"{name}:{port}:127.0.0.1"] if self.resolving else []
        return ["curl", "--cacert", str(self.ca), *resolve, url]


def resolves_by_itself(version: str) -> bool:
    """Say whether this curl takes `*.localhost` for this machine: from 7.77 on, by its `--version`."""
    numbers = version.split()[1].split("-")[0].split(".")[:2] if version.startswith("curl ") else ["0", "0"]
    return tuple(int(number) for number in numbers) >= (7, 77)


def pages(site: Site) -> str:
    """Ask all three names over TLS."""
    seen = [
        _expect(site, site.url(), 200),
        _expect(site, site.url("/health", "api"), 200),
        _expect(site, site.url("/photos/", "files"), 403),
    ]
    return f"{', '.join(seen)} (private bucket); certificates verified"


def redirect(site: Site) -> str:
    """Ask over plain HTTP: the answer must lead to HTTPS on the port a visitor can reach."""
    wanted = site.url("/some/page?x=1")
    status, headers, _ = _ask(site, f"http://{site.name}:{site.http_port}/some/page?x=1")
    if status not in (301, 308) or headers.get("location") != wanted:
        raise NotAsPromised(f"HTTP answered {status} to {headers.get('location')}, not a redirect to {wanted}")
    return f"{status} to {wanted}"


def health(site: Site) -> str:
    """Ask the application how its database and Redis are."""
    body = _json(site, site.url("/health", "api"))
    if body.get("status") != "healthy":
        raise NotAsPromised(f"/health says {body}", "fab logs demo --service api")
    return ", ".join(f"{key}={value}" for key, value in body.items() if isinstance(value, str))


def echo(site: Site) -> str:
    """Send a word through a WebSocket and wait for it to come back."""
    from websockets.sync.client import connect  # noqa: PLC0415 - only here

    link = http.client.HTTPSConnection("127.0.0.1", site.https_port)  # only to find out early that nothing listens
    link.sock = __import__("socket").create_connection(("127.0.0.1", site.https_port), 10)
    address = f"wss://{site.domain('api')}:{site.https_port}/ws/echo"
    with connect(address, sock=link.sock, ssl=_tls(site), server_hostname=site.domain("api"), open_timeout=20) as socket:
        socket.send("ahoy")
        answer = socket.recv(timeout=20)
    if "ahoy" not in str(answer):
        raise NotAsPromised(f"the WebSocket answered {answer!r} to 'ahoy'", "fab logs demo --service api")
    return "what was sent came back"
