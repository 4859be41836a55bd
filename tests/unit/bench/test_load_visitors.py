"""Visitors against a real server that closes connections, fails and cuts sockets: each of it is seen as what it is."""

import asyncio
import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.bench.load.seen import Seen
from tests.bench.load.visitors import Door, Jobs, Rates, visiting

NAME = "api.test.localhost"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, "-keyout", folder / "key.pem", "-out", folder / "ca.pem"], check=True, capture_output=True)
    return folder


def context(certificate: Path) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")
    return found


@contextlib.contextmanager
def serving(start: Callable[[], "contextlib.AbstractAsyncContextManager[int]"], certificate: Path) -> Iterator[Door]:
    """Run a server in a thread of its own; give the visitors' door."""
    ports: list[int] = []
    up, down = threading.Event(), threading.Event()

    async def run() -> None:
        async with start() as port:
            ports.append(port)
            up.set()
            while not down.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield Door(ports[0], NAME, f"direct.{NAME}", str(certificate / "ca.pem"))
    finally:
        down.set()
        thread.join(10)


Answer = Callable[[str, int], bytes]  # what is said to a path, asked for the nth time on its connection; nothing: closed


def answering(answer: Answer, certificate: Path) -> Callable[[], "contextlib.AbstractAsyncContextManager[int]"]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        count = 0
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().lower():
                length = next((int(line[16:]) for line in head.splitlines() if line.startswith("content-length: ")), 0)
                await reader.readexactly(length)
                count += 1
                if not (said := answer(head.split()[1], count)):
                    break
                writer.write(said)
                await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[int]:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context(certificate))
        yield server.sockets[0].getsockname()[1]
        server.close()

    return start


def said(status: int, body: str = "{}") -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def seen(certificate: Path, answer: Answer, rates: Rates, seconds: float = 1.0, jobs: Jobs | None = None) -> Seen:
    with serving(answering(answer, certificate), certificate) as door, visiting(door, jobs, rates) as crowd:
        time.sleep(seconds)
    return crowd.seen


def only(**rates: float) -> Rates:
    none: dict[str, float] = dict.fromkeys(("kept", "fresh", "post", "slow", "upload", "unbuffered", "sockets"), 0)
    return Rates(**{**none, **rates})  # type: ignore[arg-type] # `sockets` is a whole number


def test_a_get_on_a_connection_that_closes_is_repeated_once_and_a_post_never(certificate: Path) -> None:
    def closes_the_second(_: str, count: int) -> bytes:
        return said(200) if count == 1 else b""

    gets = seen(certificate, closes_the_second, only(kept=10))
    assert gets.stale >= 2
    assert gets.failed == []
    posts = seen(certificate, closes_the_second, only(post=10))
    assert posts.stale == 0
    assert {one.failure for one in posts.failed} <= {"RemoteProtocolError", "ReadError"}
    assert posts.failed


def test_a_fresh_connection_that_is_closed_is_a_failure(certificate: Path) -> None:
    found = seen(certificate, lambda *_: b"", only(fresh=10))
    assert found.stale == 0
    assert len(found.failed) == len(found.asked) >= 5


def test_statuses_from_400_on_are_failures_but_for_a_fault_that_was_switched_on(certificate: Path) -> None:
    assert {one.failure for one in seen(certificate, lambda *_: said(502), only(fresh=10)).failed} == {"502"}
    assert seen(certificate, lambda *_: said(500, "an error switched on by FAULT"), only(fresh=10)).failed == []


def test_nobody_listening_is_a_failure(certificate: Path) -> None:
    with visiting(Door(9, NAME, NAME, str(certificate / "ca.pem")), None, only(fresh=10)) as crowd:
        time.sleep(0.5)
    assert {one.failure for one in crowd.seen.failed} == {"ConnectError"}


def test_uploads_arrive_whole_and_jobs_are_handed_in_to_the_last(certificate: Path) -> None:
    paths: list[str] = []

    def note(path: str, _: int) -> bytes:
        paths.append(path)
        return said(201)

    found = seen(certificate, note, only(upload=2, unbuffered=2), 0.6, Jobs(count=5, per_second=50))
    assert found.failed == []
    assert paths.count("/jobs") == 5
    assert paths.count("/upload") >= 4
    assert all(one.ended - one.began >= 2.5 for one in found.asked if one.kind == "upload"), "slow clients take their time"


def test_a_socket_that_is_cut_is_noted_and_its_visitor_comes_back(certificate: Path) -> None:
    async def cut(socket: ServerConnection) -> None:
        await asyncio.sleep(0.3)
        await socket.close(1012, "going")

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[int]:
        async with serve(cut, "127.0.0.1", 0, ssl=context(certificate)) as server:
            yield next(iter(server.sockets)).getsockname()[1]

    with serving(start, certificate) as door, visiting(door, None, only(sockets=2)) as crowd:
        time.sleep(1.5)
    cut_ones = [one for one in crowd.seen.held if one.cut]
    assert len(cut_ones) >= 4
    assert all("1012" in one.cut for one in cut_ones)
    assert crowd.seen.failed == []
