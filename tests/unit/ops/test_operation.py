"""The verbs of `fab`: help, typing mistakes, exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.context import Context

from slipway.ops import operation

ROOT = Path(__file__).resolve().parents[3]
LISTED = [
    *("abort", "check", "demo", "deploy", "diff", "drift", "explain", "firewall", "follow", "init", "lock", "logs"),
    *(
        "maintenance",
        "notify-test",
        "pin",
        "plan",
        "promote",
        "releases",
        "restart",
        "resume",
        "rollback",
        "run",
        "scale",
        "shell",
        "ssh",
        "status",
        "unlock",
        "upgrade-engine",
        "users",
    ),
]
VERBS = {"status": {"--env", "--json"}, "logs": {"--stack", "--tail"}}


def fab(*words: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).parent / "fab"
    return subprocess.run([program, *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["statsu"], "there is no verb 'statsu'; did you mean `status`?"),
        (["qqqq"], "there is no verb 'qqqq'\n"),
        (["status", "--jsno"], "`fab status` has no option --jsno; did you mean `--json`?"),
        (["logs", "demo", "--tial=5"], "`fab logs` has no option --tial; did you mean `--tail`?"),
        (["logs", "demo", "--", "x"], "takes no words after `--`"),
    ],
)
def test_typing_mistakes_are_answered_with_what_was_meant(words: list[str], answer: str) -> None:
    assert answer in operation.mistake(words, VERBS)


@pytest.mark.parametrize(
    "words", [[], ["--list"], ["status"], ["status", "--env=lab", "--help"], ["status", "--env", "x", "logs", "demo"]]
)
def test_what_fabric_understands_is_left_to_it(words: list[str]) -> None:
    assert operation.mistake(words, VERBS) == ""


def test_numbers_are_refused_with_an_example() -> None:
    assert operation.number("--tail", "20") == 20
    for text in ("-1", "ten", "", "1.5", "²"):
        with pytest.raises(operation.BadOption, match="whole number"):
            operation.number("--tail", text)


def test_the_list_shows_each_verb_with_one_line() -> None:
    listed = fab("--list").stdout.splitlines()
    assert [line.split()[0] for line in listed[2:] if line] == LISTED


@pytest.mark.parametrize("verb", LISTED)
def test_every_option_has_a_help_text(verb: str) -> None:
    options = [line.strip() for line in fab("--help", verb).stdout.splitlines() if line.startswith("  --")]
    assert options
    assert all("  " in option for option in options)


def test_wrong_input_ends_with_2_and_says_what_to_do() -> None:
    run = fab("status", "--env", "no-such-place")
    assert run.returncode == 2
    assert "there is no environment 'no-such-place'\n  next: " in run.stderr
    assert fab("logs", "demo", "--tail", "ten").returncode == 2
    assert fab("staus").returncode == 2


@pytest.mark.parametrize(
    ("line", "lacks"),
    [("deploy", "STACK"), ("run demo", "SERVICE"), ("diff --env lab demo 1", "AFTER"), ("releases --help", "STACK")],
)
def test_a_word_that_is_missing_is_named(line: str, lacks: str) -> None:
    ended = fab(*line.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"needs {lacks}\n  next: fab --help" in ended.stderr


def verbs() -> Collection:
    @operation.operation(stack="a stack")
    def deploy(_: Context, stack: str, env: str = "") -> None: ...

    @operation.operation()
    def demo(_: Context, scenario: str = "") -> None: ...

    return Collection(deploy, demo)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["deploy", "demo", "--bogus"], ["deploy", "--bogus"]),
        (["deploy", "--env", "demo", "demo"], ["deploy", "--env", "demo"]),
        (["deploy", "--env=lab", "demo", "demo"], ["deploy", "--env=lab", "demo"]),
        (["demo", "deploy"], ["demo", "deploy"]),
        ([], []),
    ],
)
def test_a_stack_that_is_called_like_a_verb_is_no_verb(words: list[str], kept: list[str]) -> None:
    assert operation.without_arguments(words, verbs()) == kept
