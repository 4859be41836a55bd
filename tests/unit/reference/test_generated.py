"""What is generated from the model and the roles is fresh, and can be made anew with one command."""

import shutil
from pathlib import Path

import pytest

from slipway import features
from slipway.reference import generated

ROOT = Path(__file__).resolve().parents[3]
MADE = [name for name in generated.files(ROOT) if name != features.PAGE.as_posix()]  # that page has a test of its own


@pytest.mark.parametrize("name", MADE)
def test_a_generated_file_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == generated.files(ROOT)[name], "run: make docs"


def test_no_page_is_left_of_a_role_that_is_gone() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/roles").glob("*")} <= set(MADE)


def test_missing_and_changed_files_are_stale_until_they_are_written(tmp_path: Path) -> None:
    shutil.copy(ROOT / "site.yml", tmp_path)
    for folder in ("playbooks", "roles"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    assert set(generated.stale(tmp_path)) == set(generated.files(tmp_path))
    generated.write(tmp_path)
    assert generated.stale(tmp_path) == []
    page = tmp_path / "docs/reference/inventory.md"
    page.write_text(page.read_text() + "by hand\n")
    assert generated.stale(tmp_path) == ["docs/reference/inventory.md"]
