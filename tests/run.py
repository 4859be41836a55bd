"""Run the layers of tests one after another, with a time budget each, and count over all of them.

A layer whose prerequisite is missing fails; nothing is skipped in silence.
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv/bin"
REPORTS = ROOT / "build/tests"


@dataclass(frozen=True, slots=True)
class Case:
    """One command of a layer; `pytest` ones count by their own report, others as one test."""

    name: str
    argv: tuple[str, ...]

    @property
    def report(self) -> Path | None:
        """Return where pytest writes its counts, None for other commands."""
        return REPORTS / f"{self.name}.xml" if self.argv[0] == "pytest" else None


@dataclass(frozen=True, slots=True)
class Layer:
    """Cases that belong together and the seconds they may take when nothing is built; `side_by_side` where each has its host."""

    name: str
    budget_seconds: int
    cases: tuple[Case, ...]
    side_by_side: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """Tests that passed and failed."""

    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Count") -> "Count":
        """Add up two counts."""
        return Count(self.passed + other.passed, self.failed + other.failed)


def shell_scripts() -> tuple[str, ...]:
    """Return the tracked files that a shell runs."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(
        name
        for name in listed
        if (ROOT / name).is_file() and (ROOT / name).read_bytes().startswith((b"#!/bin/sh", b"#!/bin/bash"))
    )


LINT = Layer(
    "lint",
    60,
    (
        Case("ruff-check", ("ruff", "check", ".")),
        Case("ruff-format", ("ruff", "format", "--check", ".")),
        Case("mypy", ("mypy",)),
        Case("yamllint", ("yamllint", "--strict", ".")),
        Case("shellcheck", ("shellcheck", *shell_scripts())),
    ),
)
FAST = (
    LINT,
    Layer("unit", 180, (Case("unit", ("pytest", "--numprocesses", "logical", "tests/unit")),)),
    Layer("golden", 15, (Case("golden", ("pytest", "tests/golden")),)),
    Layer("architecture", 15, (Case("architecture", ("pytest", "tests/architecture")),)),
)
SLOW = (
    Layer("ansible-lint", 75, (Case("ansible-lint", ("ansible-lint", "--offline")),)),
    Layer(
        "lab",
        500,
        (
            Case("lab-up", ("python", "scripts/lab", "up", "probe")),
            Case("lab-push", ("python", "scripts/lab", "push")),
            Case("images", ("pytest", "tests/apps")),
        ),
    ),
    Layer(
        "molecule",
        420,
        tuple(Case(f"molecule-{name}", ("molecule", "test", "-s", name)) for name in ("default", "noble")),
        side_by_side=True,
    ),
    Layer("e2e", 1800, (Case("e2e", ("pytest", "tests/e2e", "-m", "not sweep", "--durations=40")),)),
)
SWEEPS = (
    Layer("sweeps", 3600, (Case("sweeps", ("pytest", "tests/e2e", "-m", "sweep")),)),
    Layer("vm", 2400, (Case("vm", ("pytest", "tests/vm")),)),
)
PLANS = {"check": FAST, "test": FAST + SLOW, "test-all": FAST + SLOW + SWEEPS}


def main(plan: str) -> int:
    """Run a plan's layers and print the closing count; 0 when all passed."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    results = [run_layer(layer) for layer in PLANS[plan]]
    total = sum((count for count, _ in results), Count())
    say("")
    for layer, (count, seconds) in zip(PLANS[plan], results, strict=True):
        verdict = ("FAILED" if count.failed else "ok") + (", over its budget" if seconds > layer.budget_seconds else "")
        taken = f"{seconds:6.0f} s of {layer.budget_seconds:5} s"
        say(f"{layer.name:14}{count.passed:5} passed {count.failed:3} failed  {taken}  {verdict}")
    say(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


def run_layer(layer: Layer) -> tuple[Count, float]:
    """Run a layer's cases; a slow machine may go over the budget, which the closing table says."""
    say(f"\n== {layer.name} (budget {layer.budget_seconds} s)")
    started = time.monotonic()
    with ThreadPoolExecutor(len(layer.cases) if layer.side_by_side else 1) as pool:
        count = sum(pool.map(lambda case: run_case(case, layer.side_by_side), layer.cases), Count())
    seconds = time.monotonic() - started
    return count, seconds


def run_case(case: Case, named: bool = False) -> Count:
    """Run one command with its output shown, each line after the case's name where `named`, and return its count."""
    started = time.monotonic()
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}  # molecule looks its tools up there
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} if named else {}
    with subprocess.Popen(list(argv_of(case)), cwd=ROOT, env=environment, **pipe) as process:
        for line in process.stdout or ():
            say(f"{case.name}| {line.rstrip()}")
    code = process.returncode
    count = count_of(case, code)
    say(f"   {case.name}: {'ok' if code == 0 else f'FAILED (exit {code})'} after {time.monotonic() - started:.0f} s")
    return count


def argv_of(case: Case) -> Iterator[str]:
    """Yield a case's argv with the tool's full path and, for pytest, its report."""
    tool, *rest = case.argv
    yield str(BIN / tool)
    yield from rest
    if case.report:
        case.report.unlink(missing_ok=True)
        yield from ("-q", f"--junitxml={case.report}")


def count_of(case: Case, code: int) -> Count:
    """Return what a case's report says; without one the exit code counts as one test."""
    if not case.report:
        return Count(passed=int(code == 0), failed=int(code != 0))
    if not case.report.exists():
        return Count(failed=1)
    suites = list(ET.parse(case.report).getroot().iter("testsuite"))  # noqa: S314 - written by our own pytest
    tests, bad, skipped = (sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "skipped"))
    bad += sum(int(suite.get("errors", 0)) for suite in suites)
    return Count(passed=tests - bad - skipped, failed=max(bad + skipped, int(code != 0)))


def say(text: str) -> None:
    """Print a line at once."""
    print(f"{text}\n", end="", flush=True)  # one write: two cases may speak at once


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
