"""A steady load on a site, counted: fresh and kept connections, and sockets that say when they are cut."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection


@dataclass(slots=True)
class Tally:
    """What visitors met: statuses counted, failures in words, sockets cut."""

    answers: int = 0
    failures: list[str] = field(default_factory=list)
    stale: int = 0
    cut: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, failure: str = "") -> None:
        """Count one request."""
        with self.lock:
            self.answers += 1
            if failure:
                self.failures.append(failure)


Ask = Callable[[httpx.Client], httpx.Response]


@contextlib.contextmanager
def steady(ask: Ask, client: Callable[[], httpx.Client], per_second: float, keep: bool) -> Iterator[Tally]:
    """Send requests at a rate until the block ends; a kept connection is reused, else each request opens its own."""
    tally, stop = Tally(), threading.Event()
    thread = threading.Thread(target=_send, args=(ask, client, 1 / per_second, keep, tally, stop), daemon=True)
    thread.start()
    try:
        yield tally
    finally:
        stop.set()
        thread.join(60)


def _send(ask: Ask, client: Callable[[], httpx.Client], pause: float, keep: bool, tally: Tally, stop: threading.Event) -> None:
    kept = client() if keep else None
    due = time.monotonic()
    while not stop.is_set():
        if kept is not None:
            tally.note(_failure(ask, kept, tally))
        else:
            with client() as fresh:
                tally.note(_failure(ask, fresh, tally))
        due += pause
        stop.wait(max(0.0, due - time.monotonic()))


def _failure(ask: Ask, client: httpx.Client, tally: Tally, again: bool = True) -> str:
    try:
        answer = ask(client)
    except (httpx.RemoteProtocolError, httpx.ReadError) as error:
        if not again:
            return repr(error)
        tally.stale += 1  # a GET that met a closing kept connection is repeated once, as browsers do
        return _failure(ask, client, tally, again=False)
    except httpx.HTTPError as error:
        return repr(error)
    return "" if answer.status_code < 400 else f"{answer.status_code} {answer.text[:80]}"


@contextlib.contextmanager
def sockets(open_socket: Callable[[], ClientConnection], count: int) -> Iterator[Tally]:
    """Hold WebSockets open until the block ends and note which were cut meanwhile."""
    tally, stop = Tally(), threading.Event()
    threads = [threading.Thread(target=_listen, args=(open_socket, tally, stop), daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def _listen(open_socket: Callable[[], ClientConnection], tally: Tally, stop: threading.Event) -> None:
    with open_socket() as socket:
        while not stop.is_set():
            try:
                socket.recv(timeout=1)
                tally.note()
            except TimeoutError:
                continue
            except ConnectionClosed as error:
                if not stop.is_set():
                    tally.cut.append(f"{time.time():.1f} {error}")
                return
