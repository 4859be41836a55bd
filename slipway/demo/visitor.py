"""What a visitor asks of the demo stack from outside: each question really asked, each answer judged.

A question returns what was seen, in a few words, or raises NotAsPromised.
"""

import asyncio
import http.client
import json
import re
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from ..errors import CommandFailed, HostError

OPEN = (22, 80, 443)
STORES = (2375, 2376, 3000, 3306, 5000, 5432, 6379, 6380, 7480, 8000, 8080, 8443, 9000, 9090, 9100)
PORTS = (*range(1, 1025), *STORES, *range(20001, 20041))
BURST = 100
CURL_VERSION = re.compile(r"curl (\d+)\.(\d+)")
LOGS = "fab logs demo --service api"
LOOK = "fab ssh --command 'sudo cat /etc/nginx/slipway/sites/demo.conf'"


class NotAsPromised(HostError):
    """The host runs, but an answer is not the one that was promised."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the demo answers: its name, the ports this machine reaches it by, the CA that signed for it."""

    name: str
    http_port: int
    https_port: int
    address: str
    ca: Path
    curl_options: tuple[str, ...] = ()

    def domain(self, part: str = "") -> str:
        """Return one of the three names; `part` is `api`, `files` or nothing."""
        return f"{part}.{self.name}" if part else self.name

    def url(self, path: str = "/", part: str = "") -> str:
        """Return an HTTPS address."""
        return f"https://{self.domain(part)}:{self.https_port}{path}"

    def curl(self, url: str) -> list[str]:
        """Return a command that a person may copy: it trusts the lab's CA and nothing else."""
        return ["curl", "--cacert", str(self.ca), *self.curl_options, url]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer over HTTP."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        """Return the body as data."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise NotAsPromised(f"the answer is not JSON: {self.body[:200]!r}", LOGS) from error


def curl_options(version: str, site_name: str, ports: Iterable[int]) -> tuple[str, ...]:
    """Return what this curl needs to take `*.localhost` for this machine: nothing from 7.77 on, by its `--version`."""
    found = CURL_VERSION.match(version)
    if found and (int(found[1]), int(found[2])) >= (7, 77):
        return ()
    names = (site_name, f"api.{site_name}", f"files.{site_name}")
    return tuple(word for name in names for port in ports for word in ("--resolve", f"{name}:{port}:127.0.0.1"))


def pages(site: Site) -> str:
    """Ask all three names over TLS; the bucket behind the third is private."""
    wanted = {site.url(): 200, site.url("/health", "api"): 200, site.url("/photos/", "files"): 403}
    for url, status in wanted.items():
        _with_status(ask(site, url), url, status)
    return f"{', '.join(f'{url} {status}' for url, status in wanted.items())}; certificates verified"


def redirect(site: Site) -> str:
    """Ask over plain HTTP: the answer must lead to HTTPS on the port a visitor can reach."""
    wanted = site.url("/some/page?x=1")
    page = ask(site, f"http://{site.name}:{site.http_port}/some/page?x=1")
    if page.status not in (301, 308) or page.headers.get("location") != wanted:
        raise NotAsPromised(f"HTTP answered {page.status} to {page.headers.get('location')}, not a redirect to {wanted}", LOOK)
    return f"{page.status} to {wanted}"


def health(site: Site) -> str:
    """Ask the application how its database and Redis are."""
    body = ask(site, site.url("/health", "api")).json()
    if body.get("status") != "healthy":
        raise NotAsPromised(f"/health says {body}", LOGS)
    return ", ".join(f"{key}={value}" for key, value in body.items() if isinstance(value, str))


def note(site: Site) -> str:
    """Write a note and read it back: edge, API, database."""
    url = site.url("/notes", "api")
    made = _with_status(
        ask(site, url, ["--header", "Content-Type: application/json", "--data", json.dumps({"text": "ahoy"})]), url, 201
    ).json()
    read = _with_status(ask(site, f"{url}/{made['id']}"), url, 200).json()
    if read.get("text") != "ahoy":
        raise NotAsPromised(f"the note came back as {read}", LOGS)
    return f"note {made['id']} written and read back"


