"""What a stack file becomes: Compose's words as fields, files beside it, notes on what is left aside."""

import os
from pathlib import Path

import pytest

from slipway.model import Mount
from tests.unit.load.project import Project

CASES = Path(__file__).parent / "cases"
API = "services/api"


def test_words_that_became_fields_keep_their_meaning(project: Project) -> None:
    words = {
        f"{API}/networks": {"front": {"aliases": ["one", "two"]}, "back": None},
        f"{API}/depends_on": ["db"],
        f"{API}/stop_grace_period": "1m30s",
        f"{API}/deploy": {"replicas": 2, "resources": {"limits": {"memory": "50M"}}},
        "networks": {"front": None, "back": {"internal": True}},
    }
    project.base(words, {})
    stack = project.stack()
    api = stack.services["api"]
    assert {name: list(aliases) for name, aliases in api.networks.items()} == {"front": ["one", "two"], "back": []}
    assert (api.replicas, api.memory_mb, api.stop_grace_seconds) == (2, 50, 90)
    assert dict(api.depends_on) == {"db": "service_started"}
    assert [stack.networks[name].internal for name in ("front", "back")] == [False, True]


def test_options_of_a_mount_pass_through(project: Project) -> None:
    mounts = [
        {"type": "volume", "source": "pg", "target": "/a", "volume": {"nocopy": True, "subpath": "x"}},
        {"type": "tmpfs", "target": "/b", "tmpfs": {"size": "1m", "mode": 0o1777}},
        "pg:/c:ro,nocopy",
    ]
    project.base({f"{API}/volumes": mounts}, {})
    assert project.stack().services["api"].mounts == (
        Mount("volume", "/a", "pg", options={"nocopy": True, "subpath": "x"}),
        Mount("tmpfs", "/b", options={"size": "1048576", "mode": 0o1777}),
        Mount("volume", "/c", "pg", read_only=True, options={"nocopy": True}),
    )


def test_programs_of_the_folder_stay_programs(project: Project) -> None:
    project.base({f"{API}/volumes": ["./bin:/opt/bin:ro"]}, {})
    project.write("compose/shop/bin/run", "#!/bin/sh\n")
    project.write("compose/shop/bin/words", "text")
    (project.root / "compose/shop/bin/run").chmod(0o755)
    assert project.stack().programs == ("bin/run",)


def test_more_ports_than_anybody_needs_are_refused_soon(project: Project) -> None:
    project.base({"services/db/ports": [f"127.0.0.{i % 250 + 1}:1-1024:{i + 1}-{i + 1024}" for i in range(2000)]}, {})
    assert any("services.db.ports: more than 4,096 ports" in fault for fault in project.faults())


def test_the_whole_example_is_accepted(project: Project) -> None:
    project.write("compose/propflow/compose.yml", (CASES / "propflow/compose.yml").read_text())
    project.inventory((CASES / "propflow/stacks.yml").read_text())
    project.inventory(
        f'releases: {{propflow: {{variables: {{RELEASE: "1.4.2"}}, images: {{api: "sha256:{"a" * 64}"}}}}}}', "releases.yml"
    )
    project.inventory("$ANSIBLE_VAULT;1.1;AES256\n00\n", "vault.yml")
    stack = project.load().stacks["propflow"]
    api = stack.services["api"]
    assert api.image == "registry.example.com/propflow/api:1.4.2"
    assert api.scale is not None
    assert (api.scale.min, api.scale.max, api.scale.cpu_ratio) == (2, 10, 0.7)
    assert api.compose["environment"]["DATABASE_URL"] == "postgresql+asyncpg://propflow:${DB_PASSWORD}@db/propflow"
    assert stack.services["db"].secrets[0].target == "/run/secrets/db_password"
    assert stack.secret_files == {"db_password": "DB_PASSWORD"}
    assert stack.pins == {api.image: f"sha256:{'a' * 64}"}
    assert {service.name: service.kind for service in stack.services.values()} == {
        "api": "web",
        "worker": "worker",
        "beat": "scheduler",
        "migrate": "task",
        "valuer-dashboard": "web",
        "db": "store",
        "redis": "store",
        "objects": "store",
        "seed": "task",
    }
    assert stack.production


