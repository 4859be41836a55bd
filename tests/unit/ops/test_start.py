"""What the everyday verbs load: a check of all stacks is done before Ansible would have started."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOADED = """
import sys
from fabric.main import program
code = 0
try:
    program.run(["fab", *sys.argv[1:]])
except SystemExit as end:
    code = end.code
print("loaded:", code, *sorted({name.split(".")[0] for name in sys.modules} & {"ansible", "jinja2", "cryptography"}))
print("ours:", *sorted(name for name in sys.modules if name.startswith("slipway.load")))
"""


def loaded(*words: str) -> tuple[list[str], list[str]]:
    """Return the exit code with the large libraries that were loaded, and the modules of the loader."""
    run = subprocess.run([sys.executable, "-c", LOADED, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    *_, libraries, ours = run.stdout.splitlines()
    return libraries.split()[1:], ours.split()[1:]


def test_a_check_loads_no_ansible_and_no_jinja() -> None:
    libraries, ours = loaded("check", "--env", "inventory/lab")
    assert "slipway.load" in ours
    assert "slipway.load.secrets" not in ours
    assert not {"ansible", "jinja2"} & set(libraries)
    assert libraries[0] == "0"


@pytest.mark.parametrize("words", [("--list",), ("--help", "check")])
def test_help_loads_nothing_of_the_loader(words: tuple[str, ...]) -> None:
    libraries, ours = loaded(*words)
    assert ours == []
    assert not {"ansible", "jinja2"} & set(libraries)
