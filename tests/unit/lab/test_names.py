"""Names, addresses and ports of the lab."""

from ipaddress import ip_address, ip_network
from itertools import chain

from slipway.lab.names import HOSTS, SERVICES, SUBNET, registered_names


def test_a_host_has_the_documented_ports_address_and_domains() -> None:
    noble = HOSTS["noble"]
    assert (noble.address, noble.ssh_port, noble.http_port, noble.https_port) == ("10.212.0.23", 2203, 8083, 8443)
    assert noble.container == "slipway-lab-noble"
    assert noble.domains == ("noble.localhost", "api.noble.localhost", "files.noble.localhost")


def test_no_port_and_no_address_is_given_twice() -> None:
    ports = list(chain.from_iterable((host.ssh_port, host.http_port, host.https_port) for host in HOSTS.values()))
    ports += chain.from_iterable(service.ports for service in SERVICES.values())
    addresses = [host.address for host in HOSTS.values()] + [service.address for service in SERVICES.values()]
    assert len(set(ports)) == len(ports)
    assert len(set(addresses)) == len(addresses)
    assert all(ip_address(address) in ip_network(SUBNET) for address in addresses)


def test_the_dns_knows_every_domain_of_every_host_from_its_start() -> None:
    names = registered_names()
    assert names["api.test.localhost"] == HOSTS["test"].address
    assert all(names[domain] == host.address for host in HOSTS.values() for domain in host.domains)


def test_nested_docker_keeps_its_layers_on_volumes_of_the_host() -> None:
    assert set(HOSTS["demo"].volumes) == {"/var/lib/docker", "/var/lib/containerd"}
