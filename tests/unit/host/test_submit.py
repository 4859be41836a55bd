"""Whoever follows a run hears its end, also where the host is too busy to say what a step waits for."""

import threading
import time
from pathlib import Path

import pytest

from slipway.host import records, submit
from slipway.host.docker import Docker, Silent
from slipway.host.journal import Journal
from slipway.host.layout import Layout
from slipway.host.machine import Machine
from slipway.host.records import Request
from slipway.model import Service, Stack

from .doors import has
from .releases import AT, folder

RESULT = {"verdict": "serving", "changed": True, "release": 1, "code": 0}


def test_a_docker_that_does_not_answer_ends_no_following(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, systemctl="echo active")
    monkeypatch.setattr(submit, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(submit, "UNIT_EVERY_SECONDS", 0.0)
    machine, found = Machine(Layout(tmp_path), Docker(tmp_path / "docker.sock")), folder(tmp_path)
    found.requests.mkdir()
    stack = Stack("demo", {"web": Service("web", "a/app:1", {"mem_limit": str(64 << 20)}, memory_mb=64)})
    records.file_request(found, Request("q1", stack, "me", "site.yml", AT))
    journal = Journal(found.journal)
    journal.append({"event": "begin", "at": AT, "request": "q1"})
    step = {
        "event": "step",
        "at": AT,
        "request": "q1",
        "release": 1,
        "name": "pull-web",
        "state": "begun",
        "why": "have the image",
    }
    journal.append(step)

    def end() -> None:
        time.sleep(1)
        journal.append({"event": "result", "at": AT, "request": "q1", "result": RESULT})

    threading.Thread(target=end, daemon=True).start()
    heard: list[str] = []
    assert submit.follow(machine, "demo", lambda entry: heard.append(entry["event"])) == RESULT
    assert heard.count("waits") == 1, "the step says why it takes long"
    with pytest.raises(Silent):
        machine.docker.containers("slipway.stack=demo")
