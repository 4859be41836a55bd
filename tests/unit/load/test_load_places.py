"""Every fault names its file, its line and what to do; all of them come at once."""

import pytest

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


SYNTAX = {
    "services: {a: [}": "is not YAML",
    "services:\n\ta: 1": "is not YAML",
    "a: 1\na: 2": "compose.yml:2: a: written twice in one mapping; first on line 1",
    "services:\n  a: {}\n  a: {}": "compose.yml:3: services.a: written twice in one mapping; first on line 2",
    "a: *b": "alias `*b` has no anchor above it",
    "a: &a [*a]": "alias `*a` holds itself",
    "a: 1\n---\nb: 2": "holds a second document",
    "": "is empty",
    "- a": "a list where a mapping is wanted",
    "services: {}": "no service",
    "? [a]\n: b": "a list as a key",
    "services: {<<: text}": "merges text",
    "[" * 100 + "]" * 100: "nested deeper than 64 levels",
    "x-a: .inf": "Compose refuses the number",
    "sevices: {}": "unknown key `sevices`; did you mean `services`?",
    "services: {a: {image: 'a:1', enviroment: {}}}": "unknown key `enviroment`; did you mean `environment`?",
    "services: {a: {environment: {D: 2024-01-02}}}": "Compose reads `2024-01-02` as a date; write it in quotes",
    "services: {a: {environment: {D: }}}": "takes its value from the caller's environment, which is not read",
    "services: {a: {environment: {D: '${'}}}": "`$` begins no variable; write `$$` for a dollar sign",
    "services: {a: {environment: {D: '${U:-{}}'}}}": "a brace in the default of `U`: versions of Compose differ",
    "services: {a: {command: [sleep, 10]}}": '`10` is a whole number where text is wanted; write "10" in quotes',
    "services: {a: {deploy: {replicas: two}}}": "`two` where a whole number is wanted",
    "services: {a: {read_only: true, x-slipway: {routes: {}}}}": "a mapping where a list is wanted",
}


@pytest.mark.parametrize("text", sorted(SYNTAX))
def test_a_broken_file_is_named(project: Project, text: str) -> None:
    project.stack_file(text)
    project.inventory("stacks: {shop: {compose: shop}}")
    assert any(SYNTAX[text] in fault for fault in project.faults()), "\n".join(project.faults())


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
