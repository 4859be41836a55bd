"""Which images are built and pushed, under which names, in which order."""

from pathlib import Path

import pytest

from slipway.errors import HostError
from slipway.lab.images import Build
from slipway.lab.push import builds_of, in_order, pushed_name, read_descriptions


def build(tag: str, *bases: str) -> Build:
    return Build(tag, Path("/x"), bases)


def test_official_names_are_pushed_under_library_as_docker_hub_keeps_them() -> None:
    assert pushed_name("postgres:17") == "localhost:5055/library/postgres:17"
    assert pushed_name("slipway-demo/app:1.0.0") == "localhost:5055/slipway-demo/app:1.0.0"


def test_an_image_is_built_after_those_it_is_made_from() -> None:
    builds = [build("app:2", "app:1"), build("app:1", "base:1"), build("base:1", "debian:trixie")]
    assert [each.tag for each in in_order(builds)] == ["base:1", "app:1", "app:2"]


def test_images_that_wait_for_each_other_are_refused() -> None:
    with pytest.raises(HostError, match="wait for each other"):
        in_order([build("a:1", "b:1"), build("b:1", "a:1")])


def test_a_tag_described_twice_is_refused() -> None:
    with pytest.raises(HostError, match="a:1 is described in"):
        in_order([build("a:1"), build("a:1")])


def test_a_description_gives_one_build_per_tag(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg/image.json").write_text(
        '{"images": [{"tag": "postgres:17", "args": {"MAJOR": "17"}}, {"tag": "tools:1", "dockerfile": "Tools"}],'
        ' "after": ["debian:trixie"]}'
    )
    first, second = read_descriptions(tmp_path)
    assert (first.tag, first.arguments, first.bases) == ("postgres:17", {"MAJOR": "17"}, ("debian:trixie",))
    assert (second.dockerfile, second.context) == ("Tools", tmp_path / "pg")


def test_a_key_nobody_reads_is_refused() -> None:
    with pytest.raises(HostError, match=r"nobody reads arg, images\.tagg"):
        builds_of(Path("image.json"), {"images": [{"tag": "a:1", "tagg": "b"}], "arg": {}})
