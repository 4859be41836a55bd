"""Where the ways to a host lead, from the kernel's tables as they were on a Debian 13 host."""

import pytest

from slipway.host_network import told
from slipway.lock_out import networks_lock_out

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7487789 1
   1: 5A00D40A:0016 0100D40A:A520 01 00000000:00000000 02:000A4ADF 00000000     0        0 7485980 2
   2: 5A00D40A:D1B2 0A00D40A:1388 01 00000000:00000000 02:000A4ADF 00000000     0        0 7485981 2
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 0000000000000000FFFF00005A00D40A:0016 0000000000000000FFFF00000700D50A:C350 01 00000000:00000000
   1: B80D0120000000000000000001000000:0016 B80D0120000000000000000002000000:C351 01 00000000:00000000
"""
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	0000000A	010200C0	0003	0	0	0	000000FF	0	0	0
br-ec5302a06a0e	0000D50A	00000000	0001	0	0	0	00FFFFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
wg0	0000FF0A	00000000	0001	0	0	0	0000FFFF	0	0	0
"""
NETWORK = {"peers": ["10.212.0.1"], "near": ["192.0.2.0/24"], "bridge": True}


def test_logins_are_told_and_neither_what_waits_nor_what_the_host_asks_itself() -> None:
    assert told({"tcp": TCP, "tcp6": TCP6}, "")["peers"] == ["10.212.0.1", "10.213.0.7"]


def test_networks_at_the_hosts_own_cards_are_told_and_neither_dockers_nor_what_lies_behind_a_gateway() -> None:
    assert told({}, ROUTES)["near"] == ["10.255.0.0/16", "192.0.2.0/24"]


@pytest.mark.parametrize(
    ("pool", "cause"),
    [
        ("10.212.0.0/16", "docker.address_pool 10.212.0.0/16 holds 10.212.0.1, where somebody is logged in from"),
        ("192.0.0.0/16", "docker.address_pool 192.0.0.0/16 overlaps 192.0.2.0/24, a network of the host itself"),
    ],
)
def test_a_pool_that_would_take_the_way_to_the_host_is_refused_with_a_next_step(pool: str, cause: str) -> None:
    refusal = networks_lock_out({"docker.network_pool": "172.28.0.0/15", "docker.address_pool": pool}, NETWORK)
    assert refusal.startswith(cause)
    assert "nothing was changed\n  next: set `docker.address_pool` to a private network" in refusal


def test_who_comes_from_where_docker_puts_its_first_bridge_is_told_before_docker_is_installed() -> None:
    network = {"peers": ["172.17.3.4"], "near": [], "bridge": False}
    assert "172.17.3.4 is logged in from there; nothing was changed" in networks_lock_out({}, network)
    assert networks_lock_out({}, {**network, "bridge": True}) == ""
    assert (told({}, ROUTES)["bridge"], told({}, ROUTES.replace("docker0", "tun0"))["bridge"]) == (True, False)


def test_other_pools_are_not_refused() -> None:
    assert networks_lock_out({"docker.address_pool": "10.213.0.0/16", "docker.network_pool": "172.28.0.0/15"}, NETWORK) == ""
