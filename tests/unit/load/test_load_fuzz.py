"""Whatever is written, the answer is a stack or faults: never a traceback, never a long wait."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway.errors import StackError
from slipway.load import keys, load_environment, nodes, schema
from slipway.model import Service, Stack
from tests.unit.load.project import BASE, patched

EXAMPLE = (Path(__file__).parent / "cases/propflow/compose.yml").read_text()
INVENTORY = (Path(__file__).parent / "cases/propflow/stacks.yml").read_text()
LONGEST_SECONDS = 1
DEMO = (Path(__file__).parents[3] / "compose/demo/compose.yml").read_text()
DEMO_INVENTORY = (Path(__file__).parents[3] / "inventory/lab/group_vars/all/stacks.yml").read_text().replace("demo:", "propflow:")
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        [
            "${A}",
            "${A:-2}",
            "$$",
            "${",
            "1s",
            "512m",
            "a:b",
            "a:b:ro",
            "./x:/y",
            "a=b",
            "127.0.0.1:1:2",
            "host",
            "<<",
            "{{ a }}",
            "/",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "name", "source", "target", "type", "test"]) | st.text(max_size=5), inner, max_size=3
        )
    ),
    max_leaves=6,
)
SERVICE_KEYS = sorted({*keys.SERVICE, "x-slipway"})
ROOT_KEYS = sorted({*keys.ROOT, "x-slipway"})


def answered(root: Path, stack: bytes, inventory: bytes, hosts: bytes = b"all: {hosts: {one: }}") -> None:
    folder, home = root / "compose/propflow", root / "inventory/test/group_vars/all"
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    (folder / "compose.yml").write_bytes(stack)
    (home / "stacks.yml").write_bytes(inventory)
    (root / "inventory/test/hosts.yml").write_bytes(hosts)
    assert min(up_to_the_first_low(seconds(root) for _ in range(3))) < LONGEST_SECONDS


def seconds(root: Path) -> float:
    """Return what a reading costs, after looking at its answer."""
    started = time.process_time()
    try:
        load_environment(root / "inventory/test", root / "compose")
    except StackError as error:
        cost = time.process_time() - started
        assert error.faults
        text = str(error)
        assert len(text.splitlines()) == len(error.faults) + 1
        text.encode()
        return cost
    return time.process_time() - started


def up_to_the_first_low(costs: Iterator[float]) -> Iterator[float]:
    """Yield costs up to the first that is low: other programs of the machine make some readings slow."""
    for cost in costs:
        yield cost
        if cost < LONGEST_SECONDS:
            return


@QUICK
@given(data=st.binary(max_size=200))
def test_bytes(tmp_path: Path, data: bytes) -> None:
    answered(tmp_path, data, INVENTORY.encode())
    answered(tmp_path, EXAMPLE.encode(), data)


@QUICK
@given(start=st.integers(0, len(EXAMPLE)), length=st.integers(0, 200), new=st.text(alphabet="{}[]:,&*<-$\"'\n x1", max_size=8))
def test_cut_and_changed_files(tmp_path: Path, start: int, length: int, new: str) -> None:
    text = EXAMPLE[:start] + new + EXAMPLE[start + length :]
    answered(tmp_path, text.encode(), INVENTORY.encode())


@QUICK
@given(data=st.data())
def test_any_value_under_any_key(tmp_path: Path, data: st.DataObject) -> None:
    spots = st.one_of(
        st.sampled_from(SERVICE_KEYS).map(lambda key: f"services/api/{key}"),
        st.sampled_from(sorted(schema.words(Service))).map(lambda key: f"services/db/x-slipway/{key}"),
        st.sampled_from(sorted(schema.words(Stack))).map(lambda key: f"x-slipway/{key}"),
        st.sampled_from(ROOT_KEYS),
        st.sampled_from(
            ["services/api", "services/db", "services/db/deploy/resources", "volumes/pg", "services/db/healthcheck/test"]
        ),
    )
    patch: dict[str, Any] = {}
    for spot in sorted(data.draw(st.sets(spots, min_size=1, max_size=4)), reverse=True):
        patch[spot] = data.draw(VALUES)
    text = json.dumps(patched(BASE, patch))
    answered(tmp_path, text.encode(errors="replace"), b"stacks: {shop: {compose: propflow, variables: {A: x}}}")


@QUICK
@given(key=st.sampled_from(["stacks", "releases", "docker", "openings", "admins", "acme", "notices"]), value=VALUES)
def test_any_value_in_the_inventory(tmp_path: Path, key: str, value: Any) -> None:
    answered(tmp_path, EXAMPLE.encode(), json.dumps({key: value}).encode())
    answered(
        tmp_path,
        EXAMPLE.encode(),
        json.dumps({"stacks": {"propflow": {"compose": "propflow", key: value, "variables": value}}}).encode(),
    )


ODD = "{}[]:,&*<-$\"'\n\r\t x1!|>%@`#?\0\x07\u2028\ufeff\u200b\U0001f600"
SITES = st.tuples(st.integers(0, 20_000), st.integers(0, 60), st.text(alphabet=ODD, max_size=6))


def mutated(text: str, changes: list[tuple[int, int, str]]) -> bytes:
    for start, length, new in changes:
        at = start % (len(text) + 1)
        text = text[:at] + new + text[at + length :]
    return text.encode()


@QUICK
@given(changes=st.lists(SITES, min_size=1, max_size=4))
def test_the_demo_changed_in_places(tmp_path: Path, changes: list[tuple[int, int, str]]) -> None:
    answered(tmp_path, mutated(DEMO, changes), DEMO_INVENTORY.encode())
    answered(tmp_path, DEMO.encode(), mutated(DEMO_INVENTORY, changes))


@QUICK
@given(data=st.data())
def test_values_of_the_example_changed(tmp_path: Path, data: st.DataObject) -> None:
    stack, inventory = yaml.safe_load(EXAMPLE), yaml.safe_load(INVENTORY)
    for root in (stack, inventory):
        places = list(spots(root))
        for _ in range(data.draw(st.integers(1, 3))):
            place, key = data.draw(st.sampled_from(places))
            place[key] = data.draw(VALUES)
    answered(tmp_path, json.dumps(stack).encode(errors="replace"), json.dumps(inventory).encode(errors="replace"))


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place of a tree: what holds it, and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield value, key
        yield from spots(below)


@QUICK
@given(data=st.binary(max_size=200), value=VALUES, changes=st.lists(SITES, min_size=1, max_size=3))
def test_hosts_files(tmp_path: Path, data: bytes, value: Any, changes: list[tuple[int, int, str]]) -> None:
    hosts = "all: {hosts: {one: {ansible_host: 192.0.2.1}}, children: {web: {hosts: {one: }, vars: {a: 1}}}}"
    for text in (data, json.dumps({"all": value}).encode(errors="replace"), mutated(hosts, changes)):
        answered(tmp_path, EXAMPLE.encode(), INVENTORY.encode(), text)


def bomb(levels: int) -> bytes:
    lines = [b"a0: &a0 [x, x]", *(b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, levels))]
    return b"\n".join(lines)


HEAVY = {
    "deep list": b"a: " + b"[" * 400_000,
    "deep map": b"{a: " * 200_000,
    "deep block": b"".join(b" " * n + b"a:\n" for n in range(1000)),
    "deep hosts": b"all: " + b"{children: {a: " * 60 + b"1" + b"}}" * 60,
    "bomb": bomb(12),
    "bomb in a mapping": b"services: {a: &a {x: 1}}\n" + bomb(9),
    "wide": b"\n".join(b"k%d: 1" % n for n in range(60_000)),
    "wide services": b"services:\n" + b"\n".join(b"  k%d: {image: a}" % n for n in range(2_500)),
    "wide services that wait": b"services:\n"
    + b"\n".join(b"  k%d: {depends_on: [k%d, k%d]}" % (n, n + 1, n + 2) for n in range(1_500)),
    "wide routes": b"services: {a: {x-slipway: {routes: [" + b"{domain: a, port: 1}, " * 10_000 + b"]}}}",
    "wide domains": b"x-slipway: {domains: {"
    + b", ".join(b"k%d: {name: k%d.example.org}" % (n, n) for n in range(5_000))
    + b"}}",
    "wide environment": b"services: {a: {environment: {" + b", ".join(b"K%d_KEY: x" % n for n in range(12_000)) + b"}}}",
    "wide ports": b"services: {a: {ports: [" + b"'1-99:1-99', " * 2_000 + b"]}}",
    "long text": b"a: '" + b"x" * 900_000 + b"'",
    "long lines": b"a: |\n" + b"  $A\n" * 150_000,
    "many dollars": b"services: {a: {environment: {A: '" + b"${A:-" * 100_000 + b"'}}}",
    "open braces": b"services: {a: {environment: {A: '" + b"${" * 200_000 + b"'}}}",
    "nested defaults": b"services: {a: {environment: {A: '" + b"${A:-" * 5_000 + b"}" * 5_000 + b"'}}}",
    "many variables": b"services: {a: {environment: {A: '" + b"${A}" * 100_000 + b"'}}}",
    "variables without a value": b"services: {a: {environment: {A: '" + b" ".join(b"$K%d" % n for n in range(40_000)) + b"'}}}",
    "many anchors": b"\n".join(b"a%d: &a%d {x: 1}" % (n, n) for n in range(20_000)),
    "merge of merges": b"a0: &a0 {k: 1}\n"
    + b"\n".join(b"a%d: &a%d {<<: [%s]}" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 60)),
    "cyclic merge": b"a: &a {<<: *a}",
    "long command": b"services: {a: {command: '" + b"a " * 200_000 + b"'}}",
    "long port": b"services: {a: {ports: ['" + b"1" * 100_000 + b"-2:3']}}",
    "long number": b"a: " + b"9" * 500_000,
    "long number in a word": b"services: {a: {x-slipway: {scale: {min: " + b"9" * 10_000 + b", max: 1e9999}}}}",
    "long number in a setting": b"services: {a: {x-slipway: {store: {engine: postgres}}, command: postgres -c max_connections="
    + b"9" * 10_000
    + b"}}",
    "long octal": b"a: 0o" + b"7" * 390,
    "long image": b"services: {a: {image: '" + b"a-" * 200_000 + b"'}}",
    "long domain": b"x-slipway: {domains: {a: {name: '" + b"a." * 200_000 + b"'}}}",
    "long origin": b"x-slipway: {domains: {a: {name: a.b, cors: {origins: ['https://" + b"a-." * 200_000 + b"']}}}}",
    "long path": b"services: {a: {x-slipway: {health: {path: '" + b"/" * 500_000 + b" '}}}}",
    "long cron": b"services: {a: {x-slipway: {task: {when: schedule, schedule: '" + b"1," * 200_000 + b" * * * *'}}}}",
    "long key": b"services: {a: {? " + b"k" * 1000 + b" : 1}}",
    "very long key": b"? " + b"k" * 900_000 + b"\n: 1",
    "quoted jungle": b'"' * 100_000,
    "comments": b"#\n" * 400_000,
    "ten megabytes": b"a: " + b"x" * (10 << 20),
    "byte order mark": b"\xef\xbb\xbfservices: {a: {image: a}}",
    "other byte order mark": "services: {}".encode("utf-16"),
    "line ends of Windows": b"services:\r\n  a:\r\n    image: a\r\n",
    "line ends of old": b"services:\r  a:\r    image: a\r",
    "zero bytes": b"services: {a: {image: 'a\0b'}}",
    "escaped zero byte": b'services: {a: {image: "a\\0b", command: "a\\0", environment: {"A\\0": "\\0"}}}',
    "surrogates": b'services: {a: {image: "\\ud800", "\\udfff": 1}}',
    "bytes of surrogates": b"services: {a: {image: \xed\xa0\x80}}",
    "line separators": 'services: {a: {image: "a\u2028b\u2029c\x85d", "\u2028": 1}}'.encode(),
    "tabs": b"services:\n\ta:\n\t\timage: a",
    "directives": b"%YAML 9.9\n---\na: 1",
    "tags": b"services: !!set {a}\nx-a: !!python/object/apply:os.system [x]\nx-b: !!binary x\nx-c: !<x> 1",
    "words of other types": b"stacks: 1\nreleases: []\nadmins: [a]\ndocker: x\nproduction: {}\nall: [1]",
    "huge floats": b"stacks: {propflow: {compose: propflow, expires_days: 1e400, variables: {A: 1e309, B: -0, C: 0x"
    + b"f" * 300
    + b"}}}",
}


@pytest.mark.parametrize("name", sorted(HEAVY))
@pytest.mark.timeout(20)
def test_heavy_files_are_answered_within_a_second(tmp_path: Path, name: str) -> None:
    answered(tmp_path, HEAVY[name], INVENTORY.encode())
    answered(tmp_path, EXAMPLE.encode(), HEAVY[name])
    answered(tmp_path, EXAMPLE.encode(), INVENTORY.encode(), HEAVY[name])


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        "a: [1, {b: *c}]",
        "a: &x {<<: *x}",
        "x: !!int 5\ny: !vault z",
        "\0",
        "a: \ud800".encode("utf-8", "replace").decode(),
    ],
)
def test_the_pure_parser_answers_too(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    fast = nodes.parse(text.encode(), "f")
    monkeypatch.setattr(nodes, "Parser", yaml.SafeLoader)
    pure = nodes.parse(text.encode(), "f")
    assert (pure.root is None) == (fast.root is None)
    assert len(pure.faults) == len(fast.faults)
