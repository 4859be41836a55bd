import json
import time
from pathlib import Path
from threading import Thread

import pytest

from slipway.errors import HostError
from slipway.host import edge
from slipway.host.edge import Nginx
from slipway.host.runner import Runner

from .doors import has


def test_workers_are_replaced_when_new_ones_came_and_old_ones_leave() -> None:
    old = {10: "nginx: worker process", 11: "nginx: worker process"}
    assert not edge.replaced(old, old)
    assert not edge.replaced(old, {**old, 12: "nginx: worker process"}), "old ones still take requests"
    leaving = {pid: "nginx: worker process is shutting down" for pid in old}
    assert not edge.replaced(old, leaving), "nobody takes requests"
    assert edge.replaced(old, {**leaving, 12: "nginx: worker process"})
    assert edge.replaced(old, {12: "nginx: worker process"})


@pytest.mark.parametrize(
    ("text", "numbers"), [("nginx version: nginx/1.26.3\n", (1, 26, 3)), ("nginx version: nginx/1.24.0 (Ubuntu)\n", (1, 24, 0))]
)
def test_the_version_is_read(text: str, numbers: tuple[int, ...]) -> None:
    assert edge.version_of(text) == numbers


def test_the_roles_words_are_read(tmp_path: Path) -> None:
    path = tmp_path / "edge.json"
    with pytest.raises(HostError, match="has no edge"):
        edge.settings(path)
    acme = {"server": "https://a/dir", "ca_file": "/ca", "email": "m@x"}
    ports = {"http": 8081, "https": 8441}
    path.write_text(json.dumps({"acme": acme, "public_ports": ports, "certificate_retry_seconds": 9}))
    found = edge.settings(path)
    assert (found.server, found.ca_file, found.email, found.https_port, found.retry_seconds) == (
        "https://a/dir",
        "/ca",
        "m@x",
        8441,
        9,
    )


def test_an_nginx_without_a_process_does_not_run(tmp_path: Path) -> None:
    nginx = Nginx(Runner(), tmp_path, tmp_path / "nginx.pid", tmp_path)
    assert not nginx.running
    (tmp_path / "nginx.pid").write_text("77\n")
    assert not nginx.running
    (tmp_path / "77").mkdir()
    assert nginx.running


def test_what_stands_there_only_to_be_judged_is_seen_by_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sites, asked = tmp_path / "slipway/sites", tmp_path / "asked"
    has(tmp_path, monkeypatch, nginx=f"echo begin $(ls {sites}) >> {asked}; sleep 0.3; echo end >> {asked}")
    nginx = Nginx(Runner(), sites, tmp_path / "nginx.pid", tmp_path)
    judging = Thread(target=nginx.judge, args=("shop", "candidate"))
    judging.start()
    while not asked.exists():
        time.sleep(0.01)
    nginx.shut("other", "shut", "page")
    judging.join()
    assert asked.read_text().split("\n") == ["begin shop.conf", "end", "begin", "end", ""]
    assert nginx.shutting("other") == ("shut", "page")
    assert nginx.site("shop") == ""
