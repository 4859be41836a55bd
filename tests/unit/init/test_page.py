"""What docs/init.md shows is what is printed."""

import re
from pathlib import Path

import pytest

from slipway.ops import init

PAGE = (Path(__file__).resolve().parents[3] / "docs/init.md").read_text(encoding="utf-8")


def test_the_printed_example_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    _, team, values, printed = blocks
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/docker-compose.yml").write_text(team)
    (tmp_path / "shop/.env").write_text(values)
    (tmp_path / "root").mkdir()
    monkeypatch.chdir(tmp_path / "root")
    command, _, answer = printed.partition("\n")
    given = dict(re.findall(r"--(domain|host|registry) (\S+)", command))
    source = "../shop/docker-compose.yml"
    outcome = init.start(tmp_path / "root", source, init.order(source, "", "production", given), dry_run=False)
    assert init.as_text(outcome).rstrip() == answer.rstrip()
