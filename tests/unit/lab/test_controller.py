"""The controller in a container."""

from pathlib import Path

from slipway.lab.controller import run_arguments, uv_version


def test_the_repository_is_mounted_read_only_and_the_machines_ports_are_reached() -> None:
    arguments = run_arguments(Path("/repo"), Path("/state"), ("make", "check"))
    assert "--volume=/repo:/repository:ro" in arguments
    assert "--network=host" in arguments
    assert arguments[-2:] == ("make", "check")


def test_the_version_of_uv_is_the_projects_pin() -> None:
    assert uv_version('[dependency-groups]\ntool = ["ruff==1", "uv==0.13.8"]\n') == "0.13.8"
