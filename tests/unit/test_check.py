"""How a check reads: words without effect are told once each, with every place they are written at."""

import pytest

from slipway.check import by_word, word_of
from slipway.errors import Fault


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("services.seed.x-slipway.task.when", "task.when"),
        ("services.app.x-slipway.routes[0].cache", "routes.cache"),
        ("x-slipway.watch", "watch"),
        ("stacks.shop.place", "stacks.place"),
        ("timezone", "timezone"),
    ],
)
def test_a_path_is_told_by_its_word(path: str, word: str) -> None:
    assert word_of(path) == word


def test_a_word_is_told_once_with_all_its_places() -> None:
    notes = [
        Fault("a.yml", 3, "services.web.x-slipway.backup", ""),
        Fault("a.yml", 9, "services.db.x-slipway.backup", ""),
        Fault("b.yml", 1, "services.db.x-slipway.backup", ""),
        Fault("b.yml", 2, "x-slipway.watch", ""),
    ]
    assert by_word(notes) == ["backup: a.yml:3,9; b.yml:1", "watch: b.yml:2"]
