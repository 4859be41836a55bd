"""A word that may stand behind a verb without an option, or be left out."""

import json
import subprocess
import sys
from collections.abc import Sequence
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


def deploy(_: object, stack: str, version: str = "", variable: Sequence[str] = (), wait: bool = True) -> None: ...


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("fab deploy shop", False),
        ("fab deploy shop 1.0", True),
        ("fab deploy shop --variable A=1", False),
        ("fab deploy --variable A=1 shop 1.0", True),
        ("fab deploy shop --variable=A=1 --no-wait", False),
    ],
)
def test_a_word_that_may_be_left_out_comes_after_those_that_may_not(line: str, given: bool) -> None:
    form = signature(deploy)
    demanded = operation.demanded(form)
    assert demanded == ["stack"]
    assert operation.has_free_word(line.split(), "deploy", operation.valued(form), len(demanded)) is given


def scale(_: object, stack: str, counts: Sequence[str] = (), wait: bool = True) -> None: ...


def test_several_words_stand_for_an_option_that_may_be_given_several_times() -> None:
    words = operation.numbered("counts", 3)
    form = operation.with_words(operation.without_default(signature(scale), "counts"), "counts", words)
    assert operation.demanded(form) == ["stack", "counts", "counts_2", "counts_3"]
    assert form.parameters["wait"].default is True
    given = {"stack": "demo", "counts": "api=3", "counts_2": "web=2", "counts_3": "worker=1", "wait": False}
    assert operation.gathered(given, "counts", words) == {
        "stack": "demo",
        "counts": ["api=3", "web=2", "worker=1"],
        "wait": False,
    }
    assert operation.gathered({"stack": "demo", "counts": ["api=3"]}, "counts", []) == {"stack": "demo", "counts": ["api=3"]}


def test_fab_takes_several_words_with_options_around_them() -> None:
    ended = fab("scale", "--env", "lab", "demo", "api=3", "--why", "the fair", "api=4", "--no-wait")
    assert (ended.returncode, ended.stderr) == (2, "the count of api is given twice\n  next: write it once\n")


def test_an_option_may_be_given_several_times_and_what_is_on_may_be_turned_off() -> None:
    form = signature(deploy)
    assert (operation.repeated(form), operation.switches(form)) == (["variable"], {"--no-wait"})
    assert operation.with_lists(form).parameters["variable"].default is None


def test_pairs_are_read_once_each() -> None:
    assert operation.pairs("--variable", ["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}
    for wrong in (["A"], ["=1"], ["A=1", "A=2"]):
        with pytest.raises(operation.BadOption, match="--variable") as caught:
            operation.pairs("--variable", wrong)
        assert caught.value.exit_code == 2


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
