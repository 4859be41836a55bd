"""What is told of a host, from outputs recorded on a Debian 13 host."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.host_probe import DAEMONS, Seen, answer, is_loopback, packages, ports, read_answer, read_units, seconds
from slipway.host_reading import changes

STATUS = """\
Package: docker.io
Status: install ok installed
Version: 26.1.5+dfsg1-9+deb13u1
Description: engine
 Version: of a continued line

Package: nginx
Status: hold ok installed
Version: 1.26.3-3+deb13u11

Package: exim4
Status: deinstall ok config-files
Version: 4.98.2-1

Package: half
Status: install ok half-installed
Version: 1
"""
UNITS = """\
ReloadResult=success
ExecMainStartTimestamp=Sat 2026-11-21 12:48:35.846994 UTC
Id=ssh.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
StateChangeTimestamp=Sat 2026-11-21 12:48:48.431028 UTC
ActiveEnterTimestamp=Sat 2026-11-21 12:48:35.895441 UTC
NeedDaemonReload=no

ReloadResult=success
ExecMainStartTimestamp=Sat 2026-11-21 12:49:10.657186 UTC
Id=docker.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
StateChangeTimestamp=Sat 2026-11-21 12:49:11.558420 UTC
ActiveEnterTimestamp=Sat 2026-11-21 12:49:11.558420 UTC
NeedDaemonReload=yes

ReloadResult=success
ExecMainStartTimestamp=Sat 2026-11-21 12:49:30.000000 UTC
Id=nginx.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
StateChangeTimestamp=Sat 2026-11-21 12:49:30.200000 UTC
ActiveEnterTimestamp=Sat 2026-11-21 12:49:30.200000 UTC
NeedDaemonReload=no

Id=slipway-resume.service
LoadState=loaded
ActiveState=inactive
UnitFileState=enabled
StateChangeTimestamp=
ActiveEnterTimestamp=
ExecMainStartTimestamp=
NeedDaemonReload=no

Id=certbot.timer
LoadState=loaded
ActiveState=active
UnitFileState=disabled
StateChangeTimestamp=Sat 2026-11-21 12:49:33.973581 UTC
ActiveEnterTimestamp=Sat 2026-11-21 12:49:33.973581 UTC
NeedDaemonReload=no

Id=slipway-certs.timer
LoadState=not-found
ActiveState=inactive
UnitFileState=
NeedDaemonReload=no
"""
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:8D3B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7495171 1
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7487789 1
   4: 0B00007F:9ECB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7480857 1
   6: 5A00D40A:0016 0100D40A:A520 01 00000000:00000000 02:000A4ADF 00000000     0        0 7485980 2
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 00000000:00000000
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
12462: 0B00007F:C6B4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7480856 2
12463: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7480857 2
"""
MOUNTS = """\
1 0 0:1 / / rw - overlay overlay rw
2 1 0:2 / /srv/two\\040words rw,nosuid shared:1 - ext4 /dev/sda1 rw
"""
DOCKER = b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"Version": "26.1.5"}'
NGINX = b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\n\r\n"
SEEN = Seen(
    status=STATUS,
    units=UNITS,
    changed={},
    now=seconds("Sat 2026-11-21 13:00:00.000000 UTC"),
    passwd="root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000:,,,:/home/ops:/bin/bash\n",
    mounts=MOUNTS,
    sockets={"tcp": TCP, "tcp6": TCP6, "udp": UDP, "udp6": ""},
    routes="",
    system={"kernel": "6.18.44"},
    engine="0123456789abcdef",
    files={"cut_short": False},
    accounts={"ours": ["ops"]},
    replies={"docker.service": DOCKER, "nginx.service": NGINX},
    rules_in_force=True,
)


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-11-21 {clock}").replace(tzinfo=UTC).timestamp()


def outdated(changed: Mapping[str, str], **seen: Any) -> list[str]:
    times = {path: at(clock) for path, clock in changed.items()}
    told: list[str] = answer(replace(SEEN, changed=times, **seen))["outdated"]
    return told


def test_only_what_is_installed_whole_is_a_package() -> None:
    assert packages(STATUS) == {"docker.io": "26.1.5+dfsg1-9+deb13u1", "nginx": "1.26.3-3+deb13u11"}


def test_what_is_held_is_told() -> None:
    assert answer(SEEN)["held"] == ["nginx"]


