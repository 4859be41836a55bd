"""The file of pins: small differences, comments kept, never anything but what was meant."""

import itertools
from pathlib import Path

import pytest
import yaml

from slipway.environment import Pin
from slipway.ops import pins_file

OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
WRITTEN = f"""\
---
# What serves, written by `fab deploy`, `fab rollback` and `fab pin`: commit it.
releases:
  demo:
    variables:
      RELEASE: "1.0.0"  # the first one
      # slow client
      API_RATE: "15"
    images:
      api: "{OLD}"
  # of another team
  shop:
    variables:
      RELEASE: "7"
"""


def difference(before: str, after: str) -> list[str]:
    one, other = before.splitlines(), after.splitlines()
    return [f"-{line}" for line in one if line not in other] + [f"+{line}" for line in other if line not in one]


def test_the_first_pin_makes_the_file(tmp_path: Path) -> None:
    (tmp_path / "group_vars/all").mkdir(parents=True)
    path = pins_file.write(tmp_path, "demo", Pin({"RELEASE": "1.1.0"}, {"api": NEW}))
    assert path == tmp_path / "group_vars/all/releases.yml"
    assert yaml.safe_load(path.read_text()) == {"releases": {"demo": {"variables": {"RELEASE": "1.1.0"}, "images": {"api": NEW}}}}
    assert pins_file.write(tmp_path, "demo", Pin({"RELEASE": "1.1.0"}, {"api": NEW})) is None, "nothing to commit"


def test_a_new_version_changes_its_lines_only_and_keeps_comments() -> None:
    after = pins_file.changed(WRITTEN, "demo", Pin({"RELEASE": "1.1.0", "API_RATE": "15"}, {"api": NEW}))
    assert difference(WRITTEN, after) == [
        '-      RELEASE: "1.0.0"  # the first one',
        f'-      api: "{OLD}"',
        '+      RELEASE: "1.1.0"  # the first one',
        f'+      api: "{NEW}"',
    ]


def test_a_variable_that_comes_or_goes_is_one_line() -> None:
    more = pins_file.changed(WRITTEN, "demo", Pin({"RELEASE": "1.0.0", "API_RATE": "15", "LEVEL": "on"}, {"api": OLD}))
    assert difference(WRITTEN, more) == ['+      LEVEL: "on"']
    less = pins_file.changed(WRITTEN, "demo", Pin({"RELEASE": "1.0.0"}, {"api": OLD}))
    assert difference(WRITTEN, less) == ['-      API_RATE: "15"']


def test_another_stack_is_added_and_the_rest_stays() -> None:
    after = pins_file.changed(WRITTEN, "blog", Pin({"RELEASE": "3"}))
    assert set(WRITTEN.splitlines()) <= set(after.splitlines())
    assert yaml.safe_load(after)["releases"]["blog"] == {"variables": {"RELEASE": "3"}}


def test_the_pins_stay_where_a_person_put_them(tmp_path: Path) -> None:
    home = tmp_path / "group_vars/all"
    home.mkdir(parents=True)
    (home / "stacks.yml").write_text('production: false\nreleases: {demo: {variables: {RELEASE: "1"}}}\n')
    with pytest.raises(pins_file.PinsUnreadable, match="cannot be put"):
        pins_file.write(tmp_path, "demo", Pin({"RELEASE": "2"}))
    (home / "stacks.yml").write_text('production: false\nreleases:\n  demo: {variables: {RELEASE: "1"}}\n')
    assert pins_file.write(tmp_path, "demo", Pin({"RELEASE": "2"})) == home / "stacks.yml"
    found = yaml.safe_load((home / "stacks.yml").read_text())
    assert found == {"production": False, "releases": {"demo": {"variables": {"RELEASE": "2"}}}}


LAYOUTS = [
    "",
    "---\n",
    "# nothing yet\n",
    "releases:\n",
    "releases: {}\n",
    'releases: {demo: {variables: {RELEASE: "1"}}}\n',
    'releases:\n  demo: {variables: {RELEASE: "1"}}\n  shop: {}\n',
    "releases:\n    demo:\n        variables: {RELEASE: 1}\n    # next\n    shop:\n        variables: {A: b}\n",
    "releases:\n  demo:\n    images:\n      api: sha256:1",
    'releases:\n  demo:\n    variables:\n      RELEASE: "1"\n\n\n# the end\n',
    "releases:\n  demo:\n",
    WRITTEN,
]
PINS = [
    Pin(),
    Pin({"RELEASE": "2"}),
    Pin({"RELEASE": "1.0", "ON": "on", "EMPTY": "", "TEXT": 'a "b": #c\nd', "EURO": "ä€"}),
    Pin({}, {"api": NEW}),
    Pin({"RELEASE": "2"}, {"api": NEW, "web-1": OLD}),
]


@pytest.mark.parametrize(("layout", "pin"), list(itertools.product(LAYOUTS, PINS)))
def test_whatever_the_layout_the_file_then_says_what_was_meant_and_nothing_else_changed(layout: str, pin: Pin) -> None:
    after = yaml.safe_load(pins_file.changed(layout, "demo", pin))
    wanted = {name: dict(value) for name, value in (("variables", pin.variables), ("images", pin.images)) if value}
    assert (after["releases"]["demo"] or {}) == wanted
    others = {name: value for name, value in after["releases"].items() if name != "demo"}
    before = (yaml.safe_load(layout) or {}).get("releases") or {}
    assert others == {name: value for name, value in before.items() if name != "demo"}
    assert pins_file.changed(pins_file.changed(layout, "demo", pin), "demo", pin) == pins_file.changed(layout, "demo", pin)


def test_a_file_that_is_no_yaml_is_left_as_it_is() -> None:
    with pytest.raises(pins_file.PinsUnreadable, match="not YAML"):
        pins_file.changed("releases: [", "demo", Pin())
