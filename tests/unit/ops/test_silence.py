"""Why a host says nothing, from what OpenSSH and sudo really print."""

import pytest

from slipway.errors import HostError
from slipway.ops.hosts import Host
from slipway.ops.silence import HostSaid, told, why_silent
from slipway.ops.ssh import Answer

HOST = Host("demo", "127.0.0.1", 2201, "ops")


@pytest.mark.parametrize(
    ("code", "errors", "cause", "next_step"),
    [
        (255, "ops@127.0.0.1: Permission denied (publickey).", "refuses the key", "ssh -p 2201"),
        (255, "ssh: connect to host 127.0.0.1 port 2201: Connection refused", "nothing listens", "ansible_port"),
        (255, "no answer within 60 seconds: connection timed out", "no answer in time", "whether the host runs"),
        (1, "sudo: a password is required", "sudo wants a password", "--ask-become-pass"),
        (1, "sudo: /usr/local/sbin/slipway: command not found", "not on this host", "site.yml --limit demo"),
        (9, "first line\nsomething new", "something new", "fab ssh --host demo"),
        (9, "", "exit code 9", "fab ssh --host demo"),
    ],
)
def test_each_silence_has_a_cause_and_a_next_step(code: int, errors: str, cause: str, next_step: str) -> None:
    silence = why_silent(HOST, Answer(code, "", errors))
    assert cause in silence.cause
    assert next_step in silence.next_step


def test_a_silence_becomes_an_error_of_the_host() -> None:
    with pytest.raises(HostError, match=r"demo: ops@127\.0\.0\.1:2201: the host refuses the key"):
        told(HOST, Answer(255, "", "Permission denied (publickey)."))


def test_what_the_hosts_own_command_says_keeps_its_words_and_its_exit_code() -> None:
    words = "nothing runs of service 'aip' of demo\n  next: services that do: api, db"
    with pytest.raises(HostSaid) as said:
        told(HOST, Answer(2, "", f"{words}\n"))
    assert (str(said.value), said.value.exit_code) == (f"demo: {words}", 2)
