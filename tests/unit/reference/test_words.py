"""Every word of the model is told, with its bounds, its unit and its choices; no table tells of words that are not there."""

import re
from pathlib import Path

import pytest

from slipway.load import keys
from slipway.load.formats import FORMATS
from slipway.load.own_words import EXCEPTIONS as EXCUSABLE
from slipway.reference import choices, compose_keys, json_schema, pages, wording
from slipway.reference.entries import KINDS, Entry, entries, everything

ROOT = Path(__file__).resolve().parents[3]
ALL = [entry for page in KINDS for entry in everything(entries(page))]


def word(path: str) -> Entry:
    return next(entry for entry in ALL if ".".join(entry.path) == path)


@pytest.mark.parametrize(
    ("path", "value", "default"),
    [
        ("routes.[].drain_seconds", "seconds, 0 to 3600", "60"),
        ("routes.[].port", "whole number, 1 to 65535", "required"),
        ("routes.[].rate.per_seconds", "one of 1, 60", "1"),
        ("routes.[].sticky", "one of none, address, cookie", "none"),
        ("routes.[].path", "path that begins with /", "/"),
        ("routes.[].rate", "group of words", "as its words say"),
        ("routes", "list of groups of words", "none"),
        ("domains", "<name> -> group of words", "none"),
        ("domains.<name>.cors.methods", "list of methods", "[GET, HEAD, POST]"),
        ("connections", "<store> -> whole number, 0 to 10000", "none"),
        ("watch.error_ratio", "threshold of a share", "{over: 0.05, for_seconds: 60}"),
        ("watch.error_ratio.over", "number, 0.01 to 1", "none"),
        ("watch.p95_ms", "threshold in milliseconds", "none"),
        ("scale.cpu_ratio", "share, 0.01 to 1", "none"),
        ("health.json", "<field> -> anything", "none"),
        ("store.slow_query_ms", "milliseconds, 0 to 3600000", "500"),
        ("egress_ports", "list of whole numbers, 1 to 65535", "none"),
        ("stacks.<stack>.secrets", "<name> -> vault or {command}", "none"),
        ("admins.<name>.keys", "list of public keys", "required"),
        ("receivers.<name>.mail", "list of mail addresses", "none"),
        ("production", "true or false", "false"),
    ],
)
def test_value_unit_bounds_and_default_are_said(path: str, value: str, default: str) -> None:
    assert (wording.value_words(word(path)), wording.default_words(word(path))) == (value, default)


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: f"{entry.page}:{'.'.join(entry.path)}")
def test_every_word_has_a_sentence(entry: Entry) -> None:
    assert re.fullmatch(r"[A-Zh`].*\.", entry.doc), entry.doc


def test_words_without_effect_are_known_as_such() -> None:
    assert not word("watch.metrics").in_force
    assert word("canary.percent").in_force
    assert not word("stacks.<stack>.expires_days").in_force
    assert word("routes.[].drain_seconds").in_force
    assert word("health").in_force
    assert word("task.when").in_force
    assert "(not in force yet)" in choices.choices_of("service", ("task", "when"))["schedule"]


def test_explained_choices_are_exactly_the_choices_there_are() -> None:
    for page, path in choices.CHOICES:
        entry = next(one for one in ALL if (one.page, ".".join(one.path)) == (page, path))
        assert set(choices.CHOICES[page, path]) == set(map(str, entry.shape.choices)), path
    assert set(choices.EXCEPTIONS) == set(EXCUSABLE)


def test_formats_that_the_loader_judges_have_words_and_no_other_has() -> None:
    spoken = {entry.full_key for entry in ALL} | {entry.key for entry in ALL}
    assert set(wording.FORMS) <= set(FORMATS)
    assert set(json_schema.PATTERNS) <= set(FORMATS)
    assert set(FORMATS) <= spoken
    silent = {key for key in set(FORMATS) - set(wording.FORMS) if not wording.FORMS.get(key.rpartition(".")[2])}
    told = {entry.full_key for entry in ALL} & silent
    assert told <= {
        *("rate.by", "headers.content_security_policy", "headers.permissions_policy", "openings.why", "health.contains"),
        *("task.current", "metrics.sql", "metrics.promql", "acme.server", "registries.user"),
    }


@pytest.mark.parametrize("key", sorted(choices.EXAMPLES))
def test_an_example_begins_with_its_word(key: tuple[str, str]) -> None:
    page, path = key
    assert any((entry.page, entry.path) == (page, (path,)) for entry in ALL)
    assert choices.EXAMPLES[page, path].startswith(f"{path}:")  # type: ignore[index] # a page's name is a literal


def test_every_key_of_compose_has_a_fate_and_a_sentence() -> None:
    service, root = compose_keys.service_keys(), compose_keys.root_keys()
    assert set(service) == set(keys.SERVICE)
    assert set(root) == set(keys.ROOT)
    assert service["container_name"].fate == "refused"
    assert service["build"].fate == "left aside"
    assert service["image"].fate == "instruction"
    assert service["sysctls"].fate == "passed through"
    assert all(key.doc.endswith(".") for key in (*service.values(), *root.values()))


def test_every_word_has_one_place_on_its_page() -> None:
    for page, text in (("stack-file", pages.stack_file()), ("inventory", pages.inventory())):
        anchors = re.findall(r'<a id="([^"]+)">', text) + re.findall(r"^### (\w+)$", text, re.MULTILINE)
        assert len(anchors) == len(set(anchors))
        wanted = {entry.anchor for entry in ALL if (entry.page == "inventory") == (page == "inventory")}
        assert {anchor for anchor in wanted if not re.search(r"-(over|under|for_seconds)$", anchor)} <= set(anchors)
        inner = set(re.findall(r"\]\(#([^)]+)\)", text))
        headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
        assert inner <= set(anchors) | headings
