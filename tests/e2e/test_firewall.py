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
UDP_UNDECLARED, UDP_OPENED, UDP_NARROWED = 7101, 7102, 7103
PUBLISHED, UDP_PUBLISHED = 5432, 5433
IMAGE = "redis:8"
INNER_PORT = 6379
ECHO = """\
import socket
door = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
door.bind(("::", {}))
while True: door.sendto(*door.recvfrom(64))
"""
OPENINGS = [
    {"port": OPENED, "why": 'a test "knocks" here'},
    {"port": NARROWED, "sources": ["192.0.2.0/24", "2001:db8::/32"], "why": "others may knock"},
    {"port": UDP_OPENED, "protocol": "udp", "why": "a test calls here"},
    {"port": UDP_NARROWED, "protocol": "udp", "sources": ["192.0.2.0/24", "2001:db8::/32"], "why": "others may call"},
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
    tcp, udp = (UNDECLARED, OPENED, NARROWED), (UDP_UNDECLARED, UDP_OPENED, UDP_NARROWED)
    start = "systemd-run --quiet --collect --unit planted-{} python3 {}"
    for port in tcp:
        site.shell(start.format(port, f"-m http.server --bind :: {port}"))
    for port in udp:
        site.shell(start.format(port, f"-c '{ECHO.format(port)}'"))
    wait_until(lambda: {*tcp} <= listening(site) and {*udp} <= listening(site, "udp"), 20, "the planted listeners")
    yield
    site.shell(f"systemctl stop {' '.join(f'planted-{port}' for port in (*tcp, *udp))}")


@pytest.fixture
def published(site: Site) -> Iterator[str]:
    """Containers that publish a port each on all addresses, TCP and UDP; the own address of the first."""
    python = site.shell("docker images --quiet --filter reference='slipway.local/demo/api' | head -1").strip()
    run = "docker run --detach --restart=always --name"
    site.shell("docker rm --force published published-udp 2>/dev/null; true")
    site.shell(f"{run} published --publish {PUBLISHED}:{INNER_PORT} {IMAGE}")
    answer = f"--entrypoint python3 {python} -c '{ECHO.format(UDP_PUBLISHED)}'"
    site.shell(f"{run} published-udp --publish {UDP_PUBLISHED}:{UDP_PUBLISHED}/udp {answer}")
    yield site.shell("docker inspect --format '{{.NetworkSettings.IPAddress}}' published").strip()
    site.shell("docker rm --force --volumes published published-udp")


@pytest.fixture
def opened(site: Site, tmp_path: Path) -> Iterator[Site]:
    wanted = site.varied(tmp_path, {"openings": OPENINGS})
    wanted.playbook("--tags", "firewall").done()
    yield wanted
    site.playbook("--tags", "firewall").done()


def listening(site: Site, protocol: str = "tcp") -> set[int]:
    found = read_listeners(site.shell("ss -Hltnup"))
    return {one.port for one in found if one.protocol == protocol and one.outside}


def fab_firewall(site: Site) -> tuple[int, dict[str, Any]]:
    argv = [str(ROOT / ".venv/bin/fab"), "firewall", "--env", str(site.inventory), "--json"]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode in (0, 6), run.stderr
    (found,) = json.loads(run.stdout)
    return run.returncode, dict(found)


def everything(site: Site, protocol: str = "tcp") -> list[int]:
    """Return what is knocked at each time: the declared ports, every listener found on the host, 200 ports by chance."""
    chosen = random.sample(range(1, 65536), 200)
    return sorted({*DECLARED, *listening(site, protocol), *chosen})


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
def test_over_udp_nothing_answers_where_nothing_is_declared(outside: Outside, planted: None, published: str) -> None:
    assert {UDP_UNDECLARED, UDP_PUBLISHED} <= listening(outside.site, "udp")
    assert outside.reached(*everything(outside.site, "udp"), udp=True) == outside.each([])


@pytest.mark.feature("F01")
def test_of_all_tcp_ports_the_declared_ones_are_let_in_and_no_other(outside: Outside, planted: None, published: str) -> None:
    assert {UNDECLARED, PUBLISHED} <= listening(outside.site)
    assert outside.reached("1-65535") == outside.each(DECLARED)


def test_a_listener_is_found_where_it_is_declared_and_only_there(outside: Outside, planted: None, opened: Site) -> None:
    ports = (*DECLARED, UNDECLARED, OPENED, NARROWED)
    assert outside.reached(*ports) == outside.each([*DECLARED, OPENED])
    assert [kinds["open"] for kinds in outside.scan(OPENED).values()] == [[OPENED], [OPENED]]
    calls = outside.scan(*DECLARED, UDP_UNDECLARED, UDP_OPENED, UDP_NARROWED, udp=True)
    assert list(calls.values()) == [{"open": [UDP_OPENED], "refused": []}] * 2
    code, told = fab_firewall(opened)
    assert (code, told["differences"]) == (0, [])
    shown = {opening["port"]: opening for opening in told["openings"]}
    assert (shown[OPENED]["why"], shown[OPENED]["programs"]) == (OPENINGS[0]["why"], ["python3"])
    assert shown[UDP_OPENED]["programs"] == ["python3"]
    assert {UNDECLARED, UDP_UNDECLARED} <= {one["port"] for one in told["shut"]}


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
    assert outside.reached(*everything(site, "udp"), udp=True) == outside.each([])
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
            assert outside.scan(UDP_PUBLISHED, udp=True)[site.host.address]["open"] == [UDP_PUBLISHED]
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
