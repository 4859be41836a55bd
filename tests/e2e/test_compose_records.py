"""The recorded answers of Docker Compose are still what its CLI answers on the lab's hosts."""

import pytest

from slipway import lab
from tests.compose import corpus, theirs

from .demo_site import Site

UBUNTU_CLI = "command -v docker >/dev/null || (apt-get update && apt-get install -y --no-install-recommends docker-compose-v2)"


@pytest.mark.sweep  # only another version of Compose changes them
def test_debians_compose_answers_as_recorded(site: Site) -> None:
    _still_as_recorded(theirs.on_host(site.host.container))


@pytest.mark.sweep
def test_ubuntus_compose_answers_as_recorded() -> None:
    lab.up(["noble"], print)
    host = theirs.on_host(lab.HOSTS["noble"].container)
    theirs.run_on_machine(host, "sh", "-c", UBUNTU_CLI)
    _still_as_recorded(host)


def _still_as_recorded(cli: theirs.Cli) -> None:
    version = theirs.version(cli)
    if version not in corpus.versions():
        pytest.fail(f"Compose {version} is not recorded yet: run `.venv/bin/python tests/compose/compare.py --host HOST`")
    assert corpus.answers(cli) == corpus.recorded(version)
