"""The Docker network on which hosts and services have fixed addresses."""

from ..errors import HostError
from .docker import Docker
from .names import GATEWAY, LABEL, NETWORK, SUBNET
from .progress import Progress


def ensure_network(docker: Docker, progress: Progress) -> None:
    """Create the lab's network unless it is there; refuse a foreign one of the same name."""
    if (present := docker.inspect("network", NETWORK)) is not None:
        subnets = [config.get("Subnet") for config in present["IPAM"]["Config"] or ()]
        if SUBNET not in subnets:
            raise HostError(
                f"a Docker network {NETWORK} exists with {', '.join(map(str, subnets)) or 'no subnet'} instead of {SUBNET}",
                f"remove it with `docker network rm {NETWORK}`, then run this again",
            )
        return
    with progress.step(f"create network {NETWORK} {SUBNET}"):
        docker.read("network", "create", f"--label={LABEL}=1", f"--subnet={SUBNET}", f"--gateway={GATEWAY}", NETWORK)
