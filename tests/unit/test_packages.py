import os
import subprocess
from pathlib import Path

import pytest

from slipway.packages import REMOVED, failure, held, index_is_old, known, lacked, removed, upstream, versions


def test_only_installed_packages_have_a_version() -> None:
    assert versions("installed nginx 1.26.3-3+deb13u1\nconfig-files exim4 4.98-1\n") == {"nginx": "1.26.3-3+deb13u1"}


def test_what_was_installed_since_the_host_was_asked_is_told_as_lacking_then() -> None:
    now = {"nginx": "1", "certbot": "2"}
    assert lacked(["nginx", "certbot"], {"nginx": "1"}, now) == ["certbot"]
    assert lacked(["nginx", "certbot"], now, now) == []
    assert lacked(["nginx", "certbot", "runc"], {}, now) == ["runc"], "nobody asked before"


def test_only_held_packages_are_held() -> None:
    assert held("hold docker.io\ninstall nginx\ndeinstall exim4\n") == {"docker.io"}
    assert held("") == set()


@pytest.mark.parametrize(
    ("version", "authors"),
    [("1.26.3-3+deb13u1", "1.26.3"), ("1:9.2p1-2", "9.2p1"), ("3.0.13-0ubuntu3.5", "3.0.13"), ("26.1.5+dfsg1-9", "26.1.5")],
)
def test_the_version_of_the_authors_is_read(version: str, authors: str) -> None:
    assert upstream(version) == authors


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Failed to update apt cache after 5 retries: ", "the package mirror does not answer"),
        ("E: Failed to fetch http://m/x.deb  Could not connect to m:80", "the package mirror does not answer"),
        ("E: You don't have enough free space in /var: No space left on device", "the disk of the host is full"),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend", "another apt or dpkg is at work"),
        ("No package matching 'docker-compose-v2' is available", "do not hold all of these packages"),
        ("E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", "cut short"),
        ("something new", "apt failed"),
    ],
)
def test_a_failed_installation_says_its_cause_and_the_next_step(message: str, cause: str) -> None:
    told = failure(message, ["nginx"])
    assert cause in told
    assert "next: " in told


def test_an_index_without_the_package_is_worth_fetching_anew() -> None:
    assert index_is_old("No package matching 'nftables' is available")
    assert not index_is_old("E: No space left on device")


def test_what_is_known_to_be_installed_is_not_asked_again() -> None:
    assert known(["nginx", "sudo"], {"nginx": "1.26.3-3", "sudo": "1.9", "vim": "9"}) == {"nginx": "1.26.3-3", "sudo": "1.9"}


def test_one_package_that_is_not_known_asks_for_all() -> None:
    assert known(["nginx", "sudo"], {"nginx": "1.26.3-3"}) == {}


def test_a_package_that_somebody_removed_is_told_from_one_that_was_never_there() -> None:
    log = (
        "2026-11-21 08:00:00 install nginx:amd64 <none> 1.26.3-3\n"
        "2026-11-21 09:00:00 remove nginx:amd64 1.26.3-3 <none>\n"
        "2026-11-21 09:30:00 remove other:all 1 <none>\n"
        "2026-11-21 10:00:00 purge nginx:amd64 1.26.3-3 <none>\n"
        "2026-11-21 10:00:01 status not-installed nginx:amd64 <none>\n"
    )
    assert removed(log, ["nginx", "certbot"]) == {"nginx": "was removed at 2026-11-21 10:00:00"}
    assert removed("", ["nginx"]) == {}


@pytest.mark.parametrize("there", [True, False])
def test_the_log_is_read_also_where_there_is_none_yet(tmp_path: Path, *, there: bool) -> None:
    if there:
        (tmp_path / "dpkg.log").write_text("2026-11-21 12:00:00 remove nginx:all 1.26 <none>\n2026-11-21 12:00:01 install b:all")
    standard_input, never_closed = os.pipe()
    try:
        words = REMOVED.replace("/var/log", str(tmp_path))
        run = subprocess.run(["sh", "-c", words], stdin=standard_input, capture_output=True, text=True, check=False, timeout=10)
    finally:
        os.close(never_closed)
        os.close(standard_input)
    assert (list(removed(run.stdout, ["nginx", "b"])), run.stderr) == (["nginx"] if there else [], "")
