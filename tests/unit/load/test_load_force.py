"""Every word has an effect, or is named as one that has none yet; no word is both."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.load import force
from slipway.reference.entries import ITEM, Page, entries, everything
from tests.unit.load.project import Project

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "slipway"
NOT_EFFECTS = {"later.py", "preview.py"}  # they tell about words, and carry none out
CARRIED_OUT = [path for folder in ("render", "plan", "watch", "host") for path in sorted((PACKAGE / folder).glob("*.py"))]
JUDGED = [path for path in sorted((PACKAGE / "load").glob("*.py")) if path.name != "force.py"]
HANDED_OVER = [path for folder in ("playbooks", "roles", "plugins") for path in sorted((ROOT / folder).rglob("*.*"))]

# Words whose effect is the check itself, or what it makes of the files.
EFFECT_AT_CHECK = {
    "service": ("connections", "exceptions", "store.engine", "store.max_connections"),
    "root": (
        "domains.access.password",
        *(f"watch.{bound}.under" for bound in ("error_ratio", "p95_ms", "memory_mb", "memory_ratio")),  # always refused
    ),
    "inventory": ("stacks", "releases", "production"),
}
# Words that share their last part with something else that is carried out.
NAMESAKES = {"service": ("scale.memory_ratio",), "root": (), "inventory": ("stacks.place", "docker.registries")}


def attributes(files: list[Path]) -> set[str]:
    trees = (ast.parse(path.read_text()) for path in files if path.name not in NOT_EFFECTS)
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


EFFECTS = attributes([*CARRIED_OUT, PACKAGE / "model.py"])
JUDGEMENTS = attributes(JUDGED)
TEXTS = {path: path.read_text() for path in HANDED_OVER if path.suffix in (".yml", ".py", ".j2")}
EXPRESSIONS = re.findall(r"\{\{(.*?)\}\}", "\n".join(text for path, text in TEXTS.items() if path.parent.name == "playbooks"))
# Playbooks hand the inventory's words over, or a plugin reads them itself.
READ = set(re.findall(r"\benvironment\.([a-z_]+)", "\n".join(text for path, text in TEXTS.items() if path.suffix == ".py")))
HANDED = set(re.findall(r"[a-z_]+", "\n".join(EXPRESSIONS))) | READ
TAKEN = set(re.findall(r"[a-z_]+", "\n".join(TEXTS.values())))


def all_words(page: Page) -> Iterator[tuple[str, ...]]:
    for entry in everything(entries(page)):
        yield tuple(part for part in entry.path if part != ITEM and not part.startswith("<"))


WORDS = [(page, words) for page in ("root", "service", "inventory") for words in all_words(page)]


@pytest.mark.parametrize(("page", "words"), WORDS, ids=lambda part: part if isinstance(part, str) else ".".join(part))
def test_a_word_is_carried_out_or_named_as_not_in_force(page: Page, words: tuple[str, ...]) -> None:
    dotted = ".".join(words)
    if any(dotted == word or dotted.startswith(f"{word}.") for word in EFFECT_AT_CHECK[page]) and force.in_force(page, words):
        assert page == "inventory" or words[-1] in JUDGEMENTS
        return
    effective = words[0] in HANDED and set(words) <= TAKEN if page == "inventory" else set(words) <= EFFECTS
    assert (effective and dotted not in NAMESAKES[page]) == force.in_force(page, words)


def test_each_word_that_waits_is_a_word() -> None:
    known = {(page, ".".join(words)) for page, words in WORDS}
    waiting = {(page, word.replace("*.", "")) for page, found in force.WAITING.items() for word in found}
    assert waiting - known == set()


def test_values_without_effect_are_named(project: Project) -> None:
    project.base(
        {
            "services/api/x-slipway/routes": [{"domain": "site", "port": 8000, "sticky": "cookie", "cache": {"seconds": 5}}],
            "services/worker/x-slipway": {"health": {"path": "/", "port": 9000}},
            "services/migrate/x-slipway/task": {"when": "schedule", "schedule": "5 3 * * *"},
        },
        {"stacks/shop/expires_days": 3, "admins": {"expires": {"keys": ["ssh-ed25519 AAAA"], "expires": "2030-01-01"}}},
    )
    assert {note.path for note in project.load().waiting} == {
        "services.api.x-slipway.routes[0].cache",
        "services.api.x-slipway.routes[0].sticky",
        "services.worker.x-slipway.health",
        "services.migrate.x-slipway.task.when",
        "services.migrate.x-slipway.task.schedule",
        "services.db.x-slipway.backup",
        "stacks.shop.expires_days",
    }
