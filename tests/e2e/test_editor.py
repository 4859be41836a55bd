"""What an editor shows inside a stack file, asked of the language server that editors use."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from .language_server import LanguageServer

ROOT = Path(__file__).resolve().parents[2]
PINNED = Path(__file__).parent / "editor"
HOME = ROOT / "build/editor"
DEMO = ROOT / "compose/demo/compose.yml"
FIRST_LINE = "# yaml-language-server: $schema=../../schema/stack-file.schema.json\n"


def run(*command: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})}, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def ensure_npm() -> None:
    """Install Node.js and npm where they are missing, as the setup does with what it misses."""
    if shutil.which("node") and shutil.which("npm"):
        return
    root: Sequence[str] = () if os.geteuid() == 0 else ("sudo", "-n")
    run(*root, "apt-get", "update", "-qq")
    quiet = ("env", "DEBIAN_FRONTEND=noninteractive")
    run(*root, *quiet, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm")


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    """Return the pinned language server, installed below build/ and running."""
    ensure_npm()
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(PINNED / name, HOME / name)
    run("npm", "ci", "--prefix", str(HOME), "--no-audit", "--no-fund", "--ignore-scripts")
    program = HOME / "node_modules/yaml-language-server/bin/yaml-language-server"
    server = LanguageServer.start(["node", str(program), "--stdio"], ROOT)
    yield server
    server.stop()


def demo(*changes: tuple[str, str]) -> str:
    """Return the demo stack's file with its schema named, and some of its text changed."""
    text = DEMO.read_text(encoding="utf-8")
    assert text.startswith(FIRST_LINE)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def place(text: str, mark: str) -> tuple[int, int]:
    """Return line and column of a mark, both counted from 0."""
    before = text[: text.index(mark)]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def beside_the_demo(name: str) -> Path:
    """Return the path of a file that is never written: the server is given its text."""
    return DEMO.with_name(f"{name}.yml")


def test_the_demo_file_has_nothing_underlined(server: LanguageServer) -> None:
    assert server.diagnostics(beside_the_demo("good"), demo()) == []


def test_the_example_inventory_has_nothing_underlined_and_its_words_are_told(server: LanguageServer) -> None:
    path = ROOT / "inventory/single/group_vars/all/stacks.yml"
    text = path.read_text(encoding="utf-8")
    assert server.diagnostics(path, text) == []
    line, _ = place(text, "\nfirst_login")
    hover = server.at("hover", path, line + 1, 3)["contents"]["value"]
    assert "User that a fresh host lets in" in hover


def test_slips_are_underlined_on_their_line_with_the_reason(server: LanguageServer) -> None:
    text = demo(
        ("drain_seconds: 300", "drain_second: 300"),
        ("connections: {db: 5}", "conections: {db: 5}"),
        ("store: {engine: postgres", "store: {engine: postgress"),
        ("body_mb: 10", "body_mb: 0"),
        ("    stop_grace_period: 60s\n", "    stop_grace_period: 60s\n    container_name: api\n"),
    )
    lines = {
        name: place(text, name)[0] + 1 for name in ("drain_second:", "conections", "postgress", "body_mb: 0", "container_name")
    }
    found = server.diagnostics(beside_the_demo("bad"), text)
    assert f"{lines['drain_second:']}: Property drain_second is not allowed." in found
    assert f"{lines['conections']}: Property conections is not allowed." in found
    assert f"{lines['body_mb: 0']}: Value is below the minimum of 1." in found
    assert f"{lines['container_name']}: Refused: remove it: replicas and releases need names of their own." in found
    assert any(message.startswith(f"{lines['postgress']}: ") and '"postgres"' in message for message in found)
    assert {int(message.partition(":")[0]) for message in found} == set(lines.values())


def test_hovering_over_a_word_says_what_it_means_and_its_bounds(server: LanguageServer) -> None:
    path, text = beside_the_demo("hover"), demo()
    server.diagnostics(path, text)
    hover = server.at("hover", path, *place(text, "drain_seconds"))["contents"]["value"]
    assert "How long connections may live on with the old release after a switch." in hover
    assert "seconds, 0 to 3600; default 60." in hover
    assert "How long it may finish its work" in server.at("hover", path, *place(text, "stop_grace_period"))["contents"]["value"]


def labels(server: LanguageServer, path: Path, text: str) -> set[str]:
    server.diagnostics(path, text.replace("▮", ""))
    return {item["label"] for item in server.at("completion", path, *place(text, "▮"))["items"]}


def test_the_words_of_a_service_are_offered(server: LanguageServer) -> None:
    text = demo(("      queue: {store: redis, system: celery, names: [celery], concurrency: 2}\n", "      ▮\n"))
    offered = labels(server, beside_the_demo("service"), text)
    assert offered >= {"routes", "health", "queue", "task", "store", "backup", "exceptions"}
    assert "connections" not in offered, "it is there already"


def test_choices_and_the_keys_of_compose_are_offered_but_no_refused_ones(server: LanguageServer) -> None:
    text = demo(("      store: {engine: postgres, max_connections: 100}\n", "      store:\n        engine: ▮\n"))
    assert labels(server, beside_the_demo("choice"), text) >= {"postgres", "redis", "s3", "pooler", "other"}
    offered = labels(server, beside_the_demo("compose"), demo(("  web:\n", "  web:\n    ▮\n")))
    assert offered >= {"image", "user", "volumes"}
    assert not offered & {"container_name", "env_file", "extends", "links"}
