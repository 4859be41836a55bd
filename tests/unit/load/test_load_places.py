"""Every fault names its file, its line and what to do; all of them come at once."""

import pytest

from tests.unit.load.cases.texts import TEXTS, Text
from tests.unit.load.project import Project

STACK = """\
name: shop
x-base: &base
  image: acme/api:${RELEASE}
  mem_limit: 1g
services:
  api:
    <<: *base
    x-slipway:
      routes:
        - {domain: site, port: "80"}
      helth: {path: /}
      health: {path: 5}
  worker:
    <<: [*base]
    healthcheck: {test: x}
    environment:
      URL: http://${HOST:?the other host}/
      TEXT: |
        one
        ${TWO}
    x-slipway: {connections: [db]}
volumes: [a]
x-slipway: {domains: {site: {}}, watch: {seconds: soon, standby: hot}}
"""
STACKS = """\
stacks:
  shop:
    compose: shop
    variables:
      RELAESE: "1.4"
      HOSTS: x
"""
PLACES = {
    "compose/shop/compose.yml:3: services.api.image: variable `RELEASE` has no value; did you mean `RELAESE`?",
    "compose/shop/compose.yml:10: services.api.x-slipway.routes[0].port: `80` is text where a whole number is wanted",
    "compose/shop/compose.yml:11: services.api.x-slipway: unknown key `helth`; did you mean `health`?",
    "compose/shop/compose.yml:12: services.api.x-slipway.health.path: `5` is a whole number where text is wanted",
    "compose/shop/compose.yml:17: services.worker.environment.URL: variable `HOST` has no value (the other host); did you",
    "compose/shop/compose.yml:20: services.worker.environment.TEXT: variable `TWO` has no value; add it to",
    "compose/shop/compose.yml:21: services.worker.x-slipway.connections: a list where a mapping is wanted",
    "compose/shop/compose.yml:22: volumes: a list where a mapping is wanted",
    "compose/shop/compose.yml:23: x-slipway.domains.site: `name` is missing; add it: The public name; routes refer to the key.",
    "compose/shop/compose.yml:23: x-slipway.watch.seconds: `soon` is text where a whole number is wanted",
    "compose/shop/compose.yml:23: x-slipway.watch.standby: `hot` where one of `warm`, `cold` is wanted",
    "inventory/test/group_vars/all/stacks.yml:5: stacks.shop.variables.RELAESE: `RELAESE` is used nowhere in the stack; did",
    "inventory/test/group_vars/all/stacks.yml:6: stacks.shop.variables.HOSTS: `HOSTS` is used nowhere in the stack; did",
}


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_fault_says_where_and_what(project: Project, place: str) -> None:
    project.stack_file(STACK)
    project.inventory(STACKS)
    assert any(fault.startswith(place) for fault in project.faults()), "\n".join(project.faults())


def test_faults_are_sorted_and_complete(project: Project) -> None:
    project.stack_file(STACK)
    project.inventory(STACKS)
    found = project.faults()
    lines = [(fault.split(":")[0], int(fault.split(":")[1])) for fault in found]
    assert lines == sorted(lines)
    assert len(found) >= len(PLACES)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_a_broken_file_is_named(project: Project, text: Text) -> None:
    project.stack_file(text.bad)
    project.inventory("stacks: {shop: {compose: shop}}")
    assert any(text.says in fault for fault in project.faults()), "\n".join(project.faults())


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_its_good_neighbour_is_read(project: Project, text: Text) -> None:
    project.stack_file(text.good)
    project.inventory("stacks: {shop: {compose: shop}}")
    assert project.faults() == []


def test_bytes_that_are_no_text_are_named(project: Project) -> None:
    project.inventory("stacks: {shop: {compose: shop}}")
    project.stack_file("")
    file = project.root / "compose/shop/compose.yml"
    file.write_bytes(b"a: 1\nb: \xff\n")
    assert project.faults() == ["compose/shop/compose.yml:2: (file): is not UTF-8 text; save the file as UTF-8"]
    file.write_bytes(b"# " + b"x" * (10 << 20))
    assert project.faults() == ["compose/shop/compose.yml:1: (file): larger than 1 MiB; a stack file holds words, not data"]


def test_aliases_that_unfold_without_end_are_named(project: Project) -> None:
    bomb = "\n".join(["x0: &x0 [lol, lol]", *(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 10))])
    project.stack_file(bomb)
    project.inventory("stacks: {shop: {compose: shop}}")
    assert any("aliases unfold to more than 50,000 values" in fault for fault in project.faults())


def test_what_an_anchor_brings_to_many_places_is_one_fault(project: Project) -> None:
    services = "".join(f"  {name}: {{<<: *app, healthcheck: {{test: x}}}}\n" for name in ("a", "b", "c"))
    project.stack_file(f"x-app: &app\n  image: acme/api:latest\n  mem_limit: 64m\nservices:\n{services}")
    project.inventory("stacks: {shop: {compose: shop}}")
    assert project.faults() == [
        "compose/shop/compose.yml:2: services.a.image: `:latest` is a floating tag; name a version such as `:1.4.2`; "
        "it is pinned to its digest; the same at 2 more places"
    ]


def test_a_thousand_faults_are_told_and_no_more(project: Project) -> None:
    project.stack_file("\n".join(f"k{number}: 1" for number in range(5000)))
    project.inventory("stacks: {shop: {compose: shop}}")
    found = project.faults()
    assert len(found) == 1000
    assert found[-1].endswith("further faults are left out; mend those above first")
