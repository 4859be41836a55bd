"""Sites asked as a visitor asks them: over TLS, by name, at a host's own address."""

import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator

import pytest

from slipway.ops import outside


class Shop(http.server.BaseHTTPRequestHandler):
    """Answers by the name it was asked by."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"].startswith("shop.example") else 502)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    words = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=shop.example", "-days", "1")
    subprocess.run(["openssl", "req", "-x509", *words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def test_a_site_answers_by_its_name_at_the_address_of_the_host(port: int) -> None:
    urls = [f"https://shop.example:{port}/", f"https://other.example:{port}/x"]
    assert list(outside.ask("127.0.0.1", urls).values()) == [200, 502]


def test_nobody_there_is_no_answer() -> None:
    assert outside.status("127.0.0.1", "https://shop.example:1/") == 0


def test_only_what_answered_well_can_become_worse() -> None:
    before = {"a": 200, "b": 404, "c": 0, "d": 502, "e": 200}
    assert outside.worse(before, {"a": 200, "b": 502, "c": 0, "d": 0, "e": 0}) == ["b", "e"]


def test_a_site_gets_time_to_come_back() -> None:
    answers = iter([{"a": 0}, {"a": 200}])
    assert outside.wait(lambda: next(answers), {"a": 200}, 30) == []
    assert outside.wait(lambda: {"a": 0}, {"a": 200}, 0) == ["a"]
