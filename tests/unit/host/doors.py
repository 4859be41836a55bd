"""Doors of a host that has hardly anything: programs that do one thing, and a Docker without containers."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any

import pytest


class Empty(BaseHTTPRequestHandler):
    """A Docker that has nothing."""

    def do_GET(self) -> None:
        """Answer with empty lists, and that nothing is there by its name."""
        asked = self.path.startswith(("/containers/json", "/networks", "/images/json", "/info"))
        self.send_response(200 if asked else 404)
        self.end_headers()
        self.wfile.write(b'{"DockerRootDir": "/"}' if self.path.startswith("/info") else b"[]")

    def address_string(self) -> str:
        """Return who asked, which a Unix socket does not tell."""
        return "a socket"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def empty_docker(root: Path) -> None:
    """Have a Docker without containers answer at a socket."""
    server = UnixStreamServer(str(root / "docker.sock"), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def docker_with(root: Path, *containers: Mapping[str, Any]) -> None:
    """Have a Docker with these containers answer at a socket: each a file of what an inspection says, which may change."""
    folder = root / "containers"
    folder.mkdir()
    for one in containers:
        (folder / f"{one['Name'].lstrip('/')}.json").write_text(json.dumps(one))

    class Having(Empty):
        """A Docker that has what is in the folder now, and no networks."""

        def do_GET(self) -> None:
            """Answer with the list, or with one of them."""
            path = self.path.partition("?")[0]
            one = folder / f"{path.removeprefix('/containers/').removesuffix('/json')}.json"
            if path == "/containers/json":
                self._answer(json.dumps([{"Names": [f"/{file.stem}"]} for file in folder.iterdir()]))
            elif one.is_file():
                self._answer(one.read_text())
            else:
                super().do_GET()

        def _answer(self, text: str) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

    server = UnixStreamServer(str(root / "docker.sock"), Having)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def has(root: Path, monkeypatch: pytest.MonkeyPatch, **programs: str) -> None:
    """Give the host these programs."""
    (root / "bin").mkdir()
    for name, script in programs.items():
        program = root / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(root / "bin"), prepend=":")
