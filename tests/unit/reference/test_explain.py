"""What `fab explain` says of a project's files: meaning, bounds, the value in force and where it comes from."""

import json
from pathlib import Path

import pytest

from slipway.errors import SlipwayError, StackError
from slipway.ops import explain
from slipway.ops.hosts import InventoryUnreadable
from slipway.reference.query import UnknownWord

STACK_FILE = """\
x-app: &app
  image: acme/api:${RELEASE:?}
  deploy: {resources: {limits: {memory: 256m}}}
services:
  api:
    <<: *app
    environment: {TOKEN: "${TOKEN:?}", LEVEL: "${LEVEL:-info}"}
    x-slipway:
      routes:
        - {domain: site, port: 8000}
        - {domain: site, path: /ws/, port: 8000, drain_seconds: "${DRAIN:-30}", rate: {requests: "${RATE:-5}"}}
      health: {path: /health}
  metrics:
    <<: *app
    healthcheck: {test: [CMD, "true"]}
    x-slipway: {exceptions: {root: it must}}
x-slipway:
  domains: {site: {name: "${SITE:?}"}}
  watch: {error_ratio: {over: 0.1, for_seconds: 60}}
"""
STACKS = """\
production: false
stacks:
  shop:
    compose: shop
    variables: {SITE: shop.example, RATE: 50}
    secrets:
      TOKEN: {command: [printf, planted-secret]}
acme: {email: ops@shop.example}
receivers:
  pager: {webhook: "https://hooks.example/planted-path"}
"""
RELEASES = 'releases: {shop: {variables: {RELEASE: "1.4.2"}}}\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {
        "compose/shop/compose.yml": STACK_FILE,
        "inventory/live/hosts.yml": "all: {hosts: {one: {}}}\n",
        "inventory/live/group_vars/all/stacks.yml": STACKS,
        "inventory/live/group_vars/all/releases.yml": RELEASES,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def text(root: Path, word: str = "", *, everything: bool = False) -> list[str]:
    return explain.as_text(explain.Question(root, word, everything=everything)).splitlines()


def in_force(root: Path, word: str) -> list[str]:
    """Return the lines under `in force`, single spaces between columns."""
    lines = text(root, word)
    after = lines[lines.index("  in force") + 1 :]
    values = [line for line in after if line.startswith("    ")]
    end = after.index("  words below") if "  words below" in after else len(values)
    return [" ".join(line.split()) for line in values[:end]]


def test_a_word_of_a_service_is_explained_with_its_value_and_its_line(root: Path) -> None:
    assert text(root, "metrics.exceptions.root")[-2:] == [
        "  in force",
        "    shop: metrics.exceptions.root  it must  compose/shop/compose.yml:16",
    ]
    assert text(root, "api.routes.0.drain_seconds") == [
        "services.api.x-slipway.routes.0.drain_seconds",
        "  How long connections may live on with the old release after a switch.",
        "  value    seconds, 0 to 3600",
        "  default  60",
        "  more     docs/reference/stack-file.md#routes-drain_seconds",
        "  in force",
        "    shop: api.routes.0.drain_seconds  60  default",
    ]


STACKS_YML = "inventory/live/group_vars/all/stacks.yml"


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("watch.error_ratio", ["shop: watch.error_ratio {over: 0.1, for_seconds: 60} compose/shop/compose.yml:19"]),
        ("watch.error_ratio.over", ["shop: watch.error_ratio.over 0.1 compose/shop/compose.yml:19"]),
        ("domains.site.name", [f"shop: domains.site.name shop.example compose/shop/compose.yml:18 with SITE {STACKS_YML}:5"]),
        (
            "api.routes.1.drain_seconds",
            ["shop: api.routes.1.drain_seconds 30 compose/shop/compose.yml:11 with DRAIN (not given)"],
        ),
        (
            "services.api.x-slipway.routes[1].rate.requests",
            [f"shop: api.routes.1.rate.requests 50 compose/shop/compose.yml:11 with RATE {STACKS_YML}:5"],
        ),
        (
            "api.routes.path",
            ["shop: api.routes.1.path /ws/ compose/shop/compose.yml:11", "and 1 at its default (--all shows them)"],
        ),
        (
            "api.image",
            [
                "shop: api.image acme/api:1.4.2 compose/shop/compose.yml:2 with pin RELEASE "
                "inventory/live/group_vars/all/releases.yml:1"
            ],
        ),
        (
            "api.environment",
            [f"shop: api.environment written compose/shop/compose.yml:7 with LEVEL (not given), secret TOKEN {STACKS_YML}:7"],
        ),
        ("acme.email", [f"acme.email ops@shop.example {STACKS_YML}:8"]),
        ("acme.server", ["acme.server letsencrypt default"]),
        ("canary.percent", ["nothing: it is written nowhere"]),
        ("stacks.shop.variables.RATE", [f'stacks.shop.variables.RATE "50" {STACKS_YML}:5']),
    ],
)
def test_the_value_in_force_says_where_it_comes_from(root: Path, word: str, lines: list[str]) -> None:
    assert in_force(root, word) == lines


