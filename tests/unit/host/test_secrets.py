from pathlib import Path

import pytest

from slipway.errors import HostError
from slipway.host.secrets import Secrets, mode_for


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_generation_is_made_only_when_values_change(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "demo")
    assert secrets.settle({"A": "1"}) == 1
    assert secrets.settle({"A": "1"}) == 1
    assert secrets.settle({"A": "2"}) == 2
    assert secrets.settle({"A": "1"}) == 1, "values that came back are the ones we know"
    assert secrets.values(2) == {"A": "2"}


def test_no_secrets_are_generation_zero(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "demo")
    assert secrets.settle({}) == 0
    assert secrets.values(0) == {}
    assert secrets.generation_of({"A": "1"}) is None


def test_only_root_reads_values_and_folders(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets" / "demo")
    secrets.settle({"A": "1"})
    assert mode(tmp_path / "secrets" / "demo" / "1" / "values.json") == 0o400
    assert mode(tmp_path / "secrets" / "demo" / "1") == 0o700
    assert mode(tmp_path / "secrets" / "demo") == 0o700


def test_values_wait_for_their_request_and_go_with_it(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets" / "demo")
    secrets.receive("r1", {"A": "$x\n'"})
    assert mode(tmp_path / "secrets") == 0o700
    assert secrets.received("r1") == {"A": "$x\n'"}
    assert mode(tmp_path / "secrets" / "demo" / "incoming-r1.json") == 0o400
    secrets.drop("r1")
    with pytest.raises(HostError, match="secrets of request r1 are gone"):
        secrets.received("r1")


def test_a_file_holds_the_value_byte_for_byte(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "demo")
    secrets.settle({"DB_PASSWORD": "pa$$ 'word\n"})
    owner = tmp_path.stat().st_uid
    secrets.write_for(1, owner, {"db_password": "DB_PASSWORD"})
    file = tmp_path / "demo" / "1" / str(owner) / "db_password"
    assert file.read_bytes() == b"pa$$ 'word\n"
    assert mode(file) == mode_for(owner)


def test_a_reader_that_is_not_root_is_the_only_one() -> None:
    assert mode_for(999) == 0o400
    assert mode_for(0) == 0o444


def test_generations_nobody_mounts_are_forgotten_but_the_newest(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "demo")
    for number in range(4):
        secrets.settle({"A": str(number)})
    secrets.forget_all_but([2])
    assert secrets.generations() == [2, 4]
