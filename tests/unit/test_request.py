import json
from collections.abc import Sequence

import pytest

from slipway import request
from slipway.codec import from_json
from slipway.errors import CommandFailed
from slipway.model import Service, Stack
from slipway.request import Origin

STACK = Stack(name="demo", services={"web": Service(name="web", image="a/b:1")})
SERVING = {
    "verdict": "serving",
    "changed": True,
    "release": 3,
    "steps": [{"why": "start the web"}],
    "warnings": [],
    "urls": ["https://a/"],
    "error": "",
}


def git(head: str, changed: str) -> request.Run:
    return lambda argv: head if "rev-parse" in argv else changed


def no_repository(argv: Sequence[str]) -> str:
    raise CommandFailed(argv, 128, "not a git repository")


def test_the_commit_tells_what_was_not_committed() -> None:
    assert request.origin(git("abc123\n", "")).commit == "abc123"
    assert request.origin(git("abc123\n", " M compose/demo/compose.yml\n")).commit == "abc123+changes"


def test_a_tree_without_git_has_no_commit() -> None:
    found = request.origin(no_repository)
    assert found.commit == ""
    assert "@" in found.who


def test_a_request_goes_over_as_json() -> None:
    asked = json.loads(json.dumps(request.request(STACK, {"A": "$x"}, Origin("me@here", "abc"), "site.yml", base=False)))
    assert from_json(Stack, asked["stack"]) == STACK
    assert (asked["schema"], asked["secrets"], asked["who"], asked["commit"], asked["base"]) == (
        1,
        {"A": "$x"},
        "me@here",
        "abc",
        False,
    )


@pytest.mark.parametrize(("word", "number"), [("", None), (None, None), ("42", 42), (42, 42), (" 7 ", 7)])
def test_a_held_release_is_named_by_its_number(word: object, number: int | None) -> None:
    assert request.number_of(word) == number


@pytest.mark.parametrize("word", ["demo", "-1", "4.2", "\u0664"])
def test_anything_else_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(request.BadNumber, match="by its number") as caught:
        request.number_of(word)
    assert caught.value.exit_code == 2
    assert "-e again=42" in caught.value.next_step


def test_secrets_are_no_part_of_the_command() -> None:
    assert "submit demo" in request.command("demo", check=False)
    assert "plan demo" in request.command("demo", check=True)


def test_a_good_answer_is_the_tasks_result() -> None:
    found = request.read_answer("demo", 0, f"noise\n{json.dumps(SERVING)}\n", "", check=False)
    assert found["changed"]
    assert found["release"] == 3
    assert "+ start the web" in found["diff"][0]["prepared"]
    assert "failed" not in found


def test_what_a_preview_found_goes_along_with_its_warnings_even_where_it_is_refused() -> None:
    answer = {**SERVING, "found": {"serving": 3}, "warnings": ["migrate is not run"], "error": "a store would restart"}
    found = request.read_answer("demo", 5, json.dumps(answer), "", check=True)
    assert found["failed"]
    assert found["found"] == {"serving": 3, "notes": ["migrate is not run"]}
    assert "found" not in request.read_answer("demo", 0, json.dumps(SERVING), "", check=False)


def test_what_the_host_lost_is_named_in_the_difference() -> None:
    lost = {"kind": "container", "name": "demo-r3-api-1", "what": "is gone", "lines": []}
    found = request.read_answer("demo", 6, json.dumps({**SERVING, "found": {"lost": [lost]}, "warnings": []}), "", check=True)
    assert "- container demo-r3-api-1 is gone\n" in found["diff"][0]["prepared"]


def test_a_refusal_begins_with_its_cause() -> None:
    answer = {**SERVING, "verdict": "refused", "changed": False, "error": "web was unhealthy\n  next: mend it"}
    found = request.read_answer("demo", 5, json.dumps(answer), "", check=False)
    assert found["failed"]
    assert found["msg"].startswith("demo: web was unhealthy")
    assert found["exit_code"] == 5


def test_an_engine_that_died_is_told_with_its_last_words() -> None:
    found = request.read_answer("demo", 1, "", "Traceback: boom", check=False)
    assert found["failed"]
    assert "boom" in found["msg"]


@pytest.mark.parametrize(
    ("code", "output"),
    [
        (request.NO_ENGINE, ""),
        (3, json.dumps({**SERVING, "verdict": request.OTHER_VERSION, "error": "x"})),
        (3, json.dumps({**SERVING, "verdict": request.NO_DOCKER, "error": "x"})),
    ],
)
def test_a_check_names_what_it_cannot_judge(code: int, output: str) -> None:
    found = request.read_answer("demo", code, output, "", check=True)
    assert "failed" not in found
    assert found["changed"]
    assert found["warnings"] == [f"not judged: {text}" for text in found["not_judged"]]
    assert found["not_judged"][0].startswith("demo: ")


def test_a_host_without_an_engine_fails_where_it_is_no_check() -> None:
    found = request.read_answer("demo", request.NO_ENGINE, "", "", check=False)
    assert found["failed"]
    assert "tag `stack`" in found["msg"]
