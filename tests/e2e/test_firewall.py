"""What another host on the network reaches, over both families, whatever happens to the firewall's neighbours."""

import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway import lab
from slipway.ops.firewall_reading import read_listeners

from .demo_site import ROOT, Site
from .outside import Outside
from .test_releases import answers_again, power_cut, wait_until

DECLARED = [22, 80, 443]
UNDECLARED, OPENED, NARROWED = 7001, 7002, 7003
PUBLISHED = 5432
IMAGE = "redis:8"
INNER_PORT = 6379
OPENINGS = [
    {"port": OPENED, "why": 'a test "knocks" here'},
    {"port": NARROWED, "sources": ["192.0.2.0/24", "2001:db8::/32"], "why": "others may knock"},
]


@pytest.fixture(scope="module")
def outside(site: Site) -> Iterator[Outside]:
    found = Outside(lab.HOSTS["probe"], site)
    found.give_addresses()
    yield found
    found.take_addresses()


@pytest.fixture
def planted(site: Site) -> Iterator[None]:
    """Listeners on all addresses, of both families."""
    for port in (UNDECLARED, OPENED, NARROWED):
        site.shell(f"systemd-run --quiet --collect --unit planted-{port} python3 -m http.server --bind :: {port}")
    wait_until(lambda: {UNDECLARED, OPENED, NARROWED} <= listening(site), 20, "the planted listeners")
    yield
    site.shell(f"systemctl stop planted-{UNDECLARED} planted-{OPENED} planted-{NARROWED}")


@pytest.fixture
def published(site: Site) -> Iterator[str]:
    """A container that publishes a port on all addresses; its own address."""
    run = f"docker run --detach --restart=always --name published --publish {PUBLISHED}:{INNER_PORT} {IMAGE}"
    site.shell(f"docker rm --force published 2>/dev/null; {run}")
    yield site.shell("docker inspect --format '{{.NetworkSettings.IPAddress}}' published").strip()
    site.shell("docker rm --force --volumes published")


@pytest.fixture
def opened(site: Site, tmp_path: Path) -> Iterator[Site]:
    wanted = site.varied(tmp_path, {"openings": OPENINGS})
    wanted.playbook("--tags", "firewall").done()
    yield wanted
    site.playbook("--tags", "firewall").done()


def listening(site: Site) -> set[int]:
    found = read_listeners(site.shell("ss -Hltnup"))
    return {one.port for one in found if one.protocol == "tcp" and one.outside}


def fab_firewall(site: Site) -> tuple[int, dict[str, Any]]:
    argv = [str(ROOT / ".venv/bin/fab"), "firewall", "--env", str(site.inventory), "--json"]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode in (0, 6), run.stderr
    (found,) = json.loads(run.stdout)
    return run.returncode, dict(found)


def everything(site: Site) -> list[int]:
    """Return what is knocked at each time: the declared ports, every listener found on the host, 200 ports by chance."""
    chosen = random.sample(range(1, 65536), 200)
    return sorted({*DECLARED, *listening(site), *chosen})


def restart_docker(site: Site) -> None:
    site.shell("systemctl reset-failed docker docker.socket; systemctl restart docker")


def reload_firewall(site: Site) -> None:
    site.shell("systemctl reload slipway-firewall")


def reboot(site: Site) -> None:
    lab.reboot(site.host.name, print)
    answers_again(site, 120)


def cut_power(site: Site) -> None:
    power_cut(site.host.name, print)
    answers_again(site, 120)


@pytest.mark.feature("F01")
def test_of_all_tcp_ports_the_declared_ones_are_let_in_and_no_other(outside: Outside, planted: None, published: str) -> None:
    assert {UNDECLARED, PUBLISHED} <= listening(outside.site)
    assert outside.reached("1-65535") == outside.each(DECLARED)


def test_a_listener_is_found_where_it_is_declared_and_only_there(outside: Outside, planted: None, opened: Site) -> None:
    ports = (*DECLARED, UNDECLARED, OPENED, NARROWED)
    assert outside.reached(*ports) == outside.each([*DECLARED, OPENED])
    assert [kinds["open"] for kinds in outside.scan(OPENED).values()] == [[OPENED], [OPENED]]
    code, told = fab_firewall(opened)
    assert (code, told["differences"]) == (0, [])
    shown = {opening["port"]: opening for opening in told["openings"]}
    assert (shown[OPENED]["why"], shown[OPENED]["programs"]) == (OPENINGS[0]["why"], ["python3"])
    assert UNDECLARED in {one["port"] for one in told["shut"]}


@pytest.mark.sweep
def test_a_rule_that_somebody_added_is_told_and_goes_with_the_next_run(outside: Outside, planted: None) -> None:
    site = outside.site
    site.shell(f"nft add rule inet slipway openings tcp dport {UNDECLARED} accept")
    assert outside.reached(UNDECLARED) == outside.each([UNDECLARED])
    assert fab_firewall(site)[1]["differences"] == [f"tcp {UNDECLARED} from everywhere is let in and not declared"]
    assert site.playbook("--tags", "firewall", "--check").done().changed == 1
    site.playbook("--tags", "firewall").done()
    assert outside.reached(UNDECLARED) == outside.each([])
    assert fab_firewall(site)[0] == 0
    assert site.playbook("--tags", "firewall").done().changed == 0


ACTS = [
    restart_docker,
    reload_firewall,
    pytest.param(reboot, marks=pytest.mark.sweep),
    pytest.param(cut_power, marks=pytest.mark.sweep),
]


@pytest.mark.parametrize("act", ACTS)
def test_nothing_more_is_let_in_afterwards(outside: Outside, published: str, act: Callable[[Site], None]) -> None:
    site = outside.site
    act(site)
    outside.give_addresses()
    wait_until(lambda: PUBLISHED in listening(site), 60, "the published port")
    inner = site.shell("docker inspect --format '{{.NetworkSettings.IPAddress}}' published").strip()
    assert outside.reached(*everything(site)) == outside.each(DECLARED)
    with outside.routing(f"{inner}/32"):
        assert outside.reached(INNER_PORT, *DECLARED, addresses=[inner]) == {inner: []}


def test_it_is_the_firewall_that_keeps_containers_from_being_reached(outside: Outside, published: str) -> None:
    """Without its two verdicts the same knocks are answered: the scans above could have failed."""
    site = outside.site
    with outside.routing(f"{published}/32"):
        assert outside.reached(INNER_PORT, addresses=[published]) == {published: []}
        stranger = f"ip saddr {outside.prober.address} accept"
        site.shell(f"for chain in early forward; do nft insert rule inet slipway $chain {stranger}; done")
        try:
            assert outside.reached(PUBLISHED)[site.host.address] == [PUBLISHED]
            assert outside.reached(INNER_PORT, addresses=[published]) == {published: [INNER_PORT]}
        finally:
            reload_firewall(site)
        assert outside.reached(PUBLISHED) == outside.each([])


@pytest.mark.feature("F01")
def test_a_container_reaches_the_edge_of_its_own_host_and_nothing_else(site: Site, planted: None, published: str) -> None:
    ports = " ".join(map(str, (*DECLARED, UNDECLARED)))
    knock = f'timeout 2 bash -c "</dev/tcp/{site.host.address}/$port" 2>/dev/null; test $? = 124 || echo $port'
    said = site.shell(f"docker exec -i published bash <<'END'\nfor port in {ports}; do {knock}; done\nEND")
    assert said.split() == ["80", "443"]
