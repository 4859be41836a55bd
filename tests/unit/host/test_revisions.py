"""The revision of a schema, asked in a container of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any

import pytest

from slipway.errors import LockHeld
from slipway.host import lock, records, revisions
from slipway.host.actions import carry_out
from slipway.host.docker import Docker
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.plan.step import Step

from .doors import Empty, has
from .releases import folder, release

NAME = "demo-r1-current-migrate"


@pytest.mark.parametrize(
    ("printed", "revision"),
    [
        ("0003 (head)\n", "0003"),
        ("INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\n0003 (head) (mergepoint)\n", "0003"),
        ('{"level": "info", "message": "x"}\n9f31c2ab\nae1027a6 (head)\n', "9f31c2ab, ae1027a6"),
        ("Current version: 20260101\n", "Current version: 20260101"),
        ("  \n", ""),
        ("\n".join("abcdefg"), "c, d, e, f, g"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_revision_is_read_from_what_a_command_prints(printed: str, revision: str) -> None:
    assert revisions.told(printed) == revision


def container(code: int) -> dict[str, Any]:
    state = {"Pid": 0, "Status": "exited", "ExitCode": code, "OOMKilled": False, "StartedAt": "2026-11-21T08:00:00Z"}
    rule = {"RestartPolicy": {"Name": "no"}}
    return {"Name": f"/{NAME}", "State": state, "RestartCount": 0, "HostConfig": rule, "Config": {"Image": "a", "Labels": {}}}


@contextmanager
def asked(root: Path, code: int, **printed: str) -> Iterator[Work]:
    """Yield a stack's first release on a host whose container has ended with a code and printed something."""
    frames = {"stdout": frame(1, printed.get("out", "")), "stderr": frame(2, printed.get("err", ""))}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        """Tell what the container is and what it wrote, of both streams or of one."""
        log = b"".join(text for stream, text in frames.items() if f"{stream}=1" in handler.path)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(log if "/logs" in handler.path else json.dumps(container(code)).encode())

    with UnixStreamServer(str(root / "docker.sock"), type("Answers", (Empty,), {"do_GET": answer})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Work(Machine(Layout(root), Docker(root / "docker.sock")), folder(root, release(1, "1.0.0")), release=1)
        server.shutdown()


def frame(stream: int, text: str) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text.encode()


def step(root: Path) -> Step:
    argv = ("docker", "compose", "--project-name", "demo-r1", "up")
    words = {"task": "migrate", "number": 1, "container": NAME, "file": str(root / "current-migrate.json"), "project": {"a": 1}}
    return Step("revision-migrate", "revision", "w", argv, words, 1, environment=True)


def test_what_the_image_says_is_kept_and_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(
        tmp_path,
        monkeypatch,
        docker=f'echo "$*" >> {tmp_path}/ran; [ "$1" = rm ] || cp {tmp_path}/current-migrate.json {tmp_path}/seen',
    )
    with asked(tmp_path, 0, out="0003 (head)\n", err="INFO  something else\n") as work:
        carry_out(work, step(tmp_path))
    assert records.revisions(work.folder) == {"migrate": "0003"}
    assert records.release(work.folder, 1).revisions == {"migrate": "0003"}
    assert json.loads((tmp_path / "seen").read_text()) == {"a": 1}
    assert not (tmp_path / "current-migrate.json").exists()
    assert (tmp_path / "ran").read_text().splitlines()[-1] == f"rm --force --volumes {NAME}"
    assert work.warnings == []


@pytest.mark.parametrize(("code", "out", "why"), [(255, "", "ended with 255\nlast lines of"), (0, "", "it printed none")])
def test_that_nobody_can_tell_it_is_a_warning_and_an_old_one_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, out: str, why: str
) -> None:
    has(tmp_path, monkeypatch, docker="exit 0")
    with asked(tmp_path, code, out=out, err="Can't locate revision\n") as work:
        records.note_revision(work.folder, 1, "migrate", "0002")
        carry_out(work, step(tmp_path))
    (warning,) = work.warnings
    assert warning.startswith("the revision of the schema after migrate is not known: ")
    assert why in warning
    assert records.revisions(work.folder) == {}


def test_a_migration_waits_for_one_that_a_person_runs_and_is_refused_at_its_limit(tmp_path: Path) -> None:
    work = Work(Machine(Layout(tmp_path), Docker(tmp_path / "docker.sock")), folder(tmp_path, release(1, "1.0.0")), release=1)
    words = {"container": "demo-r1-migrate", "migrates": "a/app@sha256:1", "task": "migrate"}
    migrates = Step("task-migrate", "task", "w", ("true",), words, 0)
    by_hand = work.folder.run_lock("migrate")
    with (
        lock.held(by_hand, "another run of migrate", 0, print),
        pytest.raises(LockHeld, match="another run of migrate") as caught,
    ):
        carry_out(work, migrates)
    assert caught.value.exit_code == 4
