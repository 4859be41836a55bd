"""Visitors that come at a steady rate whatever they meet: small requests, slow ones, uploads, jobs, WebSockets.

The rate does not wait for answers: what is slow or down meets as many visitors as what is well.
"""

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .seen import Asked, Held, Seen

SLOW_SECONDS = 3
PIECES, PIECE = 10, b"x" * 20_000
PIECE_SECONDS = 0.3
SWITCHED_ON = "switched on by FAULT"
GIVE_UP_SECONDS = 40
LAST_SECONDS = 45  # those under way at the end may finish
SENT_BEFORE_CUT = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


@dataclass(frozen=True, slots=True)
class Door:
    """Where visitors knock: a port of this machine, and the names they ask for there; `direct` takes uploads unbuffered."""

    port: int
    name: str
    direct: str
    authority: str

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts the lab's authority; a name of the bench's own has no certificate."""
        context = ssl.create_default_context(cafile=self.authority)
        context.check_hostname = False
        return context


@dataclass(frozen=True, slots=True)
class Rates:
    """How many come each second, and how many sockets are held."""

    kept: float = 10
    fresh: float = 5
    post: float = 2
    slow: float = 0.5
    upload: float = 0.25
    unbuffered: float = 0.25
    sockets: int = 20


@dataclass(frozen=True, slots=True)
class Jobs:
    """How many jobs are handed in, how many each second, and how long each takes; every tenth is a long one."""

    count: int = 300
    per_second: float = 5
    seconds: float = 0.2
    long_seconds: float = 4


@contextlib.contextmanager
def visiting(door: Door, jobs: Jobs | None = None, rates: Rates | None = None) -> Iterator["Crowd"]:
    """Have visitors come until the block ends; those under way then may finish."""
    crowd = Crowd(door, rates or Rates(), jobs or Jobs(count=0))
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(lambda: asyncio.run(crowd.come()))
        try:
            yield crowd
        finally:
            crowd.leave()
        coming.result()


class Crowd:
    """All visitors of one door, in one event loop."""

    def __init__(self, door: Door, rates: Rates, jobs: Jobs) -> None:
        self.door, self.rates, self.jobs = door, rates, jobs
        self.seen, self.jobs_handed_in = Seen(), threading.Event()
        self.left, self.under_way, self.broken = False, set[asyncio.Task[None]](), list[BaseException]()

    def leave(self) -> None:
        """Let nobody come any more."""
        self.left = True

    async def come(self) -> None:
        """Come until told to leave, then let those under way finish."""
        async with self._client(keep=20) as kept, self._client(keep=0) as fresh:
            streams = [
                self._steadily(self.rates.kept, lambda: self._get("kept", kept, "/")),
                self._steadily(self.rates.fresh, lambda: self._get("fresh", fresh, "/")),
                self._steadily(self.rates.slow, lambda: self._get("slow", kept, f"/slow?seconds={SLOW_SECONDS}")),
                self._steadily(self.rates.post, lambda: self._post("post", kept, "/notes", {"text": "a note"})),
                self._steadily(self.rates.upload, lambda: self._upload("upload", fresh, self.door.name)),
                self._steadily(self.rates.unbuffered, lambda: self._upload("unbuffered", fresh, self.door.direct)),
                self._hand_in(kept),
                *(self._hold() for _ in range(self.rates.sockets)),
            ]
            await asyncio.gather(*streams)
            if self.under_way:
                await asyncio.wait(self.under_way, timeout=LAST_SECONDS)
        if self.broken:
            raise self.broken[0]

    def _client(self, keep: int) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=keep, keepalive_expiry=60)
        return httpx.AsyncClient(verify=self.door.tls(), timeout=GIVE_UP_SECONDS, limits=limits, trust_env=False)

    async def _steadily(self, per_second: float, visit: Callable[[], Coroutine[Any, Any, None]]) -> None:
        due = time.monotonic()
        while per_second and not self.left:
            task = asyncio.ensure_future(visit())
            self.under_way.add(task)
            task.add_done_callback(self._ended)
            due += 1 / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.broken.append(error)

    async def _get(self, kind: str, client: httpx.AsyncClient, path: str) -> None:
        began = time.time()
        reused, failure = await self._ask(client, "GET", self.door.name, path)
        stale = bool(failure) and reused
        if stale:  # on a connection of its own: the next kept one may be closing too
            async with self._client(0) as fresh:
                _, failure = await self._ask(fresh, "GET", self.door.name, path)
        self._note(kind, began, failure, stale=stale)

    async def _post(self, kind: str, client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
        began = time.time()
        self._note(kind, began, (await self._ask(client, "POST", self.door.name, path, json=body))[1])

    async def _upload(self, kind: str, client: httpx.AsyncClient, name: str) -> None:
        began, mark = time.time(), "a-mark-of-the-bench"
        head = f'--{mark}\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'.encode()
        tail = f"\r\n--{mark}--\r\n".encode()
        headers = {
            "content-type": f"multipart/form-data; boundary={mark}",
            "content-length": str(len(head) + PIECES * len(PIECE) + len(tail)),
        }
        asked = self._ask(client, "POST", name, "/upload", content=_slowly(head, tail), headers=headers)
        self._note(kind, began, (await asked)[1])

    async def _hand_in(self, client: httpx.AsyncClient) -> None:
        """Hand in every job, whatever befalls."""
        for number in range(self.jobs.count):
            if self.left:
                return
            seconds = self.jobs.seconds if number % 10 else self.jobs.long_seconds
            await self._post("job", client, "/jobs", {"seconds": seconds})
            await asyncio.sleep(1 / self.jobs.per_second)
        self.jobs_handed_in.set()

    async def _ask(self, client: httpx.AsyncClient, method: str, name: str, path: str, **options: Any) -> tuple[bool, str]:
        """Ask once; return whether the request was cut on a connection that had served before, and how it failed."""
        connected = False

        async def trace(event: str, _: Any) -> None:
            nonlocal connected
            connected = connected or event.startswith("connection.connect_tcp")

        headers = {"host": f"{name}:{self.door.port}", **options.pop("headers", {})}
        url, further = f"https://127.0.0.1:{self.door.port}{path}", {"sni_hostname": name, "trace": trace}
        try:
            answer = await client.request(method, url, headers=headers, extensions=further, **options)
        except SENT_BEFORE_CUT as error:
            return not connected, type(error).__name__
        except httpx.HTTPError as error:
            return False, type(error).__name__
        if answer.status_code < 400:
            return False, ""
        return False, SWITCHED_ON if SWITCHED_ON in answer.text else str(answer.status_code)

    def _note(self, kind: str, began: float, failure: str, *, stale: bool = False) -> None:
        self.seen.asked.append(Asked(kind, began, time.time(), failure, stale, wanted=failure == SWITCHED_ON))

    async def _hold(self) -> None:
        """Hold a socket; whoever is cut comes back at once."""
        while not self.left:
            began = time.time()
            try:
                link = await connect(
                    f"wss://{self.door.name}:{self.door.port}/ws/echo",
                    host="127.0.0.1",
                    port=self.door.port,
                    ssl=self.door.tls(),
                    server_hostname=self.door.name,
                    proxy=None,
                    open_timeout=10,
                )
            except (OSError, InvalidHandshake, TimeoutError) as error:
                self._note("socket", began, type(error).__name__)
                await asyncio.sleep(1)
                continue
            self.seen.held.append(Held(time.time(), *await self._listen(link)))

    async def _listen(self, link: Any) -> tuple[float, str]:
        ended, cut = 0.0, ""
        while not self.left and not cut:
            try:
                await asyncio.wait_for(link.recv(), 1)
            except TimeoutError:
                continue
            except ConnectionClosed as error:
                cut = str(error)
        ended = time.time()
        await _closed(link.close())
        return ended, cut


async def _closed(closing: Awaitable[None]) -> None:
    with contextlib.suppress(ConnectionClosed, OSError):
        await closing


async def _slowly(head: bytes, tail: bytes) -> AsyncIterator[bytes]:
    yield head
    for _ in range(PIECES):
        yield PIECE
        await asyncio.sleep(PIECE_SECONDS)
    yield tail
