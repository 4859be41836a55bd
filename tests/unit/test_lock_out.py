"""Changes of people that would lock out the one who makes them."""

import subprocess
import sys
from pathlib import Path

import pytest

from slipway.lock_out import Operator, lock_out

ROOT = Path(__file__).parents[2]
ANN, BEN = "ssh-ed25519 AAAAC3NzaANN ann@laptop", "ssh-ed25519 AAAAC3NzaBEN"


@pytest.mark.parametrize(
    ("admins", "offers", "words"),
    [
        ({}, [ANN], ("no admin", "list ann under `admins`")),
        ({"ben": [BEN]}, [ANN], ("none of the admins: login and sudo", "set `ansible_user` to ben")),
        ({"ann": [ANN], "ben": []}, [ANN], ("ben: an admin without a key", "add one under `keys`")),
        ({"ann": []}, [], ("ann: an admin without a key", "add one")),
        ({"ann": [ANN], "deploy": [BEN]}, [ANN], ("deploy is the account of the deployers", "another name")),
        ({"ann": [BEN]}, [ANN], ("the key of this run is none of ann's", "ann@laptop", "`admins.ann.keys`")),
        ({"ann": [ANN]}, [BEN], ("open no door: ssh-ed25519 …AAAAC3NzaBEN",)),
    ],
)
def test_what_would_lock_the_operator_out_is_refused_with_cause_and_next_step(
    admins: dict[str, list[str]], offers: list[str], words: tuple[str, ...]
) -> None:
    refusal = lock_out(admins, Operator("ann", offers), "deploy")
    assert "nothing was changed\n  next: " in refusal
    for word in words:
        assert word in refusal


def test_an_operator_whose_last_day_is_over_is_refused() -> None:
    assert "the last day of ann is over; nothing was changed" in lock_out(
        {"ann": [ANN]}, Operator("ann", [ANN], is_over=True), "deploy"
    )


@pytest.mark.parametrize("offers", [[], [ANN], ["ssh-ed25519 AAAAC3NzaANN another comment"], [BEN, ANN]])
def test_an_operator_with_a_key_or_with_one_that_is_not_known_goes_on(offers: list[str]) -> None:
    assert lock_out({"ann": [ANN], "ben": [BEN]}, Operator("ann", offers), "deploy") == ""


def test_the_role_asks_for_the_public_part_of_the_key_in_use(tmp_path: Path) -> None:
    (tmp_path / "id.pub").write_text(f"{ANN}\n")
    assert "none of ann's" in role_says(tmp_path, BEN, tmp_path / "id")
    assert "all assertions passed" in role_says(tmp_path, ANN, tmp_path / "id")
    assert "all assertions passed" in role_says(tmp_path, BEN, tmp_path / "no-public-part")


def role_says(folder: Path, key: str, key_file: Path) -> str:
    """Run the first task of the role as it is written."""
    tasks = (ROOT / "roles/users/tasks/main.yml").read_text().split("\n- name: ")
    (folder / "tasks.yml").write_text(f"---\n- name: {tasks[1]}".replace("quiet: true", "quiet: false"))
    people = f'users_admins: {{ann: {{keys: ["{key}"]}}}}, users_operator: ann, users_deploy_user: deploy'
    words = f'{{{people}, users_operator_key_file: "{key_file}"}}'
    task = "- ansible.builtin.import_tasks: tasks.yml"
    (folder / "play.yml").write_text(f"- hosts: localhost\n  gather_facts: false\n  vars: {words}\n  tasks:\n    {task}\n")
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(folder / "play.yml")]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120).stdout.lower()
