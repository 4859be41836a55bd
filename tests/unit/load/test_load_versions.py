"""Which variable says the version, and what is chosen on the command line in place of what is written."""

from pathlib import Path

import pytest

from slipway.environment import Pin
from slipway.errors import StackError
from slipway.load import read_environment, survey_environment
from slipway.load.versions import tag_variables, version_variables

STACKS = 'stacks: {demo: {compose: demo, variables: {RELEASE: "1.0.0", EDITION: big, REGISTRY: reg.example}}}\n'
SERVICE = "  %s:\n    image: %s\n    healthcheck: {test: [CMD, x]}\n    deploy: {resources: {limits: {memory: 64m}}}\n"


def project(root: Path, **images: str) -> tuple[Path, Path]:
    home = root / "inventory/lab/group_vars/all"
    home.mkdir(parents=True)
    (home / "stacks.yml").write_text(STACKS)
    (root / "inventory/lab/hosts.yml").write_text("all: {hosts: {web1: {}}}\n")
    (root / "compose/demo").mkdir(parents=True)
    text = "".join(SERVICE % pair for pair in images.items())
    (root / "compose/demo/compose.yml").write_text(f"name: demo\nservices:\n{text}")
    return root / "inventory/lab", root / "compose"


@pytest.mark.parametrize(
    ("images", "names"),
    [
        ({"a": "${REGISTRY:?}/x/app:${RELEASE:?}"}, ["RELEASE"]),
        ({"a": "app:${RELEASE}-${EDITION}"}, ["RELEASE"]),
        ({"a": "app:${EDITION:?}", "b": "app:$EDITION"}, ["EDITION"]),
        ({"a": "app:${EDITION:?}", "b": "web:${REGISTRY:?}"}, ["EDITION", "REGISTRY"]),
        ({"a": "app:1.0"}, []),
        ({"a": "localhost:5000/app:1.0"}, []),
    ],
)
def test_the_version_is_what_the_tags_are_made_of(tmp_path: Path, images: dict[str, str], names: list[str]) -> None:
    draft = survey_environment(*project(tmp_path, **images)).drafts["demo"]
    assert version_variables(draft) == names
    assert set(tag_variables(draft)) == set(images)


def test_a_pin_that_is_chosen_goes_in_place_of_the_one_that_is_written(tmp_path: Path) -> None:
    where = project(tmp_path, a="${REGISTRY:?}/app:${RELEASE:?}-${EDITION:?}")
    (where[0] / "group_vars/all/releases.yml").write_text('releases: {demo: {variables: {RELEASE: "1.0.1", EDITION: small}}}\n')
    found = read_environment(*where, {"demo": Pin({"RELEASE": "1.1.0"})}).environment
    assert found.stacks["demo"].services["a"].image == "reg.example/app:1.1.0-big"
    assert found.pins["demo"] == Pin({"RELEASE": "1.1.0"})


def test_what_is_wrong_in_a_choice_is_told_with_all_other_faults_and_its_place(tmp_path: Path) -> None:
    where = project(tmp_path, a="${REGISTRY:?}/app:${RELEASE:?}-${EDITION:?}", b="${NOWHERE:?}/b:1.0")
    with pytest.raises(StackError) as caught:
        read_environment(*where, {"demo": Pin({"RELAESE": "1.1.0"})})
    said = str(caught.value)
    assert "(command line):1: releases.demo.variables.RELAESE: `RELAESE` is used nowhere in the stack" in said
    assert "NOWHERE" in said
