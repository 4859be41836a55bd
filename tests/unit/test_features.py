"""The table of capabilities: complete, fresh, and only proved by tests that work on hosts."""

from pathlib import Path

import pytest

from slipway import features

ROOT = Path(__file__).resolve().parents[2]


def test_every_capability_has_its_number_once_and_in_order() -> None:
    assert [feature.id for feature in features.FEATURES] == [f"F{number:02}" for number in range(1, 64)]


def test_the_page_is_fresh() -> None:
    assert (ROOT / features.PAGE).read_text(encoding="utf-8") == features.page(features.proofs(ROOT)), (
        "run: python -m slipway.features --write"
    )


def test_marks_are_read_from_functions_classes_and_modules() -> None:
    source = """
import pytest
pytestmark = [pytest.mark.timeout(60), pytest.mark.feature("F03")]
@pytest.mark.feature("F07", "F08")
def test_a(): ...
@pytest.mark.feature("F09")
class TestB:
    async def test_c(self): ...
    def helper(self): ...
def fixture(): ...
"""
    assert list(features.marks(source)) == [
        ("test_a", "F03"),
        ("test_a", "F07"),
        ("test_a", "F08"),
        ("TestB::test_c", "F03"),
        ("TestB::test_c", "F09"),
    ]


def test_a_mark_counts_only_in_tests_that_work_on_hosts(tmp_path: Path) -> None:
    marked = 'import pytest\n@pytest.mark.feature("F01")\ndef test_it(): ...\n'
    for path in ("tests/e2e/test_x.py", "tests/unit/test_y.py", "molecule/default/tests/test_z.py", "tests/golden/test_g.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(marked)
    assert features.proofs(tmp_path) == {"F01": ["tests/e2e/test_x.py::test_it", "molecule/default/tests/test_z.py::test_it"]}


def test_a_mark_of_an_unknown_capability_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests/e2e").mkdir(parents=True)
    (tmp_path / "tests/e2e/test_x.py").write_text('import pytest\n@pytest.mark.feature("F99")\ndef test_it(): ...\n')
    with pytest.raises(features.UnknownFeature, match="F99"):
        features.proofs(tmp_path)


def test_a_capability_without_proof_says_so_and_one_with_proof_links_to_it() -> None:
    text = features.page({"F01": ["tests/e2e/test_x.py::test_it"]})
    assert "[test_it](../tests/e2e/test_x.py)" in text
    assert text.count("| not yet |") == 62
    assert "**1 of 63 are proved so far.**" in text
