"""How hosts are asked: the words of the check, what is heard meanwhile, what ends it."""

import json
from pathlib import Path

import pytest

from slipway.ops.plan import InputRefused, Listener, Question, check_words, command

ROOT = Path("/tree")
INVENTORY = ROOT / "inventory/lab"


def event(**words: object) -> str:
    return json.dumps({"event": "task", **words})


def test_all_of_site_yml_is_checked_with_differences() -> None:
    assert check_words(INVENTORY, Question(ROOT)) == ["-i", "/tree/inventory/lab", "site.yml", "--check", "--diff"]
    assert command(INVENTORY, Question(ROOT)) == "ansible-playbook -i inventory/lab site.yml"


def test_hosts_and_a_stack_narrow_the_check_and_the_command() -> None:
    question = Question(ROOT, host="one, two", stack="shop")
    words = check_words(INVENTORY, question)
    assert words[5:] == ["--limit", "one,two", "--tags", "stack", "--extra-vars", '{"stack_names": ["shop"]}']
    assert command(INVENTORY, question) == "ansible-playbook -i inventory/lab site.yml --limit one,two --tags stack"


def test_a_role_is_told_once_and_a_long_silence_names_the_task() -> None:
    said: list[str] = []
    now = [0.0]
    listener = Listener(said.append, lambda: now[0])
    listener.line(event(role="docker", task="docker : Docker | Install"))
    listener.line(event(role="docker", task="docker : Docker | Write"))
    listener.beat()
    now[0] = 11.0
    listener.beat()
    listener.line("[WARNING]: not an event")
    listener.end()
    assert said == ["   0.0 s  ask: docker", "  11.0 s  … docker : Docker | Write", "  11.0 s  all asked"]
    assert len(listener.events) == 2
    assert listener.other == ["[WARNING]: not an event"]


def test_a_stack_nobody_knows_is_the_users_mistake() -> None:
    assert InputRefused("x").exit_code == 2


@pytest.mark.parametrize("line", ["{", '{"event":', "", '["event"]'])
def test_a_line_that_is_no_event_is_kept_as_said(line: str) -> None:
    listener = Listener(lambda _: None, lambda: 0.0)
    listener.line(line)
    assert listener.events == []
    assert listener.other == ([line] if line else [])