def test_files_of_the_folder_travel_with_the_stack(project: Project) -> None:
    project.base({"services/api/volumes": ["./etc:/etc/app:ro", {"type": "bind", "source": "./one.txt", "target": "/one"}]}, {})
    project.write("compose/shop/etc/deep/a.conf", "a $x\n")
    project.write("compose/shop/one.txt", "1")
    stack = project.stack()
    assert stack.files == {"etc/deep/a.conf": "a $x\n", "one.txt": "1"}
    assert stack.services["api"].mounts == (Mount("bind", "/etc/app", "etc", read_only=True), Mount("bind", "/one", "one.txt"))


def test_files_that_lead_out_or_are_no_text_are_refused(project: Project) -> None:
    binds = ["./conf:/etc/app:ro", "./binary:/b", "./large:/l", "./etc:/e", "./linked:/k", "./pipe:/p", "./nul\0:/n", "./loop:/o"]
    project.base({"services/api/volumes": binds}, {})
    folder = project.root / "compose/shop"
    (folder / "etc").symlink_to("/etc")
    (folder / "loop").symlink_to("loop")
    (folder / "linked").mkdir()
    (folder / "linked/again").symlink_to(folder / "linked")
    os.mkfifo(folder / "pipe")
    project.write("compose/shop/conf/a", "a")
    (project.root / "compose/shop/conf/out").symlink_to("/etc/passwd")
    (project.root / "compose/shop/binary").write_bytes(b"\xff\xfe")
    project.write("compose/shop/large", "x" * 300_000)
    found = "\n".join(project.faults())
    assert "leads out of the stack's folder" in found
    assert "`binary` is not UTF-8 text" in found
    assert "`large` is larger than 256 KiB" in found
    assert "`etc` leads out of the stack's folder" in found
    assert "`linked/again` is a linked folder" in found
    assert "`pipe` is no file" in found
    assert "volumes[6]" in found
    assert "volumes[7]" in found


def test_what_belongs_to_the_laptop_is_left_aside_with_a_note(project: Project) -> None:
    project.base({"services/api/build": ".", "services/api/restart": "always", "version": "3"}, {})
    assert [note.path for note in project.load().ignored] == ["services.api.build", "services.api.restart", "version"]
    assert not {"build", "restart"} & set(project.stack().services["api"].compose)


def test_nothing_beside_the_file_is_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.base({"services/api/environment": {"A": "${GIVEN}"}}, {})
    project.write("compose/shop/.env", "GIVEN=1")
    project.write("compose/shop/compose.override.yml", "services: {api: {container_name: x}}")
    monkeypatch.setenv("GIVEN", "1")
    assert ["variable `GIVEN` has no value" in fault for fault in project.faults()] == [True]


def test_a_command_that_compose_would_cut_is_refused(project: Project) -> None:
    project.base({"services/api/command": "echo a; rm b", "services/worker/command": "sh -c 'a; b'"}, {})
    assert ["Compose cuts a command at `;`" in fault for fault in project.faults()] == [True]


def test_words_without_effect_are_named(project: Project) -> None:
    project.base({"services/api/x-slipway/assets": {"directory": "/a", "path": "/b/"}}, {"backup_scheduler": "cron"})
    found = [(note.path, note.message) for note in project.load().waiting]
    assert ("services.api.x-slipway.assets", "understood, not in force yet") in found
    assert ("backup_scheduler", "understood, not in force yet") in found


def test_a_variable_that_cannot_be_filled_is_one_fault(project: Project) -> None:
    project.base({"services/api/environment": ["A=${MISSING:?}", "B=1"]}, {})
    assert [fault.split(": ")[1] for fault in project.faults()] == ["services.api.environment[0]"]
