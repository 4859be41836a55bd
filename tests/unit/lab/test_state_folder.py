"""Keys, known hosts and secrets of the lab."""

from pathlib import Path

import pytest

from slipway.errors import HostError
from slipway.lab import state_folder


def test_a_hosts_new_keys_replace_its_old_ones_and_no_others() -> None:
    old = "[127.0.0.1]:2201 ssh-ed25519 OLD\n[127.0.0.1]:2202 ssh-ed25519 OTHER\n"
    text = state_folder.known_hosts_text(old, ["[127.0.0.1]:2201", "10.212.0.21"], ["ssh-ed25519 NEW root@demo"])
    assert text == "[127.0.0.1]:2202 ssh-ed25519 OTHER\n[127.0.0.1]:2201 ssh-ed25519 NEW\n10.212.0.21 ssh-ed25519 NEW\n"


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_LAB_DIR", str(tmp_path / "lab"))
    first = state_folder.secret("DB_PASSWORD")
    assert len(first) >= 32
    assert state_folder.secret("DB_PASSWORD") == first
    assert state_folder.secret("SECRET_KEY") != first
    assert (tmp_path / "lab/secrets/DB_PASSWORD").stat().st_mode & 0o777 == 0o600


def test_a_secrets_name_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_LAB_DIR", str(tmp_path))
    with pytest.raises(HostError, match="no name for a secret"):
        state_folder.secret("../id_ed25519")
