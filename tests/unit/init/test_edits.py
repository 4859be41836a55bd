"""Lines that no change names stay as they are, to the letter."""

import pytest

from slipway.init.changes import Append, Change, Drop, Head, Put, Write
from slipway.init.data import data_of
from slipway.init.edits import apply

TEXT = """\
# What we sell.
x-app: &app   # shared
  image: "acme/api:1.4.2"
  ports: ['80:80']
x-env: &env
  PASSWORD: hunter2
  MODE: fast

services:
  web:
    <<: *app
    # The front.
    environment:
      <<: *env
      TOKEN: 'abc'   # ours
    volumes:
      - .:/app
      # - ./old:/old
      - data:/data
  worker: *app
  small: {image: busybox, ports: ["1:1"], labels: {a: b}}

volumes:
  data:
"""


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        (Write(("services", "web", "environment", "TOKEN"), "${T:?}"), ["'abc'"], ["${T:?}"]),
        (Write(("services", "web", "environment", "PASSWORD"), "${P:?}"), ["hunter2"], ["${P:?}"]),
        (Drop(("services", "web", "volumes"), frozenset([0])), ["      - .:/app\n"], []),
        (Drop(("services", "small"), frozenset(["ports"])), [', ports: ["1:1"]'], []),
        (Drop(("services", "small", "labels"), frozenset(["a"])), [", labels: {a: b}"], []),
        (Drop(("services", "worker"), frozenset(["ports"])), ["  ports: ['80:80']\n"], []),
        (Put(("services", "web", "deploy"), {"replicas": 2}), [], ["    deploy: {replicas: 2}\n"]),
        (Put(("services", "small", "user"), "1000"), [], [', user: "1000"']),
        (Put(("services", "web", "image"), "a:1", first=True), [], ["    image: a:1\n"]),
        (Put(("volumes", "more"), {}), [], ["  more: {}\n"]),
        (Put(("volumes", "data", "name"), "x"), [], [" {name: x}"]),
        (Append(("services", "web", "volumes"), "more:/more"), [], ["      - more:/more\n"]),
        (Append(("services", "small", "ports"), "2:2"), [], [', "2:2"']),
        (Head(("x-first: &first {}",)), [], ["x-first: &first {}\n"]),
    ],
)
def test_a_change_takes_and_brings_these_letters_only(change: Change, gone: list[str], come: list[str]) -> None:
    changed = apply(TEXT, [change])
    back = changed
    for text in come:
        assert text in back
        back = back.replace(text, "", 1)
    wanted = TEXT
    for text in gone:
        assert text in wanted
        wanted = wanted.replace(text, "", 1)
    assert sorted(back) == sorted(wanted)


def test_a_service_that_is_an_alias_gets_words_of_its_own_and_the_others_keep_theirs() -> None:
    found = data_of(apply(TEXT, [Put(("services", "worker", "deploy"), {"replicas": 1})]))["services"]
    assert found["worker"] == {"image": "acme/api:1.4.2", "ports": ["80:80"], "deploy": {"replicas": 1}}
    assert "deploy" not in found["web"]


def test_a_shared_mapping_is_copied_for_the_one_that_changes() -> None:
    text = "x-d: &d {resources: {limits: {memory: 1g}}}\nservices:\n  a:\n    deploy: *d\n  b:\n    deploy: *d\n"
    found = data_of(apply(text, [Put(("services", "b", "deploy", "update_config", "order"), "stop-first")]))["services"]
    assert found["a"]["deploy"] == {"resources": {"limits": {"memory": "1g"}}}
    assert found["b"]["deploy"] == {"resources": {"limits": {"memory": "1g"}}, "update_config": {"order": "stop-first"}}


def test_what_others_need_is_not_taken_out() -> None:
    text = "services:\n  a:\n    labels: &l [x]\n    image: i:1\n  b:\n    labels: *l\n"
    assert apply(text, [Drop(("services", "a"), frozenset(["labels"]))]) == text


def test_an_empty_collection_goes_but_a_service_stays() -> None:
    text = "services:\n  a:\n    ports:\n      - '1:1'\n"
    assert data_of(apply(text, [Drop(("services", "a", "ports"), frozenset([0]))])) == {"services": {"a": {}}}


def test_many_changes_of_one_place_all_arrive() -> None:
    changes = [Put(("services", "small", f"x-{number}"), number) for number in range(30)]
    assert data_of(apply(TEXT, changes))["services"]["small"]["x-29"] == 29


@pytest.mark.parametrize(
    "value", ["yes", "22:22", "1_000", "0o17", "a: b", "#no", "- x", "{a}", "", " x", "é\u0007", "😀\u2028", "2020-01-01"]
)
def test_text_stays_text(value: str) -> None:
    for text in ("services:\n  a:\n    image: x\n", "services: {a: {image: x}}\n"):
        found = data_of(apply(text, [Put(("services", "a", "user"), value), Write(("services", "a", "image"), value)]))
        assert found["services"]["a"] == {"image": value, "user": value}


def test_files_without_a_last_line_break_or_in_flow_style_are_changed_too() -> None:
    for text in ("services:\n  a:\n    image: x", '{"services": {"a": {"image": "x"}}}'):
        found = data_of(apply(text, [Put(("services", "a", "user"), "u"), Put(("volumes",), {"v": {}}, block=True)]))
        assert found == {"services": {"a": {"image": "x", "user": "u"}}, "volumes": {"v": {}}}
