"""The registry and the ACME server."""

from slipway.lab.names import ACME, REGISTRY
from slipway.lab.services import service_arguments


def test_the_registry_is_pushed_to_through_the_loopback_address_only() -> None:
    published = [argument for argument in service_arguments(REGISTRY) if argument.startswith("--publish")]
    assert published == ["--publish=127.0.0.1:5055:5000"]


def test_the_acme_server_knows_all_names_after_each_restart_and_never_waits() -> None:
    arguments = service_arguments(ACME)
    names = next(argument for argument in arguments if argument.startswith("--env=LAB_NAMES="))
    assert "api.demo.localhost=10.212.0.21" in names
    assert {"--env=PEBBLE_VA_NOSLEEP=1", "--env=PEBBLE_WFE_NONCEREJECT=0"} <= set(arguments)
