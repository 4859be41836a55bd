"""What an editor accepts and underlines: never more strict than the loader, and as strict wherever types and bounds decide."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from slipway.environment import Environment
from slipway.load import bounds, own_words
from slipway.load.faults import Faults
from slipway.load.faults import Path as Where
from slipway.load.nodes import Node, parse
from slipway.load.schema import FAULTY, Reader
from slipway.load.service import Draft, X
from slipway.model import Service, Stack
from slipway.reference import choices, json_schema
from slipway.reference.entries import ITEM, KINDS, Entry, Page, entries, everything

ROOT = Path(__file__).resolve().parents[3]
STACK_FILE, INVENTORY = Draft7Validator(json_schema.stack_file()), Draft7Validator(json_schema.inventory())
GOOD = sorted({*ROOT.glob("compose/*/compose.yml"), *ROOT.glob("tests/unit/load/cases/*/compose.yml")})
GOOD_INVENTORIES = [path for path in sorted(ROOT.glob("inventory/*/group_vars/all/*.yml")) if path.name != "vault.yml"]
CANDIDATES: list[Any] = [
    0,
    1,
    60,
    -1,
    10**7,
    1e13,
    0.5,
    1.5,
    True,
    None,
    "text",
    "",
    [],
    ["x"],
    [1],
    [[]],
    {},
    {"x": 1},
    {"x": "y"},
]
SAMPLES: dict[str, Any] = {
    **dict.fromkeys(("routes.path", "assets.path", "public.path", "health.path", "scrape.path"), "/x/"),
    "assets.directory": "/app/static",
    "images": f"sha256:{'0' * 64}",
    "scale.min": 0,
    "admins.keys": "ssh-ed25519 AAAA",
    "deployers.keys": "ssh-ed25519 AAAA",
    "backup_target.encrypt_to": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
}


def plain(node: Node | None) -> Any:
    assert node is not None
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def read(text: str) -> Any:
    document = parse(text.encode(), "x.yml")
    assert not document.faults
    return plain(document.root)


def underlined(validator: Any, data: Any) -> list[str]:
    """Return the paths of what an editor would underline."""
    return sorted(".".join(map(str, error.absolute_path)) for error in validator.iter_errors(data))


def test_both_are_schemas() -> None:
    for validator in (STACK_FILE, INVENTORY):
        Draft7Validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}")
def test_a_stack_file_that_is_accepted_is_not_underlined(path: Path) -> None:
    assert underlined(STACK_FILE, read(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", GOOD_INVENTORIES, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_an_inventory_that_is_accepted_is_not_underlined(path: Path) -> None:
    assert underlined(INVENTORY, read(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("key", sorted(choices.EXAMPLES))
def test_an_example_of_the_reference_is_not_underlined(key: tuple[Page, str]) -> None:
    lines = read(choices.EXAMPLES[key])
    if key[0] == "inventory":
        assert underlined(INVENTORY, lines) == []
    else:
        assert underlined(STACK_FILE, at(key[0], lines)) == []


def at(page: str, lines: Any) -> Any:
    """Return a stack file with words at the root or at a service."""
    own = {"x-slipway": lines}
    return {"services": {"api": {"image": "x:1"}}, **own} if page == "root" else {"services": {"api": {"image": "x:1", **own}}}


@pytest.mark.parametrize(
    ("service", "places"),
    [
        ({"x-slipway": {"rotes": []}}, ["services.api.x-slipway"]),
        ({"x-slipway": {"routes": [{"domain": "a", "port": 80, "drain_second": 1}]}}, ["services.api.x-slipway.routes.0"]),
        ({"x-slipway": {"routes": [{"domain": "a"}]}}, ["services.api.x-slipway.routes.0"]),
        ({"x-slipway": {"routes": [{"domain": "a", "port": "80"}]}}, ["services.api.x-slipway.routes.0.port"]),
        ({"x-slipway": {"routes": [{"domain": "a", "port": "${PORT}"}]}}, []),
        ({"x-slipway": {"routes": [{"domain": "a", "port": "1${PORT}"}]}}, ["services.api.x-slipway.routes.0.port"]),
        ({"x-slipway": {"routes": [{"domain": "a", "port": 80, "websocket": "${WS:-true}"}]}}, []),
        ({"x-slipway": {"routes": [{"domain": "a", "port": 80, "sticky": "${STICKY:?}"}]}}, []),
        ({"x-slipway": {"routes": [{"domain": "a", "port": 80, "path": "api"}]}}, ["services.api.x-slipway.routes.0.path"]),
        ({"x-slipway": {"routes": [{"domain": "a", "port": 80, "path": "${PREFIX}/api"}]}}, []),
        ({"x-slipway": {"store": {"engine": "postgress"}}}, ["services.api.x-slipway.store.engine"]),
        ({"x-slipway": {"exceptions": {"roott": "why"}}}, ["services.api.x-slipway.exceptions"]),
        ({"x-slipway": {"scale": {"min": 1, "max": 0}}}, ["services.api.x-slipway.scale.max"]),
        ({"container_name": "api"}, ["services.api.container_name"]),
        ({"env_file": ".env"}, ["services.api.env_file"]),
        ({"imagee": "x:1"}, ["services.api"]),
        ({"deploy": {"replicass": 2}}, ["services.api.deploy"]),
        ({"deploy": {"update_config": {"order": "stop"}}}, ["services.api.deploy.update_config.order"]),
        ({"depends_on": {"db": {"condition": "healthy"}}}, ["services.api.depends_on.db.condition"]),
        ({"environment": {"A": 1, "B": None}, "ports": None, "command": ["a"], "x-team": {"any": 1}}, []),
        ({"deploy": {"replicas": "${API:-2}"}, "read_only": "${RO}", "shm_size": 64}, []),
    ],
)
def test_slips_at_a_service_are_underlined_where_they_are(service: dict[str, Any], places: list[str]) -> None:
    assert underlined(STACK_FILE, {"services": {"api": {"image": "x:1", **service}}}) == places


@pytest.mark.parametrize(
    ("root", "places"),
    [
        ({"x-slipway": {"watch": {"error_ratio": {"for_seconds": 60}}}}, ["x-slipway.watch.error_ratio"]),
        ({"x-slipway": {"watch": {"error_ratio": {"over": 5, "for_seconds": 60}}}}, ["x-slipway.watch.error_ratio.over"]),
        ({"x-slipway": {"domains": {"api": {}}}}, ["x-slipway.domains.api"]),
        ({"x-slipway": None, "x-app": {"image": "x"}, "volumes": {"a": None}}, []),
        ({"include": ["other.yml"]}, ["include"]),
        ({"service": {}}, [""]),
        ({"networks": {"a": {"internal": True, "labels": {}}}}, ["networks.a.labels"]),
        ({"secrets": {"a": {"file": "./a"}}}, ["secrets.a.file"]),
    ],
)
def test_slips_at_the_root_are_underlined_where_they_are(root: dict[str, Any], places: list[str]) -> None:
    assert underlined(STACK_FILE, {"services": {"api": {"image": "x:1"}}, **root}) == places


def test_a_refused_key_says_why_and_is_not_offered() -> None:
    refused = STACK_FILE.schema["properties"]["services"]["additionalProperties"]["properties"]["container_name"]
    assert refused["deprecationMessage"] == "Refused: remove it: replicas and releases need names of their own."
    assert refused["doNotSuggest"] is True


def leaves(page: Page) -> Iterator[Entry]:
    yield from (entry for entry in everything(entries(page)))


def good(entry: Entry, holes: tuple[str, ...]) -> Any:
    """Return a value that fits a word."""
    if holes:
        return [good(entry, holes[1:])] if holes[0] == ITEM else {"name1": good(entry, holes[1:])}
    if entry.shape.choices:
        return entry.shape.choices[0]
    if entry.children:
        needed = {child.key: good(child, child.shape.holes) for child in entry.children if child.required}
        return {**needed, **({"over": 1} if "for_seconds" in needed else {})}
    if entry.full_key in SAMPLES or entry.key in SAMPLES:
        return SAMPLES.get(entry.full_key, SAMPLES.get(entry.key))
    return {int: 60, float: 0.5, bool: True}.get(entry.shape.cores[0], "text")


def placed(page: Page, entry: Entry, value: Any) -> dict[str, Any]:
    """Return words in which one has a value, and those around it what they need."""
    found: Any = value
    path = list(entry.path)
    while path:
        key = path.pop()
        if key == ITEM:
            found = [found]
        elif key.startswith("<"):
            found = {"name1": found}
        else:
            above = next((one for one in everything(entries(page)) if [*one.path, *one.shape.holes] == path), None)
            around = good(above, ()) if above and above.children and isinstance(good(above, ()), dict) else {}
            if key in ("over", "under"):
                around = {name: item for name, item in around.items() if name not in ("over", "under")}
            found = {**around, key: found}
    return dict(found)


def judged(page: Page, words: Any) -> list[Any]:
    """Return the loader's faults of types and bounds."""
    faults = Faults()
    root = parse(json.dumps(words).encode(), "x.yml").root
    assert root is not None

    def resolve(node: Node, _where: Where) -> Any:
        return node.value if not isinstance(node.value, (dict, list)) else FAULTY

    fields = Reader(faults, resolve).fields(KINDS[page], root, ())
    if page == "service":
        service = Service("s", "x:1", **fields)
        bounds.judge(service, root, (), faults)
        return [*faults.found, *own_words.exceptions(Draft(service, Node({X: root}, "x.yml", 1, 1), ()))]
    bounds.judge(Stack("s", {}, **fields) if page == "root" else Environment("e", **fields), root, (), faults)
    return faults.found


CASES = [(page, entry) for page in KINDS for entry in leaves(page)]


@pytest.mark.parametrize(("page", "entry"), CASES, ids=[f"{page}:{'.'.join(entry.path)}" for page, entry in CASES])
def test_editor_and_loader_agree_word_by_word(page: Page, entry: Entry) -> None:
    for value in (*CANDIDATES, good(entry, entry.shape.holes)):
        words = placed(page, entry, value)
        validator = INVENTORY if page == "inventory" else STACK_FILE
        errors = underlined(validator, words if page == "inventory" else at(page, words))
        faults = judged(page, words)
        if errors:
            assert faults, f"underlined, yet accepted: {words} {errors}"
        elif not _holds_text(entry, value):
            assert not faults, f"refused, yet not underlined: {words} {faults}"


def _holds_text(entry: Entry, value: Any) -> bool:
    """Say whether the form of a text decides, or of a key, which schemas do not judge."""
    return isinstance(value, str) or (isinstance(value, (list, dict)) and bool(value)) or str in entry.shape.cores
