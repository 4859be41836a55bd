"""`--update-golden` writes what is rendered; the change is then reviewed as a diff."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected files of tests/golden anew")
