"""The words OpenSSH, sudo and dash use for each way of staying outside, as Ansible hands them over."""

import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from slipway.entry import Door, Host, Refusal, asking, both, host_of, refusal, still_holds

DOOR = Door("ops", "203.0.113.10", 2201, "~/.ssh/id")
SSH = "Failed to connect to the host via ssh: "
CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Add correct host key in /home/ann/.cache/known to get rid of this message.
Offending ED25519 key in /home/ann/.cache/known:3
Host key for [203.0.113.10]:2201 has changed and you have requested strict checking.
Host key verification failed."""


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (f"{SSH}ops@203.0.113.10: Permission denied (publickey).", "key refused"),
        (f"{SSH}Received disconnect: 2: Too many authentication failures", "key refused"),
        (f"{SSH}{CHANGED}", "host key changed"),
        (f"{SSH}No ED25519 host key is known for [x]:1 and you have requested strict checking.", "host key unknown"),
        (f"{SSH}Host key verification failed.", "host key unknown"),
        (f"{SSH}ssh: connect to host x port 22: Connection refused", "refused"),
        (f"{SSH}ssh: connect to host x port 22: Connection timed out", "timeout"),
        (f"{SSH}Connection timed out during banner exchange", "timeout"),
        (f"{SSH}ssh: connect to host x port 22: No route to host", "unreachable"),
        (f"{SSH}ssh: Could not resolve hostname nope.invalid: Name or service not known", "name"),
        (f"{SSH}kex_exchange_identification: Connection closed by remote host", "closed"),
        (f"{SSH}Not allowed at this time", "closed"),
        (f"{SSH}Warning: Identity file /x not accessible: No such file.\nx: Permission denied (publickey).", "key file"),
        ("Incorrect sudo password", "password"),
        ("Missing sudo password", "password"),
        ("sudo: a password is required", "password"),
        ("ann is not in the sudoers file.", "sudo"),
        ("/bin/sh: 1: sudo: not found", "sudo"),
        ("/bin/sh: 1: /usr/bin/python3: not found", "python"),
        ("something new", "unknown"),
    ],
)
def test_each_way_of_staying_outside_has_its_cause(words: str, kind: str) -> None:
    found = refusal(words, DOOR)
    assert found.kind == kind
    assert found.next_step


def test_a_changed_host_key_prints_the_remedy_for_the_right_file() -> None:
    assert "`ssh-keygen -f /home/ann/.cache/known -R '[203.0.113.10]:2201'`" in refusal(CHANGED, DOOR).next_step


def test_the_remedy_that_ssh_prints_itself_is_taken_over() -> None:
    own = '  remove with:\n  ssh-keygen -f "/k" -R "jump"\n'
    assert '`ssh-keygen -f "/k" -R "jump"`' in refusal(CHANGED + "\n" + own, DOOR).next_step


def test_a_host_on_the_usual_port_is_known_by_its_bare_name() -> None:
    assert Door("ops", "h").address == "h"


def test_no_connection_and_no_sudo_are_told_apart() -> None:
    assert refusal("Connection refused", DOOR).unreachable
    assert not refusal("Missing sudo password", DOOR).unreachable


def test_two_refusals_name_both_users() -> None:
    words = "Permission denied (publickey)."
    told = str(both(refusal(words, DOOR), refusal(words, Door("root", "203.0.113.10", 2201))))
    assert "ops@203.0.113.10:2201" in told
    assert "root@203.0.113.10:2201" in told


OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\nPython 3.13.5\n'


def test_a_host_says_what_it_is() -> None:
    assert host_of(f"0\n{OS_RELEASE}", DOOR) == Host("debian", "13", "trixie")


@pytest.mark.parametrize(("output", "kind"), [(f"1000\n{OS_RELEASE}", "sudo"), ("0\nID=alpine\n", "system")])
def test_a_host_that_cannot_be_ours_is_refused(output: str, kind: str) -> None:
    found = host_of(output, DOOR)
    assert isinstance(found, Refusal)
    assert found.kind == kind


def test_the_probe_runs_as_root_only_and_its_failure_is_not_taken_for_a_shut_door() -> None:
    said = [
        subprocess.run(["sh", "-c", asking(program).replace("id -u", who)], capture_output=True, text=True, check=False)
        for who, program in (("echo 0", "echo probed"), ("echo 0", "false"), ("echo 1000", "echo probed"))
    ]
    assert [done.returncode for done in said] == [0, 0, 0]
    assert ["probed" in done.stdout for done in said] == [True, False, False]


KNOWN = {"user": "ops", "probe": {"up": ["ssh.service"], "files": {"guards": ["firewall"]}}}


@pytest.mark.parametrize(
    ("known", "user", "guard", "holds"),
    [
        (KNOWN, "ops", "users", True),
        (KNOWN, "ops", "firewall", False),  # a change of an earlier run waits
        (KNOWN, "root", "users", False),
        ({"user": "ops"}, "ops", "users", False),
        ({}, "ops", "users", False),
        ({**KNOWN, "probe": {"up": [], "files": {"guards": []}}}, "ops", "users", False),  # sshd is down: open connections last
    ],
)
def test_a_new_login_is_spared_only_where_nothing_asks_for_one(
    known: Mapping[str, Any], user: str, guard: str, holds: bool
) -> None:
    assert still_holds(known, user, guard) is holds
