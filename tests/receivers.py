"""Receivers that really listen: a web server that keeps what is posted to it, and a mail server that keeps what is sent.

Each answers at a port of its own until its block ends; what came stands in its lists.
"""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


@dataclass(slots=True)
class Post:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Web:
    """A web server's memory; `answers` are the codes of the next answers, 200 once there are no more."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def about(self, path: str) -> list[Any]:
        """Return the bodies that came to a path."""
        return [post.body for post in self.posts if post.path == path]


@dataclass(slots=True)
class Mailbox:
    """A mail server's memory; it refuses addresses that begin with `nobody@`."""

    port: int = 0
    logins: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


@contextlib.contextmanager
def web(address: str = "127.0.0.1") -> Iterator[Web]:
    """Have a web server listen."""
    seen = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.posts.append(Post(self.path, dict(self.headers), json.loads(body)))
            code = seen.answers.pop(0) if seen.answers else 200
            self.send_response(code)
            if code in (301, 302, 307):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            seen.posts.append(Post(self.path, dict(self.headers), None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    seen.port = server.server_address[1]
    with _serving(server):
        yield seen


class MailServer(ThreadingTCPServer):
    """Takes mails for a mailbox; with `tls` it offers STARTTLS, and takes a login behind it."""

    daemon_threads = True

    def __init__(self, address: str, box: Mailbox, tls: ssl.SSLContext | None) -> None:
        """Listen at a free port."""
        super().__init__((address, 0), MailSession)
        self.box, self.tls = box, tls
        box.port = self.server_address[1]


class MailSession(StreamRequestHandler):
    """One connection: what the verbs it knows are answered with, and "fine" to all others."""

    server: MailServer

    def handle(self) -> None:
        """Answer line by line."""
        self._say("220 sink ready")
        verbs = {"EHLO": self._greet, "STARTTLS": self._secure, "AUTH": self._login, "RCPT": self._address, "DATA": self._take}
        while line := self.rfile.readline().decode().strip():
            verb = line.split(maxsplit=1)[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            verbs.get(verb, self._fine)(line)

    def _fine(self, _: str) -> None:
        self._say("250 fine")

    def _greet(self, _: str) -> None:
        secured = isinstance(self.connection, ssl.SSLSocket)
        offers = ["AUTH PLAIN"] if secured else ["STARTTLS"] if self.server.tls else []
        self._say("\r\n".join([*(f"250-{word}" for word in ("sink", *offers)), "250 8BITMIME"]))

    def _secure(self, _: str) -> None:
        assert self.server.tls
        self._say("220 go on")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def _login(self, line: str) -> None:
        self.server.box.logins.append(line.rsplit(maxsplit=1)[-1])
        self._say("235 welcome")

    def _address(self, line: str) -> None:
        found = line.partition("<")[2].partition(">")[0]
        if found.startswith("nobody@"):
            self._say("550 no such person")
            return
        self.server.box.addresses.append(found)
        self._say("250 fine")

    def _take(self, _: str) -> None:
        self._say("354 go on")
        self.server.box.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextlib.contextmanager
def mail(address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """Have a mail server listen."""
    box = Mailbox()
    with _serving(MailServer(address, box, tls)):
        yield box


@contextlib.contextmanager
def _serving(server: ThreadingTCPServer | ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