def test_units_that_are_not_there_are_not_told() -> None:
    assert "slipway-certs.timer" not in read_units(UNITS)


def test_up_is_what_runs_starts_at_boot_and_answers() -> None:
    assert answer(SEEN)["up"] == ["ssh.service", "docker.service", "nginx.service", "slipway-resume.service"]


@pytest.mark.parametrize(
    ("unit", "reply"),
    [
        ("docker.service", b""),
        ("docker.service", b"HTTP/1.0 500 Internal Server Error\r\n\r\n"),
        ("nginx.service", b""),
        ("nginx.service", b"HTTP/1.1 200 OK\r\n\r\nanother server"),
        ("nginx.service", b"SSH-2.0-OpenSSH\r\n"),
    ],
)
def test_a_daemon_that_runs_and_does_not_answer_is_not_up(unit: str, reply: bytes) -> None:
    told = answer(replace(SEEN, replies={**SEEN.replies, unit: reply}))
    assert unit not in told["up"]
    assert (told["docker"] == "") == (unit == "docker.service")


def test_a_daemon_that_stands_still_is_not_up() -> None:
    stopped = UNITS.replace(
        "Id=nginx.service\nLoadState=loaded\nActiveState=active", "Id=nginx.service\nLoadState=loaded\nActiveState=failed"
    )
    told = answer(replace(SEEN, units=stopped))
    assert "nginx.service" not in told["up"]
    assert "nginx.service" not in told["outdated"]  # it reads all anew when it starts


@pytest.mark.parametrize(
    ("path", "clock", "who"),
    [
        ("/etc/ssh/sshd_config.d/00-slipway.conf", "12:48:48.4", []),  # before its last reload
        ("/etc/ssh/sshd_config.d/00-slipway.conf", "12:48:48.5", ["ssh.service"]),
        ("/etc/ssh/sshd_config.d", "12:48:48.5", ["ssh.service"]),  # a file was removed
        ("/etc/systemd/system/ssh.service.d/slipway.conf", "12:48:48.5", ["ssh.service"]),
        ("/etc/ssh/moduli", "12:59:00", []),
        ("/etc/docker/daemon.json", "12:49:10.6", []),
        ("/etc/docker/daemon.json", "12:49:10.7", ["docker.service"]),  # while it started: read or not, nobody knows
        ("/etc/nginx/nginx.conf", "12:49:29.9", []),
        ("/etc/nginx/slipway/snippets/tls.conf", "12:49:31", ["nginx.service"]),
        ("/etc/nginx/slipway/snippets-of-mine", "12:49:31", []),
        ("/etc/nginx/nginx.conf", "13:00:01", []),  # the clock went back: nothing can be said
    ],
)
def test_a_daemon_older_than_its_files_is_outdated_and_only_it(path: str, clock: str, who: list[str]) -> None:
    assert outdated({path: clock}) == who


def test_what_is_outdated_is_not_up() -> None:
    told = answer(replace(SEEN, changed={"/etc/docker/daemon.json": at("12:50:00")}))
    assert "docker.service" not in told["up"]
    assert "nginx.service" in told["up"]


def test_docker_is_not_taken_for_reloaded() -> None:
    reloaded = UNITS.replace(
        "StateChangeTimestamp=Sat 2026-11-21 12:49:11.558420", "StateChangeTimestamp=Sat 2026-11-21 12:55:00.000000"
    )
    assert outdated({"/etc/docker/daemon.json": "12:50:00"}, units=reloaded) == ["docker.service"]


def test_a_reload_that_failed_is_made_up_for() -> None:
    failed = UNITS.replace(
        "ReloadResult=success\nExecMainStartTimestamp=Sat 2026-11-21 12:48:35",
        "ReloadResult=exit-code\nExecMainStartTimestamp=Sat 2026-11-21 12:48:35",
    )
    assert outdated({}, units=failed) == ["ssh.service"]


def test_a_unit_systemd_has_not_read_is_outdated_and_no_daemon_restarts_for_that() -> None:
    unread = UNITS.replace("UnitFileState=disabled", "UnitFileState=enabled").removesuffix("\n").split("\n\n")
    text = "\n\n".join(block.replace("NeedDaemonReload=no", "NeedDaemonReload=yes") for block in unread)
    assert outdated({}, units=text) == ["slipway-resume.service", "certbot.timer"]


