"""What single steps do: which certificates a site needs, what is known of a migration that was begun."""

from pathlib import Path

import pytest

from slipway.errors import SlipwayError
from slipway.host import engine, records
from slipway.host.actions import carry_out, certified
from slipway.host.docker import Docker
from slipway.host.layout import Layout
from slipway.host.machine import Machine, Work
from slipway.plan.step import Step

from .doors import empty_docker, has

DOMAINS = ["api.demo.localhost", "demo.localhost", "files.demo.localhost"]
SITE = Path(__file__).parents[2] / "golden/full-stack/expected/site.conf"
HEADER = '    add_header Content-Security-Policy "x ssl_certificate /x/evil.example/live/fullchain.pem; y" always;\n'


def test_a_site_names_the_certificates_of_its_domains() -> None:
    assert certified(SITE.read_text()) == DOMAINS


def test_a_headers_text_names_none() -> None:
    assert certified(SITE.read_text() + HEADER) == DOMAINS


def test_a_migration_that_was_broken_off_is_not_known_to_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(tmp_path, monkeypatch, docker="exit 1")
    empty_docker(tmp_path)
    layout = Layout(tmp_path)
    work = Work(Machine(layout, Docker(tmp_path / "docker.sock")), layout.stack("demo"))
    for task in ("first", "second"):
        records.note_migration(work.folder, task, "app@1")
    words = {"container": "demo-r2-second-1", "migrates": "app@1", "task": "second"}
    with pytest.raises(SlipwayError):
        carry_out(work, Step("task-second", "task", "w", ("docker", "compose", "up"), words, 5))
    assert engine.schema(work).images == {"first": "app@1"}
