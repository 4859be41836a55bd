from pathlib import Path

import pytest

from tests.unit.host_files.places import Place, place_in


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)
