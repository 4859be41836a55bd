"""The ssh command line: Ansible's sockets, the inventory's words, host keys always checked."""

from pathlib import Path

import pytest
from ansible.plugins.connection.ssh import Connection

from slipway.ops import ssh
from slipway.ops.hosts import Host

ROOT = Path(__file__).resolve().parents[3]
HOST = Host("demo", "127.0.0.1", 2201, "ops", "/keys/my key", "-o UserKnownHostsFile=/known_hosts")
SETTINGS = ssh.Settings(("-o", "ControlMaster=auto"), Path("/sockets"), 7)


@pytest.mark.parametrize("host", [HOST, Host("a", "a.example"), Host("b", "b.example", user="ops"), Host("c", "c.example", 22)])
def test_the_control_socket_is_the_one_ansible_uses(host: Host) -> None:
    theirs = Connection._create_control_path(host.address, host.port, host.user or None) % {"directory": "/sockets"}
    assert str(ssh.socket_path(host, SETTINGS)) == theirs


def test_the_command_line_says_what_the_inventory_says() -> None:
    assert ssh.argv(HOST, SETTINGS, ["echo", "two words"], ["-o", "BatchMode=yes"]) == [
        *("ssh", "-o", "ControlMaster=auto", "-o", "BatchMode=yes", "-o", "Port=2201", "-o", 'IdentityFile="/keys/my key"'),
        *("-o", "User=ops", "-o", "ConnectTimeout=7", "-o", "UserKnownHostsFile=/known_hosts"),
        *("-o", f'ControlPath="{ssh.socket_path(HOST, SETTINGS)}"', "127.0.0.1", "echo 'two words'"),
    ]


def test_nothing_is_said_that_the_inventory_does_not_say() -> None:
    words = " ".join(ssh.argv(Host("a", "a.example"), SETTINGS))
    assert not [option for option in ("Port", "IdentityFile", "User=", "StrictHostKeyChecking") if option in words]
    assert words.endswith(" a.example")


def test_settings_come_from_ansibles_own_file(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\ntimeout = 5\n[ssh_connection]\nssh_args = -o ControlPersist=10m -o 'X=a b'\ncontrol_path_dir = /s\n"
    )
    assert ssh.read_settings(tmp_path / "ansible.cfg") == ssh.Settings(("-o", "ControlPersist=10m", "-o", "X=a b"), Path("/s"), 5)
    assert "ControlMaster=auto" in ssh.read_settings(tmp_path / "none.cfg").arguments


def test_host_key_checks_are_never_turned_off() -> None:
    words = (
        "StrictHostKeyChecking=no",
        "StrictHostKeyChecking=accept-new",
        "UserKnownHostsFile=/dev/null",
        "host_key_checking = False",
    )
    files = [ROOT / "fabfile.py", *ROOT.glob("ansible.cfg"), *ROOT.glob("slipway/ops/*.py"), *ROOT.glob("inventory/**/*.yml")]
    assert not [(path.name, word) for path in files for word in words if word in path.read_text(encoding="utf-8")]


def test_a_host_that_nothing_listens_for_is_an_answer_and_not_an_exception(tmp_path: Path) -> None:
    settings = ssh.Settings(("-o", "ControlMaster=no"), tmp_path / "sockets", 3)
    answer = ssh.ask(Host("gone", "127.0.0.1", 1), settings, ["true"])
    assert not answer.reached
    assert "Connection refused" in answer.errors


def test_a_conversation_with_nobody_is_an_answer_too(tmp_path: Path) -> None:
    heard: list[str] = []
    answer = ssh.converse(Host("x", "127.0.0.1", 1), ssh.Settings((), tmp_path), ["true"], b"x" * 1_000_000, heard.append)
    assert (answer.reached, answer.output, heard) == (False, "", [])
    assert "refused" in answer.errors
