"""The demo's questions, against real sockets where it matters."""

import asyncio
import socket
from pathlib import Path

import pytest

from slipway.demo import tour, visitor


@pytest.fixture(autouse=True)
def lab_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_LAB_DIR", str(tmp_path))


SITE = visitor.Site("demo.localhost", 8081, 8441, "10.212.0.21", Path("/lab/ca.pem"))


def test_the_printed_command_trusts_the_labs_authority_and_nothing_else() -> None:
    assert SITE.curl(SITE.url()) == ["curl", "--cacert", "/lab/ca.pem", "https://demo.localhost:8441/"]
    assert "--insecure" not in tour.closing(SITE, 0, "9 s")


@pytest.mark.parametrize(
    ("version", "needed"), [("curl 7.88.1 (x86_64)", False), ("curl 8.14.1-rc1", False), ("curl 7.74.0", True), ("tool", True)]
)
def test_an_older_curl_is_told_where_local_names_are(version: str, needed: bool) -> None:
    options = visitor.curl_options(version, "demo.localhost", (8441,))
    assert bool(options) == needed
    assert not needed or "api.demo.localhost:8441:127.0.0.1" in options


def test_an_answer_is_read_with_status_headers_and_body() -> None:
    page = visitor.page_of('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a": 1}\n\nrest')
    assert (page.status, page.headers) == (200, {"content-type": "application/json"})
    assert page.body == '{"a": 1}\n\nrest'
    with pytest.raises(visitor.NotAsPromised, match="not JSON"):
        page.json()


def test_knocking_finds_the_ports_that_answer_and_no_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_server(("127.0.0.1", 0)) as other:
        port, closed = listening.getsockname()[1], other.getsockname()[1]
        other.close()
        assert asyncio.run(visitor._knock("127.0.0.1", [closed, port])) == [port]


def test_the_closing_words_tell_whether_anything_was_changed() -> None:
    assert "changed=0" in tour.closing(SITE, 0, "9 s")
    assert "3 changes" in tour.closing(SITE, 3, "9 s")
    for needed in ("make demo-down", "https://demo.localhost:8441/", "ops@127.0.0.1", "fab status"):
        assert needed in tour.closing(SITE, 0, "9 s")