def echo(site: Site) -> str:
    """Send a word through a WebSocket and wait for it to come back."""
    name, link = site.domain("api"), socket.create_connection(("127.0.0.1", site.https_port), timeout=20)
    try:
        with connect(f"wss://{name}:{site.https_port}/ws/echo", sock=link, ssl=_tls(site), server_hostname=name) as channel:
            channel.send("ahoy")
            while "ahoy" not in str(channel.recv(timeout=20)):
                pass  # the application may greet first
    except (WebSocketException, TimeoutError) as error:
        raise NotAsPromised(f"what was sent through the WebSocket did not come back: {error}", LOGS) from error
    return "what was sent came back"


def limit(site: Site) -> str:
    """Ask far more often than a client may; what is too much must be refused, and nothing else may go wrong."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = [answer for part in pool.map(lambda _: _burst(site, BURST // 4), range(4)) for answer in part]
    statuses = Counter(status for status, _ in answers)
    if set(statuses) != {200, 429}:
        raise NotAsPromised(f"{BURST} requests at once were answered {dict(statuses)}, not some with 200 and some with 429", LOOK)
    if not all(after for status, after in answers if status == 429):
        raise NotAsPromised("a 429 came without Retry-After", LOOK)
    return f"of {BURST} at once {statuses[200]} passed, {statuses[429]} were told 429 with Retry-After"


def ports(site: Site) -> str:
    """Knock at the host's own address: only the declared ports may answer, published container ports included."""
    answering = asyncio.run(_knock(site.address, PORTS))
    if tuple(answering) != OPEN:
        raise NotAsPromised(
            f"ports {answering} answer at {site.address}, not {list(OPEN)}", "fab ssh --command 'sudo nft list ruleset'"
        )
    return f"{', '.join(map(str, OPEN))} of {len(PORTS)} that were tried"


QUESTIONS = {
    "three sites over HTTPS": pages,
    "HTTP leads to HTTPS": redirect,
    "health": health,
    "a note": note,
    "a WebSocket": echo,
    "open ports": ports,
    "limit per client": limit,
}


def ask(site: Site, url: str, options: Sequence[str] = ()) -> Page:
    """Ask with curl, as a person would."""
    argv = [*site.curl(url), "--silent", "--show-error", "--include", "--http1.1", "--max-time", "30", *options]
    run = subprocess.run(argv, capture_output=True, text=True, check=False)
    if run.returncode:
        raise CommandFailed(argv, run.returncode, run.stderr, _why(run.returncode))
    return page_of(run.stdout)


def page_of(text: str) -> Page:
    """Return the answer in what `curl --include` printed."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.splitlines()
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Page(int(first.split()[1]), headers, body)


def _why(code: int) -> str:
    if code in (60, 77):
        return "the host serves its stop-gap certificate: the ACME server did not answer; it tries again by itself"
    return "see what runs: fab status; read the log of the run"


def _with_status(page: Page, url: str, status: int) -> Page:
    if page.status != status:
        raise NotAsPromised(f"{url} answered {page.status}, not {status}: {page.body[:200]}", LOGS)
    return page


def _tls(site: Site) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(site.ca))


def _burst(site: Site, count: int) -> list[tuple[int, str]]:
    """Send requests over one connection; return each status with its Retry-After."""
    name, link = site.domain("api"), socket.create_connection(("127.0.0.1", site.https_port), timeout=20)
    connection = http.client.HTTPConnection(name, site.https_port)
    connection.sock = _tls(site).wrap_socket(link, server_hostname=name)
    try:
        return [_one(connection) for _ in range(count)]
    finally:
        connection.close()


def _one(connection: http.client.HTTPConnection) -> tuple[int, str]:
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get("Retry-After", "")


async def _knock(address: str, numbers: Sequence[int]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(numbers), 400):
        answers = await asyncio.gather(*(_answers(address, port) for port in numbers[start : start + 400]))
        found += [port for port, answered in zip(numbers[start:], answers, strict=False) if answered]
    return found


async def _answers(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), timeout=1.5)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
