"""The everyday question does not wait for the engine."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = {"jinja2", "slipway.host.engine", "slipway.host.commands", "slipway.plan.deploy"}
PROGRAM = """
import sys
from slipway.host import door
try:
    code = door.main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
sys.exit(code)
"""


def run(*words: str) -> tuple[str, set[str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


@pytest.mark.skipif(any(Path("/var/lib/slipway").glob("*/serving.json")), reason="a host")
def test_status_for_machines_starts_without_the_engine() -> None:
    said, modules = run("status", "--json")
    assert '"stacks": []' in said
    assert not modules & HEAVY


@pytest.mark.parametrize("words", [["--help"], ["status", "--help"]])
def test_every_other_word_goes_to_the_whole_command(words: list[str]) -> None:
    said, modules = run(*words)
    assert "usage: slipway" in said
    assert "slipway.host.engine" in modules
