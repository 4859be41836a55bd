"""Our reading of a stack file equals Compose's own: held against recorded answers of its CLI in two versions."""

import copy

import pytest

from tests.compose import corpus
from tests.compose.differences import refused, verdict
from tests.compose.theirs import Answer

ACCEPTED, REFUSED = corpus.accepted(), corpus.refused()
VERSIONS = corpus.versions()
RECORDED = {version: corpus.recorded(version) for version in VERSIONS}


def test_both_versions_of_the_supported_systems_are_recorded() -> None:
    assert VERSIONS == ["2.26.1", "2.40.3"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_text_of_the_corpus_has_an_answer(version: str) -> None:
    assert {part: set(answers) for part, answers in RECORDED[version].items()} == {
        "accepted": set(ACCEPTED),
        "refused": set(REFUSED),
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_file_is_read_as_compose_reads_it(name: str, version: str) -> None:
    reading = corpus.reading(ACCEPTED[name])
    assert [str(fault) for fault in reading.faults] == []
    assert verdict(reading, RECORDED[version]["accepted"][name]) == ("equal", [])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_alike_is_refused_and_the_rest_is_read_alike(name: str, version: str) -> None:
    reading, answer = corpus.reading(REFUSED[name]), RECORDED[version]["refused"][name]
    wanted = "refused by both" if answer.error else "refused by name"
    assert verdict(reading, answer) == (wanted, [])


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_line_and_the_way_out(name: str) -> None:
    reading = corpus.reading(REFUSED[name])
    faults = [*reading.faults, *reading.names, *reading.rules]
    assert all(fault.line > 0 and fault.path and fault.message for fault in faults)
    assert any(fault.hint for fault in faults)


def test_a_difference_anywhere_is_found() -> None:
    """The comparison itself can fail: every key of an answer is taken away once."""
    reading, answer = corpus.reading(ACCEPTED["limits"]), RECORDED[VERSIONS[0]]["accepted"]["limits"]
    assert answer.config is not None
    keys = [
        (name, key)
        for name, service in answer.config["services"].items()
        for key in set(service) - {"command", "entrypoint", "networks", "deploy"}
    ]
    assert len(keys) > 20
    for name, key in keys:
        other = copy.deepcopy(answer.config)
        del other["services"][name][key]
        outcome, lines = verdict(reading, Answer(other))
        assert (outcome, len(lines)) == ("DIFFERENT", 1), (name, key)
        assert f"services.{name}.{key}: ours " in lines[0]


def test_a_file_that_only_compose_refuses_is_a_difference() -> None:
    reading = corpus.reading(b"services: {a: {image: 'x:1'}}")
    assert verdict(reading, Answer(None, "no such thing")) == (
        "DIFFERENT",
        ["only Compose refuses the file: no such thing"],
    )


def test_a_refusal_hides_its_own_place_only() -> None:
    reading = corpus.reading(b"services: {a: {image: 'x:1', container_name: b, tty: true}}")
    assert refused(reading.faults, ["a"]) == [("services", "a", "container_name")]
    service = {"image": "x:1", "container_name": "b", "networks": {"default": None}}
    answer = Answer({"services": {"a": service}, "networks": {"default": {"name": "stack_default"}}})
    assert verdict(reading, answer) == ("DIFFERENT", ["services.a.tty: ours True, Compose's None"])
