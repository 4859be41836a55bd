"""The hosts of the stories: one converged host for most, a spare one for what wants a fresh host."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway import lab

from .demo_site import ROOT, Site

BASELINE = "1.0.0"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - progress of the lab


@pytest.fixture(scope="session")
def site() -> Site:
    """Return the test host, converged with the demo stack's first release."""
    lab.up(["test", "probe"], _say)
    site = Site(lab.HOSTS["test"], ROOT / "molecule/inventory/test")
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
    yield Site(lab.HOSTS["spare"], spare_inventory(tmp_path_factory.mktemp("inventory")))
    lab.power_cut("spare", _say)


def spare_inventory(folder: Path) -> Path:
    """Write the test host's inventory anew for the spare host."""
    test, spare = lab.HOSTS["test"], lab.HOSTS["spare"]
    copy = Site(test, ROOT / "molecule/inventory/test").varied(folder).inventory
    swaps = {
        "test.localhost": "spare.localhost",
        "    test:": "    spare:",
        str(test.ssh_port): str(spare.ssh_port),
        str(test.https_port): str(spare.https_port),
        str(test.http_port): str(spare.http_port),
    }
    for path in copy.rglob("*.yml"):
        text = path.read_text()
        for old, new in swaps.items():
            text = text.replace(old, new)
        path.write_text(text)
    return copy
