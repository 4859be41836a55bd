"""How a host's container is created, and when it counts as current."""

from slipway.lab import machines
from slipway.lab.hosts import host_arguments
from slipway.lab.names import HOSTS

KEY = "ssh-ed25519 AAAA lab"


def test_a_host_has_fixed_loopback_ports_a_fixed_address_and_the_label() -> None:
    arguments = host_arguments(HOSTS["demo"], KEY)
    assert {"--publish=127.0.0.1:2201:22", "--publish=127.0.0.1:8081:80", "--publish=127.0.0.1:8441:443"} <= set(arguments)
    assert {"--ip=10.212.0.21", "--hostname=demo", "--label=slipway.lab=1", f"--env=LAB_SSH_KEY={KEY}"} <= set(arguments)


def test_a_host_cannot_change_the_clock_or_the_modules_of_the_machine() -> None:
    assert {"--cap-drop=SYS_TIME", "--cap-drop=SYS_MODULE"} <= set(host_arguments(HOSTS["demo"], KEY))
    assert "--privileged" not in host_arguments(HOSTS["demo"], KEY)


def test_a_container_is_current_only_with_the_same_settings_and_image_content() -> None:
    arguments, image = host_arguments(HOSTS["demo"], KEY), HOSTS["demo"].image
    labels = {"slipway.content": "c1", "slipway.settings": machines.settings_hash([*arguments, image])}
    found = {"Config": {"Labels": labels}}
    assert machines.is_current(found, arguments, image, "c1")
    assert not machines.is_current(found, arguments, image, "c2")
    assert not machines.is_current(found, host_arguments(HOSTS["demo"], "another key"), image, "c1")