def test_a_group_shows_what_is_written_counts_the_rest_and_lists_the_words_below(root: Path) -> None:
    lines = text(root, "health")
    assert "    shop: api.health.path  /health  compose/shop/compose.yml:12" in lines
    assert any(line.startswith("    start_seconds ") and "seconds, 1 to 3600; default 60" in line for line in lines)
    shown = [line for line in text(root, "health", everything=True) if line.startswith("    shop: api.health.start_seconds")]
    assert [line.split()[-2:] for line in shown] == [["60", "default"]]


def test_a_word_with_two_meanings_shows_both(root: Path) -> None:
    names = [line for line in text(root, "metrics") if line and not line.startswith(" ")]
    assert names == ["x-slipway.metrics", "services.metrics"]


def test_a_word_of_compose_says_what_becomes_of_it(root: Path) -> None:
    assert text(root, "container_name")[1] == "  Refused: remove it: replicas and releases need names of their own."
    assert "  value    a word of Compose, given to Docker Compose unchanged" in text(root, "api.sysctls")
    assert "  default  1" in text(root, "deploy.replicas")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("api.rotes", "no word `rotes` in `api`; did you mean `routes`?"),
        ("api.routes.0.drain_second", "no word `drain_second` in `api.routes.0`; did you mean `drain_seconds`?"),
        ("watch.erorr_ratio", "no word `erorr_ratio` in `watch`; did you mean `error_ratio`?"),
        ("drain_seconds", "no word `drain_seconds`; did you mean `routes.drain_seconds`?"),
        ("shop.api.rotes", "no word `rotes` in `api`; did you mean `routes`?"),
        ("wach", "no word `wach`; did you mean `watch`?"),
        ("ap", "no word `ap`; did you mean `api`?"),
        ("services.web.routes", "no word `web` in `services`; known here: `api`, `metrics`"),
        ("deploy.replicass", "no word `replicass` in `deploy`; did you mean `replicas`?"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(root: Path, word: str, message: str) -> None:
    with pytest.raises(UnknownWord) as unknown:
        text(root, word)
    assert unknown.value.cause == message
    assert unknown.value.exit_code == 2


def test_without_a_word_every_value_that_is_written_stands_with_its_line(root: Path) -> None:
    lines = [" ".join(line.split()) for line in text(root)]
    assert lines[0].startswith("live: values in force")
    assert "shop compose/shop/compose.yml" in lines
    assert "domains.site.name shop.example :18 with SITE stacks.yml:5" in lines
    assert "image acme/api:1.4.2 :2 with pin RELEASE releases.yml:1" in lines
    assert "routes.1.drain_seconds 30 :11 with DRAIN (not given)" in lines
    assert "acme.email ops@shop.example stacks.yml:8" in lines
    assert not any("default" in line.split()[-1:] for line in lines if line.startswith("routes"))
    assert "routes.0.drain_seconds 60 default" in [" ".join(line.split()) for line in text(root, everything=True)]


def test_machines_get_the_same_with_typed_values(root: Path) -> None:
    found = json.loads(json.dumps(explain.as_json(explain.Question(root, "api.routes.1.rate.requests"))))
    (value,) = found[0]["values"]
    assert value["value"] == 50
    assert value["source"]["kind"] == "stack file"
    assert value["source"]["variables"] == [{"name": "RATE", "kind": "variable", "file": STACKS_YML, "line": 5}]
    whole = explain.as_json(explain.Question(root))
    words = {row["word"]: row["value"] for row in whole["stacks"]["shop"]["services"]["api"]}
    assert words["api.routes.1.drain_seconds"] == 30
    assert words["api.health.status"] == 200


def test_no_answer_holds_a_value_or_an_argument_of_a_secret(root: Path) -> None:
    questions = [explain.Question(root, word, everything=True) for word in ("", "api", "stacks", "receivers", "api.environment")]
    answers = [*map(explain.as_text, questions), *(json.dumps(explain.as_json(question)) for question in questions)]
    assert not [answer for answer in answers if "planted" in answer]
    assert f"stacks.shop.secrets.TOKEN command `printf …` {STACKS_YML}:7" in in_force(root, "stacks")
    assert any("https://hooks.example/(not shown)" in line for line in text(root, "receivers"))


def test_faults_leave_the_meaning_and_take_the_values(root: Path) -> None:
    (root / "compose/shop/compose.yml").write_text(STACK_FILE.replace("port: 8000}", "port: eighty}"))
    assert "    unknown: live holds 1 fault, see `fab check`" in text(root, "api.routes")
    with pytest.raises(StackError):
        text(root)


def test_a_word_is_explained_where_no_environment_is_yet(tmp_path: Path) -> None:
    assert text(tmp_path, "routes.drain_seconds")[-1] == "    no environment yet: copy inventory/single to start one"
    with pytest.raises(InventoryUnreadable):
        text(tmp_path)


def test_one_stack_can_be_asked_for_and_an_unknown_one_is_refused(root: Path) -> None:
    assert explain.as_text(explain.Question(root, "health", stack="shop")) == "\n".join(text(root, "health"))
    assert text(root, "shop.api.health") == text(root, "api.health")
    assert text(root, "shop") == text(root)
    with pytest.raises(SlipwayError, match="did you mean `shop`"):
        explain.as_text(explain.Question(root, "health", stack="shp"))
