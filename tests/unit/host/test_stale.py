"""Why a host wants a reboot, from files as the kernel and packages write them."""

from pathlib import Path

import pytest

from slipway.host.stale import reasons

# Recorded on Debian 13 after libssl was replaced under a running nginx.
OLD = "7f2c1a000000-7f2c1a05e000 r-xp 00026000 08:01 1311 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
NOW = "7f2c1a000000-7f2c1a05e000 r-xp 00026000 08:01 1977 /usr/lib/x86_64-linux-gnu/libssl.so.3\n"
OTHER = """\
7f2c1b000000-7f2c1b05e000 rw-s 00000000 00:01 12 /dev/zero (deleted)
7f2c1c000000-7f2c1c001000 r-xp 00000000 00:01 9 /memfd:code (deleted)
"""


def process(root: Path, number: int, cgroup: str, maps: str) -> None:
    folder = root / "proc" / str(number)
    folder.mkdir(parents=True)
    (folder / "cgroup").write_text(f"{cgroup}\n")
    (folder / "maps").write_text(maps)


def test_a_host_as_it_started_wants_none(tmp_path: Path) -> None:
    process(tmp_path, 10, "0::/system.slice/nginx.service", NOW + OTHER)
    assert reasons(tmp_path) == []


def test_what_packages_ask_for_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/reboot-required").touch()
    assert reasons(tmp_path) == ["an update asks for it: it does not say which"]
    (tmp_path / "run/reboot-required.pkgs").write_text("linux-image-6.12.1-amd64\ndbus\ndbus\n")
    assert reasons(tmp_path) == ["an update asks for it: linux-image-6.12.1-amd64, dbus"]


@pytest.mark.parametrize("cgroup", ["0::/system.slice/nginx.service", "1:name=systemd:/docker/12ab/system.slice/nginx.service"])
def test_a_service_on_replaced_libraries_is_told(tmp_path: Path, cgroup: str) -> None:
    process(tmp_path, 10, cgroup, NOW + OLD)
    process(tmp_path, 11, cgroup, OLD)
    assert reasons(tmp_path) == ["running on replaced libraries: nginx"]


@pytest.mark.parametrize(
    "cgroup",
    ["0::/system.slice/docker-12ab.scope", "0::/user.slice/user-1000.slice/session-3.scope", "1:name=systemd:/docker/12ab"],
)
def test_containers_and_peoples_sessions_are_no_reason(tmp_path: Path, cgroup: str) -> None:
    process(tmp_path, 10, cgroup, OLD)
    assert reasons(tmp_path) == []


def test_a_process_that_ended_meanwhile_is_none(tmp_path: Path) -> None:
    (tmp_path / "proc/12").mkdir(parents=True)
    assert reasons(tmp_path) == []
