"""Doors of a host that has hardly anything: programs that do one thing, and a Docker without containers."""

import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer

import pytest


class Empty(BaseHTTPRequestHandler):
    """A Docker that has nothing."""

    def do_GET(self) -> None:
        """Answer with empty lists, and that nothing is there by its name."""
        self.send_response(200 if self.path.startswith(("/containers/json", "/networks")) else 404)
        self.end_headers()
        self.wfile.write(b"[]")

    def address_string(self) -> str:
        """Return who asked, which a Unix socket does not tell."""
        return "a socket"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def empty_docker(root: Path) -> None:
    """Have a Docker without containers answer at a socket."""
    server = UnixStreamServer(str(root / "docker.sock"), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def has(root: Path, monkeypatch: pytest.MonkeyPatch, **programs: str) -> None:
    """Give the host these programs."""
    (root / "bin").mkdir()
    for name, script in programs.items():
        program = root / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(root / "bin"), prepend=":")
