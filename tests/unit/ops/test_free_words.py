"""A word that may stand behind a verb without an option, or be left out."""

import json
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path

import pytest

from slipway.ops import operation

ROOT = Path(__file__).resolve().parents[3]


def verb(_: object, word: str = "", every: bool = False, env: str = "") -> None: ...


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("fab explain", False),
        ("fab explain api.routes", True),
        ("fab explain --env lab", False),
        ("fab explain --env=lab", False),
        ("fab explain --every api", True),
        ("fab explain --env lab api", True),
        ("fab --debug explain api", True),
        ("fab --list", False),
        ("pytest tests", False),
    ],
)
def test_a_word_counts_where_it_belongs_to_no_option(line: str, given: bool) -> None:
    assert operation.has_free_word(line.split(), "explain", operation.valued(signature(verb))) is given


def test_a_word_that_is_given_has_no_default_and_all_others_keep_theirs() -> None:
    found = operation.without_default(signature(verb), "word").parameters
    assert found["word"].default is Parameter.empty
    assert found["env"].default == ""


def fab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([Path(sys.executable).parent / "fab", *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_fab_takes_the_word_with_and_without_options_around_it_and_also_none() -> None:
    alone = fab("explain", "--env", "lab")
    assert alone.stdout.startswith("lab: values in force")
    before, after = (
        fab("explain", "watch.standby", "--env", "lab", "--json"),
        fab("explain", "--json", "--env=lab", "watch.standby"),
    )
    assert before.stdout == after.stdout
    assert json.loads(before.stdout)[0]["word"] == "x-slipway.watch.standby"


def test_fab_ends_with_2_on_a_word_that_is_not_there() -> None:
    ended = fab("explain", "watch.standbyy", "--env", "lab")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "did you mean `standby`?" in ended.stderr
