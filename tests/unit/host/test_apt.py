"""Versions as apt tells them, and packages packed from what is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from slipway.errors import HostError
from slipway.host.apt import Apt, Versions, control_of, versions
from slipway.host.docker_upgrade import PACKAGES
from slipway.host.runner import Runner

POLICY = """\
docker.io:
  Installed: 26.1.5+dfsg1-9+deb13u1
  Candidate: 26.1.5+dfsg1-9+deb13u2
  Version table:
     26.1.5+dfsg1-9+deb13u2 500
 *** 26.1.5+dfsg1-9+deb13u1 100
runc:
  Installed: 1.1.15+ds1-2+b4
  Candidate: 1.1.15+ds1-2+b4
  Version table:
 *** 1.1.15+ds1-2+b4 500
docker-ce:
  Installed: (none)
  Candidate: 5:29.1.0-1
"""
STATUS = """\
Package: docker.io
Status: hold ok installed
Version: 26.1.5+dfsg1-9+deb13u1
Config-Version: 26.1.5+dfsg1-9+deb13u1
Conffiles:
 /etc/default/docker 17ab
 /etc/init.d/docker 94cd
Description: Linux container runtime
 Docker complements kernel namespacing.
"""


def test_versions_of_what_is_installed() -> None:
    found = versions(POLICY)
    assert found == {
        "docker.io": Versions("26.1.5+dfsg1-9+deb13u1", "26.1.5+dfsg1-9+deb13u2"),
        "runc": Versions("1.1.15+ds1-2+b4", "1.1.15+ds1-2+b4"),
    }
    assert [name for name, one in found.items() if one.newer] == ["docker.io"]


def test_a_control_file_is_what_dpkg_says_without_what_it_adds() -> None:
    assert control_of(STATUS) == (
        "Package: docker.io\nVersion: 26.1.5+dfsg1-9+deb13u1\n"
        "Description: Linux container runtime\n Docker complements kernel namespacing.\n"
    )


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="packs a package of this machine, which is no Debian")
def test_an_installed_package_is_packed_as_it_is(tmp_path: Path) -> None:
    name = "base-files"  # everywhere: conffiles, scripts, links, modes of its own
    Apt(Runner()).keep([name], tmp_path)
    packed = tmp_path / f"{name}.deb"
    assert [path.name for path in tmp_path.iterdir()] == [packed.name]

    def said(*argv: str) -> str:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    assert said("dpkg-deb", "--field", str(packed), "Version") == said("dpkg-query", "-W", "-f", "${Version}\n", name)
    assert said("dpkg-deb", "--field", str(packed), "Status").strip() == ""
    listed = {line.split()[5].removeprefix(".").rstrip("/") for line in said("dpkg-deb", "--contents", str(packed)).splitlines()}
    there = {path for path in said("dpkg-query", "--listfiles", name).split() if path != "/." and Path(path).exists()}
    assert there <= listed


def test_going_back_without_a_kept_package_says_so(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no earlier packages are kept"):
        Apt(Runner()).put_back(tmp_path)


def test_every_package_the_role_holds_is_known_to_the_upgrade() -> None:
    defaults = yaml.safe_load((Path(__file__).parents[3] / "roles/docker/defaults/main.yml").read_text())
    assert {name for names in defaults["docker_packages"].values() for name in names} <= set(PACKAGES)
