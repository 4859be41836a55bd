import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from slipway.host import health
from slipway.model import Health


class Application(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()
        self.wfile.write(b'{"status": "healthy", "database": "connected"}')

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Application)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_good_answer_has_nothing_wrong(address: str) -> None:
    assert health.ask(address, Health("/health", json={"status": "healthy"}, contains="connected")) == ""


def test_another_status_is_told_with_the_body(address: str) -> None:
    assert "answered 503, wanted 200: {" in health.ask(address, Health("/"))


def test_nobody_there_is_told() -> None:
    assert health.ask("127.0.0.1:9", Health("/", timeout_seconds=1)).startswith("no answer")


@pytest.mark.parametrize(
    ("question", "body", "wrong"),
    [
        (Health("/", contains="ok"), "no", "does not contain 'ok'"),
        (Health("/", json={"db": "up"}), "<html>", "is not JSON"),
        (Health("/", json={"db": "up"}), "[" * 200_000, "is not JSON"),
        (Health("/", json={"db": "up"}), '{"db": "down"}', "db is 'down', wanted 'up'"),
        (Health("/", json={"db": "up"}), "[]", "db is None"),
    ],
)
def test_a_wrong_body_is_told(question: Health, body: str, wrong: str) -> None:
    assert wrong in health.judge(200, body, question)
