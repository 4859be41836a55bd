"""The page tells the defaults that the model has."""

import re
from dataclasses import fields
from pathlib import Path

from slipway.model import Threshold, Watch

PAGE = Path(__file__).parents[3] / "docs/watch.md"


def told(value: object) -> str:
    if isinstance(value, Threshold):
        return f"over {value.over:g}, {value.for_seconds} s"
    return "none" if value is None else str(value)


def test_every_word_of_the_watch_stands_on_the_page_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    default = Watch()
    assert rows == {field.name: told(getattr(default, field.name)) for field in fields(Watch) if field.name != "metrics"}
