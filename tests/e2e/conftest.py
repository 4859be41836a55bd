"""The hosts of the stories: one converged host for most, a spare one for what wants a fresh host."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway import lab

from .demo_site import ROOT, Site

BASELINE = "1.0.0"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - progress of the lab


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let two files of stories run side by side, each on a host of its own."""
    parser.addoption("--host", default="test", choices=sorted(lab.HOSTS), help="the lab host that plays the test host")


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the test host, converged with the demo stack's first release."""
    name = request.config.getoption("--host")
    lab.up([name, "probe"], _say)
    own = ROOT / f"molecule/inventory/{name}"
    site = Site(lab.HOSTS[name], own if own.is_dir() else inventory_for(name, tmp_path_factory.mktemp(name)))
    site.playbook().done()
    return site


@pytest.fixture
def baseline(site: Site) -> Iterator[Site]:
    """Return the test host and bring the first release back afterwards."""
    yield site
    site.playbook().done()


@pytest.fixture(scope="session")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a host nobody touched yet; its power is cut afterwards."""
    lab.fresh("spare", _say)
    yield Site(lab.HOSTS["spare"], inventory_for("spare", tmp_path_factory.mktemp("inventory")))
    lab.power_cut("spare", _say)


def inventory_for(name: str, folder: Path) -> Path:
    """Write the test host's inventory anew for another host."""
    test, other = lab.HOSTS["test"], lab.HOSTS[name]
    copy = Site(test, ROOT / "molecule/inventory/test").varied(folder).inventory
    swaps = {
        "test.localhost": f"{name}.localhost",
        "    test:": f"    {name}:",
        str(test.ssh_port): str(other.ssh_port),
        str(test.https_port): str(other.https_port),
        str(test.http_port): str(other.http_port),
    }
    for path in copy.rglob("*.yml"):
        text = path.read_text()
        for old, new in swaps.items():
            text = text.replace(old, new)
        path.write_text(text)
    return copy
