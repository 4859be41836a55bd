"""Whatever is written, the answer is a stack or faults: never a traceback, never a long wait."""

import json
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


def answered(root: Path, stack: bytes, inventory: bytes) -> None:
    folder, home = root / "compose/propflow", root / "inventory/test/group_vars/all"
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    (folder / "compose.yml").write_bytes(stack)
    (home / "stacks.yml").write_bytes(inventory)
    try:
        load_environment(root / "inventory/test", root / "compose")
    except StackError as error:
        assert error.faults
        assert all("\n" not in str(fault) for fault in error.faults)


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
@given(key=st.sampled_from(["stacks", "releases", "docker", "openings", "admins", "acme", "notify"]), value=VALUES)
def test_any_value_in_the_inventory(tmp_path: Path, key: str, value: Any) -> None:
    answered(tmp_path, EXAMPLE.encode(), json.dumps({key: value}).encode())
    answered(
        tmp_path,
        EXAMPLE.encode(),
        json.dumps({"stacks": {"propflow": {"compose": "propflow", key: value, "variables": value}}}).encode(),
    )


HEAVY = {
    "deep list": b"a: " + b"[" * 400_000,
    "deep map": b"{a: " * 200_000,
    "deep block": b"".join(b" " * n + b"a:\n" for n in range(1000)),
    "wide": b"\n".join(b"k%d: 1" % n for n in range(60_000)),
    "long text": b"a: '" + b"x" * 900_000 + b"'",
    "many dollars": b"services: {a: {environment: {A: '" + b"${A:-" * 100_000 + b"'}}}",
    "open braces": b"services: {a: {environment: {A: '" + b"${" * 200_000 + b"'}}}",
    "nested defaults": b"services: {a: {environment: {A: '" + b"${A:-" * 5_000 + b"}" * 5_000 + b"'}}}",
    "many anchors": b"\n".join(b"a%d: &a%d {x: 1}" % (n, n) for n in range(20_000)),
    "merge of merges": b"a0: &a0 {k: 1}\n"
    + b"\n".join(b"a%d: &a%d {<<: [%s]}" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 60)),
    "long command": b"services: {a: {command: '" + b"a " * 200_000 + b"'}}",
    "long port": b"services: {a: {ports: ['" + b"1" * 100_000 + b"-2:3']}}",
    "long number": b"a: " + b"9" * 500_000,
    "long image": b"services: {a: {image: '" + b"a-" * 200_000 + b"'}}",
    "long key": b"services: {a: {? " + b"k" * 1000 + b" : 1}}",
    "quoted jungle": b'"' * 100_000,
    "comments": b"#\n" * 400_000,
}


@pytest.mark.parametrize("name", sorted(HEAVY))
@pytest.mark.timeout(10)
def test_heavy_files_are_answered_soon(tmp_path: Path, name: str) -> None:
    answered(tmp_path, HEAVY[name], INVENTORY.encode())


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
