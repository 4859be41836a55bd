"""The arrows of the architecture, read from the import graph."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "slipway"
PURE = (
    "model.py",
    "codec.py",
    "environment.py",
    "firewall.py",
    "placement.py",
    "printable.py",
    "serving.py",
    "load",
    "render",
    "plan",
    "policy",
    "changes",
    "notices",
    "watch",
    "reference",
    "init",
)
ON_HOSTS = (
    "__init__.py",
    "model.py",
    "codec.py",
    "errors.py",
    "placement.py",
    "printable.py",
    "serving.py",
    "render",
    "plan",
    "policy",
    "changes",
    "host",
    "notices",
    "watch",
)
IMPURE_MODULES = {"os", "subprocess", "time", "random", "socket", "shutil", "tempfile"}
HOST_LIBRARIES = {"docker", "jinja2"}


def modules(*roots: str) -> Iterator[Path]:
    for root in roots:
        path = PACKAGE / root
        yield from [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (level, dotted name) of each import; level 0 is absolute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def own_targets(path: Path) -> Iterator[str]:
    """Yield the first part, below `slipway`, of each relative import."""
    depth = len(path.relative_to(PACKAGE).parts) - 1
    for level, name in imported(path):
        if level == depth + 1:
            yield name.split(".")[0]
        elif 0 < level <= depth:
            yield path.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("path", list(modules(*PURE)), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_pure_modules_touch_no_machine(path: Path) -> None:
    assert not {name.split(".")[0] for level, name in imported(path) if level == 0} & IMPURE_MODULES


@pytest.mark.parametrize("path", list(modules(*ON_HOSTS)), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_that_run_on_hosts_need_only_what_hosts_have(path: Path) -> None:
    absolute = {name.split(".")[0] for level, name in imported(path) if level == 0}
    assert absolute - set(sys.stdlib_module_names) <= HOST_LIBRARIES
    allowed = {Path(root).stem for root in ON_HOSTS} | {""}
    assert set(own_targets(path)) <= allowed


@pytest.mark.parametrize("path", list(modules(".")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_inside_the_package_are_relative(path: Path) -> None:
    assert not [name for level, name in imported(path) if level == 0 and name.split(".")[0] == "slipway"]


@pytest.mark.parametrize("path", list(modules("render", "plan", "watch")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rendering_and_planning_know_no_host(path: Path) -> None:
    assert not {"host", "load", "ops", "lab"} & set(own_targets(path))
