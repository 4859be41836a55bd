"""What `fab check --secrets` says: which secrets have a value, and never the value."""

import json
from dataclasses import asdict
from pathlib import Path

from slipway.ops import faults
from tests.unit.load.project import Project

HUNTER = "hunter2"


def project(root: Path, second: list[str]) -> Project:
    made = Project(root)
    sources = {"FIRST": {"command": ["printf", HUNTER]}, "SECOND_ONE": {"command": second}}
    made.base({"services/api/environment": ["FIRST", "SECOND_ONE"]}, {"stacks/shop/secrets": sources})
    made.write("inventory/test/hosts.yml", "all: {hosts: {one: {}}}\n")
    return made


def asked(root: Path) -> list[faults.Verdict]:
    inventories = faults.chosen(root, "")
    return faults.ask_for_secrets(faults.check(inventories, root / "compose"), inventories, root)


def test_each_secret_has_a_line_with_its_source_and_state(tmp_path: Path) -> None:
    project(tmp_path, ["sh", "-c", f"echo {HUNTER} >&2; exit 4"])
    found = asked(tmp_path)
    text = faults.as_text(found)
    assert "stacks.shop.secrets.SECOND_ONE: `sh` ended with 4; run the command by hand to see why\n" in text
    assert "test: 1 fault; no host was touched\n  shop: accepted" in text
    assert "  secrets:\n    shop.FIRST       printf  ok\n    shop.SECOND_ONE  sh      missing" in text
    assert HUNTER not in text + repr(found[0].secrets) + repr(found[0].faults)


def test_machines_get_the_states_and_faults_as_data(tmp_path: Path) -> None:
    project(tmp_path, ["no-such-program"])
    entry = json.loads(json.dumps(faults.as_json(asked(tmp_path))))[0]
    assert entry["secrets"] == [
        {"stack": "shop", "name": "FIRST", "source": "printf", "ok": True},
        {"stack": "shop", "name": "SECOND_ONE", "source": "no-such-program", "ok": False},
    ]
    assert [fault["message"] for fault in entry["faults"]] == ["`no-such-program` is not installed: it is not on the PATH"]
    assert entry["stacks"]["shop"]


def test_an_environment_with_faults_is_not_asked_for_secrets(tmp_path: Path) -> None:
    made = project(tmp_path, ["touch", "asked"])
    made.base({"services/api/image": "acme/api"}, {"stacks/shop/secrets": {"FIRST": {"command": ["touch", "asked"]}}})
    verdict = asked(tmp_path)[0]
    assert verdict.faults
    assert not verdict.secrets
    assert not (tmp_path / "asked").exists()


def test_a_check_without_secrets_says_nothing_of_them(tmp_path: Path) -> None:
    project(tmp_path, ["touch", "asked"])
    verdicts = faults.check(faults.chosen(tmp_path, ""), tmp_path / "compose")
    assert "secrets:" not in faults.as_text(verdicts)
    assert "secrets" not in faults.as_json(verdicts)[0]
    assert [asdict(verdict)["secrets"] for verdict in verdicts] == [()]
    assert not (tmp_path / "asked").exists()
