"""Our reading of a stack file equals Compose's: held against a recorded answer of `docker compose config` 2.26.1."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from slipway.environment import Instance, Pin
from slipway.load.faults import Faults
from slipway.load.nodes import read_document
from slipway.load.stack import Order, read_stack
from slipway.model import Mount, Stack
from tests.unit.load.project import Project

CASES = Path(__file__).parent / "cases"
CONSTRUCTS = CASES / "constructs"
VARIABLES = {"RELEASE": "1.4", "WORDS": "two words", "EMPTY": "", "MONEY": "a$b$${c}"}
PASSED = (
    "command",
    "entrypoint",
    "labels",
    "tmpfs",
    "dns",
    "sysctls",
    "healthcheck",
    "ulimits",
    "ports",
    "extra_hosts",
    "security_opt",
)


def read(file: Path, variables: dict[str, str]) -> Stack:
    faults, root = Faults(), read_document(file, file.name).root
    assert root is not None
    draft = read_stack(Order("constructs", Instance("constructs", variables), Pin(), False, root, file.parent, root), faults)
    assert faults.found == []
    return draft.stack


@pytest.fixture(scope="module")
def ours() -> Stack:
    return read(CONSTRUCTS / "compose.yml", VARIABLES)


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONSTRUCTS / "recorded.json").read_text())["services"]
    return found


def test_every_value_of_an_environment_is_composes(ours: Stack, theirs: dict[str, Any]) -> None:
    for name, service in ours.services.items():
        assert service.compose["environment"] == theirs[name]["environment"]


@pytest.mark.parametrize("key", PASSED)
def test_keys_pass_through_in_long_form(ours: Stack, theirs: dict[str, Any], key: str) -> None:
    for name, service in ours.services.items():
        assert service.compose.get(key) == theirs[name].get(key)


def test_words_that_became_fields_keep_their_meaning(ours: Stack, theirs: dict[str, Any]) -> None:
    api, long = ours.services["api"], theirs["api"]
    assert api.image == long["image"]
    assert {name: list(aliases) for name, aliases in api.networks.items()} == {"front": ["one", "two"], "back": []}
    assert [(m.type, m.source, m.target, m.read_only) for m in api.mounts] == [
        (volume["type"], volume.get("source", ""), volume["target"], volume.get("read_only", False)) for volume in long["volumes"]
    ]
    assert api.replicas == long["deploy"]["replicas"]
    assert api.memory_mb << 20 == int(long["deploy"]["resources"]["limits"]["memory"])
    assert (api.stop_grace_seconds, long["stop_grace_period"]) == (90, "1m30s")
    assert dict(api.depends_on) == {name: item["condition"] for name, item in long["depends_on"].items()}
    assert ours.networks["back"].internal


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
    project.base({"services/api/volumes": ["./conf:/etc/app:ro", {"type": "bind", "source": "./one.txt", "target": "/one"}]}, {})
    project.write("compose/shop/conf/deep/a.conf", "a $x\n")
    project.write("compose/shop/one.txt", "1")
    stack = project.stack()
    assert stack.files == {"conf/deep/a.conf": "a $x\n", "one.txt": "1"}
    assert stack.services["api"].mounts == (Mount("bind", "/etc/app", "conf", read_only=True), Mount("bind", "/one", "one.txt"))


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
    project.base({"services/api/x-slipway/assets": {"directory": "/a", "path": "/b/"}}, {"notify": {"page": ["x"]}})
    found = [(note.path, note.message) for note in project.load().waiting]
    assert ("services.api.x-slipway.assets", "understood, not in force yet") in found
    assert ("notify", "understood, not in force yet") in found
