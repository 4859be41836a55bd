"""Visitors who ask the demo's API all the while, each over a connection of its own."""

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import Self

from .visitor import Site

A_SECOND = 5  # the demo lets 10 a second through
SECONDS = 10.0


@dataclass(slots=True)
class Visits:
    """A crowd that asks until its block ends; `failed_before` is what failed before the count began anew."""

    site: Site
    asked: int = 0
    failed: int = 0
    failed_before: int = 0
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._go_on, daemon=True))
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._threads[0].join(SECONDS * 2)

    def count(self) -> str:
        """Return what became of the visits in words."""
        return f"{self.asked} requests, {self.failed} failed"

    def begin_anew(self) -> None:
        """Count from nothing; what failed so far is kept apart."""
        with self._lock:
            self.failed_before, self.asked, self.failed = self.failed_before + self.failed, 0, 0

    def _go_on(self) -> None:
        tls = ssl.create_default_context(cafile=str(self.site.ca))
        while not self._end.wait(1 / A_SECOND):
            well = self._visit(tls)
            with self._lock:
                self.asked += 1
                self.failed += not well

    def _visit(self, tls: ssl.SSLContext) -> bool:
        name = self.site.domain("api")
        connection = http.client.HTTPConnection(name, self.site.https_port)
        try:
            link = socket.create_connection(("127.0.0.1", self.site.https_port), timeout=SECONDS)
            connection.sock = tls.wrap_socket(link, server_hostname=name)
            connection.request("GET", "/")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
