"""Room on a host, asked of a Docker that answers as a real one does."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any, ClassVar

import pytest

from slipway.codec import from_json
from slipway.errors import HostError
from slipway.host import choices
from slipway.host.docker import Docker
from slipway.host.fit import answer_of, available_mb, check, judge
from slipway.host.fit import step as step_for
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.host.records import Request
from slipway.model import Scale
from slipway.plan.fit import Connections, Need, step

from .doors import has
from .releases import folder, release, stack

MEMINFO = "MemTotal:        4014136 kB\nMemFree:          254564 kB\nMemAvailable:    2048000 kB\nBuffers:          10 kB\n"
DB = Connections("db", "demo-db-1", "postgres", 100, {"api": 60})


def container(name: str, number: str) -> dict[str, Any]:
    state = {"Pid": 1, "Status": "running", "ExitCode": 0, "OOMKilled": False, "StartedAt": "2026-11-21T08:00:00Z"}
    labels = {"slipway.stack": "demo", **({"slipway.release": number} if number else {})}
    rule = {"RestartPolicy": {"Name": "no"}}
    image = {"Image": "a/app:1", "Labels": labels}
    return {"Name": f"/{name}", "State": state, "RestartCount": 0, "HostConfig": rule, "Config": image}


HUGE = {"Id": "sha256:1", "RepoDigests": [], "RepoTags": ["a/huge:1"], "Size": 1 << 50}


class Answers(BaseHTTPRequestHandler):
    """A Docker with a store, a release that serves and one before it, each with 100 MiB in use."""

    there: ClassVar = {"demo-db-1": "", "demo-r1-web-1": "1", "demo-r2-web-1": "2"}
    root = ""

    def do_GET(self) -> None:
        """Answer what is asked."""
        path = self.path.partition("?")[0].split("/")
        name = path[2] if len(path) > 2 else ""
        known: dict[str, Any] = {
            "info": {"DockerRootDir": self.root},
            "images/json": [HUGE],
            "containers/json": [{"Names": [f"/{one}"]} for one in self.there],
            f"containers/{name}/stats": {"memory_stats": {"usage": 110 << 20, "stats": {"inactive_file": 10 << 20}}},
        }
        if name in self.there:
            known[f"containers/{name}/json"] = container(name, self.there[name])
        found = known.get("/".join(path[1:]))
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def address_string(self) -> str:
        """Return who asked, which a Unix socket does not tell."""
        return "a socket"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Return a stack on a host with 2000 MiB left and a release that stands by."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(MEMINFO)
    handler = type("Here", (Answers,), {"root": str(tmp_path)})
    server = UnixStreamServer(str(tmp_path / "docker.sock"), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = folder(tmp_path, release(1, "1.0.0"), release(2, "1.1.0"), current=2, standby=1)
    return Work(Machine(Layout(tmp_path), Docker(tmp_path / "docker.sock")), found)


def test_the_kernel_says_what_is_left() -> None:
    assert available_mb(MEMINFO) == 2000
    with pytest.raises(HostError, match="does not tell"):
        available_mb("MemFree: 1 kB\n")


@pytest.mark.parametrize(
    ("engine", "said", "count"),
    [
        ("postgres", "100\n", 100),
        ("postgres", 'psql: error: FATAL:  role "x" does not exist', None),
        ("redis", "maxclients\n10000\n", 10000),
        ("redis", "NOAUTH Authentication required.\n", None),
        ("redis", "\n", None),
    ],
)
def test_a_server_answers_with_a_number_or_with_none(engine: str, said: str, count: int | None) -> None:
    assert answer_of(engine, said) == count


def test_what_fits_passes(work: Work) -> None:
    serving = {"demo-r2-web-1": 150}
    check(work, step(Need({"web": 1822}, "then", {"demo-db-1": 5000}, 2, serving)))
    with pytest.raises(HostError, match=r"2001 MiB of memory are needed and 2000 MiB are left"):
        check(work, step(Need({"web": 1823}, "then", {"demo-db-1": 5000}, 2, serving)))


def test_all_that_is_short_is_told_at_once_with_what_helps(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="echo 50")
    verdict = judge(work, step(Need({"web": 9000}, "then", connections=(DB,), images=("a/huge:2",))))
    assert verdict.error
    assert verdict.error.exit_code == 3
    first, memory, connections, disk = verdict.error.cause.splitlines()
    assert first == "this host has no room for both generations:"
    assert "9128 MiB of memory are needed and 2000 MiB are left" in memory
    assert "db allows 50 connections (the stack file says 100), and both generations may open 60" in connections
    assert disk.startswith("the disk is too full for this release: ")
    assert "release 1 (100 MiB)" in verdict.error.next_step
    assert "`watch.standby: cold`" in verdict.error.next_step
    assert "`docker system df`" in verdict.error.next_step


def test_who_goes_back_is_told_of_memory_and_connections_and_kept_from_a_full_disk(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(tmp_path, monkeypatch, docker="echo 50")
    needed = Need({"web": 9000}, "then", connections=(DB,), images=("a/huge:2",))
    verdict = judge(work, step(needed, told=True))
    assert verdict.error
    assert len(verdict.error.cause.splitlines()) == 2
    assert "disk is too full" in verdict.error.cause
    assert ["memory are needed" in verdict.notes[0], "db allows 50 connections" in verdict.notes[1]] == [True, True]
    for verb, told in (("rollback", True), ("restart", True), ("deploy", None), ("", None)):
        asked = Request("q1", stack("1.2.0"), "me", "", "2026-11-21T08:00:00.000Z", verb=verb)
        assert step_for(work, asked, None, dict.fromkeys(asked.stack.services, "")).arguments.get("told") is told


def test_a_server_that_does_not_say_is_believed_by_the_file_and_told(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(tmp_path, monkeypatch, docker='echo "psql: error: FATAL: no" >&2; exit 2')
    check(work, step(Need(connections=(DB,))))
    assert work.warnings == ["db does not tell how many connections it allows: psql: error: FATAL: no"]


def test_a_server_that_does_not_run_is_not_asked(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="echo 1")
    away = Connections("db", "demo-db-9", "postgres", 100, {"api": 60})
    assert judge(work, step(Need(connections=(away,)))) == judge(work, step(Need()))


def test_the_step_counts_as_many_replicas_as_people_chose(work: Work) -> None:
    web = replace(stack("1.2.0").services["web"], scale=Scale(1, 5), memory_mb=100)
    asked = Request("q1", replace(stack("1.2.0"), services={"web": web}), "me", "", "2026-11-21T08:00:00.000Z")
    known = {"web": ""}
    assert from_json(Need, step_for(work, asked, None, known).arguments["need"]).new_mb == {"web": 100}
    choices.change(work.folder, "a test", lambda old: replace(old, counts={"web": 3}))
    found = from_json(Need, step_for(work, asked, None, known).arguments["need"])
    assert (found.new_mb, found.images) == ({"web": 300}, ("a/app:1.2.0",))