FIREWALL = """\

ReloadResult=success
ExecMainStartTimestamp=Sat 2026-11-21 12:49:05.000000 UTC
Id=slipway-firewall.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
StateChangeTimestamp=Sat 2026-11-21 12:49:05.100000 UTC
ActiveEnterTimestamp=Sat 2026-11-21 12:49:05.100000 UTC
NeedDaemonReload=no
"""


@pytest.mark.parametrize(
    ("changed", "in_force", "who"),
    [
        ({}, True, []),
        ({"/etc/slipway/firewall.nft": "12:49:04"}, True, []),
        ({"/etc/slipway/firewall.nft": "12:49:06"}, True, ["slipway-firewall.service"]),
        ({"/etc/systemd/system/slipway-firewall.service": "12:49:06"}, True, ["slipway-firewall.service"]),
        ({}, False, ["slipway-firewall.service"]),  # somebody changed the rules in the kernel
        ({"/etc/slipway/firewall.nft": "12:49:06"}, False, ["slipway-firewall.service"]),
    ],
)
def test_the_firewall_is_outdated_where_its_unit_or_its_rules_are(
    changed: dict[str, str], in_force: bool, who: list[str]
) -> None:
    assert outdated(changed, units=UNITS + FIREWALL, rules_in_force=in_force) == who


def test_rules_that_are_gone_are_loaded_anew_whatever_their_unit_does() -> None:
    stopped = FIREWALL.replace("ActiveState=active", "ActiveState=inactive")
    assert outdated({}, units=UNITS + stopped, rules_in_force=False) == ["slipway-firewall.service"]


def test_ports_are_those_others_may_reach() -> None:
    assert ports(SEEN.sockets) == {"tcp": [22, 80], "udp": [68]}
    assert not is_loopback("5A00D40A")


def test_mounts_users_and_versions_are_told() -> None:
    told = answer(SEEN)
    assert told["mounts"] == {"/": "overlay", "/srv/two words": "ext4"}
    assert told["users"]["ops"] == {"uid": 1000, "home": "/home/ops", "shell": "/bin/bash"}
    assert (told["docker"], told["engine"]) == ("26.1.5", "0123456789abcdef")


def test_sshd_starts_at_boot_by_its_own_unit_or_by_its_socket() -> None:
    disabled = UNITS.replace("UnitFileState=enabled", "UnitFileState=disabled", 1)
    socket = "\n\nId=ssh.socket\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no"
    for units, starts in ((UNITS, True), (disabled, False), (disabled + socket, True)):
        told = answer(replace(SEEN, units=units))
        assert ("ssh.service" in told["at_boot"], "ssh.service" in told["up"]) == (starts, starts)


def test_a_masked_unit_is_told_and_neither_up_nor_outdated() -> None:
    masked = UNITS.replace("LoadState=loaded", "LoadState=masked", 1).replace("=enabled", "=masked", 1)
    told = answer(replace(SEEN, units=masked, changed={"/etc/ssh/sshd_config": SEEN.now}))
    assert told["units"]["ssh.service"]["UnitFileState"] == "masked"
    assert "ssh.service" not in (*told["up"], *told["outdated"], *told["at_boot"])


def test_a_fresh_host_has_nothing_up() -> None:
    bare = "\n\n".join(
        f"Id={name}\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\nNeedDaemonReload=no" for name in DAEMONS
    )
    told = answer(replace(SEEN, units=bare, replies={}, status="", engine="", rules_in_force=False))
    assert (told["up"], told["outdated"], told["docker"], told["packages"]) == ([], [], "", {})


def test_the_time_of_a_file_is_one_no_tool_sets(tmp_path: Any) -> None:
    (tmp_path / "one.conf").write_text("")
    os.utime(tmp_path / "one.conf", (0, 0))
    found = changes([str(tmp_path), str(tmp_path / "none")])
    assert set(found) == {str(tmp_path), str(tmp_path / "one.conf")}
    assert found[str(tmp_path / "one.conf")] > 0


def test_words_before_the_answer_do_not_hurt() -> None:
    assert read_answer(0, f"welcome\n{json.dumps({'up': []})}\n", "") == {"changed": False, "up": []}


@pytest.mark.parametrize(("code", "output"), [(1, "{}"), (0, "nothing")])
def test_no_answer_is_a_failure_with_a_next_step(code: int, output: str) -> None:
    told = read_answer(code, output, "Traceback")
    assert told["failed"]
    assert "Traceback" in told["msg"]
    assert "next: " in told["msg"]
