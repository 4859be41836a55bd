"""What the containers of a stack may open outside: asked of another host on the network, from within a container."""

import json
from collections.abc import Iterator

import pytest

from slipway import lab
from slipway.ops.egress_reading import NOT_LOADED
from slipway.render import egress

from .demo_site import Site
from .outside import inside
from .test_firewall import fab_firewall
from .test_releases import wait_until

MAIL, ALLOWED, OTHER = 25, 587, 8025
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
TABLE = "inet slipway_egress"


@pytest.fixture(scope="module")
def peer() -> Iterator[lab.LabHost]:
    """Another host that listens on three ports."""
    host = lab.HOSTS["probe"]
    for port in (MAIL, ALLOWED, OTHER):
        inside(host, "systemd-run", "--quiet", "--collect", "--unit", f"peer-{port}", "python3", "-m", "http.server", str(port))
    wait_until(lambda: inside(host, "ss", "-Hltn").count(":25 ") == 1, 20, "the peer listens")
    yield host
    inside(host, "systemctl", "stop", *(f"peer-{port}" for port in (MAIL, ALLOWED, OTHER)))


def opened(site: Site, peer: lab.LabHost) -> list[int]:
    """Return the ports of the peer that a container of the stack could open; the others refused at once."""
    api = next(name for name in site.containers() if "-api-" in name)
    said = {
        port: site.shell(f'docker exec {api} python3 -c "{CONNECT}" {peer.address} {port} 2>&1; true')
        for port in (MAIL, ALLOWED, OTHER)
    }
    assert {"ConnectionRefusedError" in text for text in said.values() if text} <= {True}, said
    return [port for port, text in said.items() if not text]


def test_a_container_may_open_anything_but_mail_where_the_stack_says_nothing(site: Site, peer: lab.LabHost) -> None:
    site.shell(f"python3 -c '{CONNECT}' {peer.address} {MAIL}")
    assert opened(site, peer) == [ALLOWED, OTHER]


@pytest.mark.feature("F01")
def test_a_container_may_open_what_its_stack_names_and_nothing_else(site: Site, peer: lab.LabHost) -> None:
    networks = json.loads(site.shell("cat /var/lib/slipway/demo/egress.json"))
    named = egress.rules(dict.fromkeys(networks, (ALLOWED,)))
    site.shell(f"nft -f - <<'END'\n{named}END")
    try:
        assert opened(site, peer) == [ALLOWED]
    finally:
        site.shell("slipway resume demo")
    assert opened(site, peer) == [ALLOWED, OTHER]


def test_the_fence_is_there_before_docker_starts(site: Site, peer: lab.LabHost) -> None:
    site.shell(f"nft delete table {TABLE}")
    assert opened(site, peer) == [MAIL, ALLOWED, OTHER], "without the fence nothing is refused"
    assert fab_firewall(site)[1]["differences"] == [NOT_LOADED]
    site.shell("systemctl restart slipway-firewall")
    assert opened(site, peer) == [ALLOWED, OTHER]
    code, told = fab_firewall(site)
    assert (code, [fence["in_force"] for fence in told["egress"]]) == (0, [True])
    assert told["egress"][0]["networks"] == list(json.loads(site.shell("cat /var/lib/slipway/demo/egress.json")))
