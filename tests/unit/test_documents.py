"""What the documents show is true: examples are accepted, links lead somewhere, verbs exist."""

import re
from pathlib import Path

import pytest

from slipway.load import load_environment

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]


def blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def load(folder: Path, stack_file: str, inventory: str) -> None:
    for path, text in (("compose/shop/compose.yml", stack_file), ("inventory/one/group_vars/all/stacks.yml", inventory)):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(text)
    (folder / "inventory/one/group_vars/all/vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n3031\n")
    load_environment(folder / "inventory/one", folder / "compose")


def test_the_least_stack_file_of_the_readme_is_accepted_as_it_stands(tmp_path: Path) -> None:
    stack_file, inventory = blocks("README.md")
    load(tmp_path, stack_file, f"{inventory}admins: {{ann: {{keys: [ssh-ed25519 AAAA]}}}}\n")


def test_what_the_guide_shows_is_accepted_when_put_together(tmp_path: Path) -> None:
    _routes, store, migration, inventory = blocks("docs/stack-file.md")
    least = blocks("README.md")[0]
    joined = least.replace("networks: {app: {}}", f"{store}{migration}networks: {{app: {{}}, data: {{internal: true}}}}")
    joined = joined.replace(
        "\nx-slipway:", "\nvolumes: {pg: {}}\nsecrets: {db_password: {environment: DB_PASSWORD}}\nx-slipway:"
    ).replace("networks: [app]", "networks: [app, data]\n    environment: {SECRET_KEY: '${SECRET_KEY:?}'}")
    load(tmp_path, joined, f"{inventory}admins: {{ann: {{keys: [ssh-ed25519 AAAA]}}}}\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_verb_that_is_named_exists() -> None:
    named = {verb for page in PAGES for verb in re.findall(r"\bfab ([a-z][a-z-]*)\b", page.read_text(encoding="utf-8"))}
    functions = re.findall(r"^def ([a-z][a-z_]*)\(", (ROOT / "fabfile.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert named <= {name.strip("_").replace("_", "-") for name in functions}
