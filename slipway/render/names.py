"""Every name the engine gives on a host: projects, containers, networks, volumes, tags, labels, folders."""

from ..model import Service

EDGE_ADDRESS = "10.255.77.1"  # on `lo`: where nginx sends, and what the switch moves
FIRST_SLOT = 20001
STATE = "/var/lib/slipway"
SECRETS = "/etc/slipway/secrets"
CERTIFICATES = "/etc/ssl/slipway"


def release_project(stack: str, number: int) -> str:
    """Return the Compose project of a release, such as `demo-r3`; the base's project is the stack's name."""
    return f"{stack}-r{number}"


def replicas(service: Service, count: int) -> list[str]:
    """Return the first replicas of a service, such as `api-1`; a task is its own only one."""
    return [service.name] if service.kind == "task" else [f"{service.name}-{index}" for index in range(1, count + 1)]


def service_key(number: int, replica: str) -> str:
    """Return the key in the release's Compose file: unique, because Compose makes it an alias on every network."""
    return f"r{number}-{replica}"


def container(stack: str, number: int, replica: str) -> str:
    """Return the container's name of a replica or task, such as `demo-r3-api-1`."""
    return f"{stack}-r{number}-{replica}"


def store_container(stack: str, service: str) -> str:
    """Return the container's name of a store, the one Compose would choose: `demo-db-1`."""
    return f"{stack}-{service}-1"


def shared_network(stack: str, network: str) -> str:
    """Return the name of a network that stores join."""
    return f"{stack}_{network}"


def private_network(stack: str, number: int, network: str) -> str:
    """Return the name of a release's own twin; `-` sorts before `_`, so that its DNS and gateway are asked first."""
    return f"{stack}-r{number}_{network}"


def volume(stack: str, name: str) -> str:
    """Return the name of a volume."""
    return f"{stack}_{name}"


def release_image(stack: str, number: int, service: str) -> str:
    """Return the local tag that holds a release's image against every prune."""
    return f"slipway.local/{stack}/{service}:r{number}"


def store_image(stack: str, service: str, reference: str) -> str:
    """Return the local tag of a store's image; it changes with the digest, so that the base's diff sees it."""
    return f"slipway.local/{stack}/{service}:{reference.rpartition('sha256:')[2][:12]}"


def slot(service: str, port: int, index: int) -> str:
    """Return the name of a slot, such as `api-8000-1`."""
    return f"{service}-{port}-{index}"


def labels(stack: str, service: Service, number: int | None = None) -> dict[str, str]:
    """Return the labels that every container carries; only those of a release have `slipway.release`."""
    release = {} if number is None else {"slipway.release": str(number)}
    return {"slipway.stack": stack, **release, "slipway.service": service.name, "slipway.kind": service.kind}


def base_folder(stack: str) -> str:
    """Return the folder of the base: `base.json` is what is in force, `candidate.json` what is being made."""
    return f"{STATE}/{stack}/base"


def release_folder(stack: str, number: int) -> str:
    """Return the folder of a release."""
    return f"{STATE}/{stack}/releases/{number}"


def secret_path(stack: str, generation: int, user: int, secret: str) -> str:
    """Return where a Compose secret lies for containers that run as a numeric user."""
    return f"{SECRETS}/{stack}/{generation}/{user}/{secret}"
