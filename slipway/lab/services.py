"""The image registry and the ACME server: created, replaced when their image or settings change, waited for."""

import io
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import CommandFailed, HostError
from . import machines
from .docker import Docker
from .images import ensure_image, services_build
from .names import (
    ACME,
    ACME_MANAGEMENT_PORT,
    DNS_MANAGEMENT_PORT,
    GATEWAY,
    LABEL,
    REGISTRY,
    SERVICES_IMAGE,
    LabService,
    registered_names,
)
from .progress import Progress
from .state_folder import folder, write_whole

# The registry's blobs outlive its container: an image is pushed once.
REGISTRY_VOLUME = "slipway-lab-registry"
TLS_FOLDER = "/etc/lab/tls"
TLS_FILES = ("acme-ca.pem", "acme-server.pem", "acme-server.key")
ANSWER_SECONDS = 60
# 10.0.2.2 is how a virtual machine under QEMU sees the machine it runs on.
ACME_NAMES = f"IP:{ACME.address},IP:127.0.0.1,IP:{GATEWAY},IP:10.0.2.2,DNS:localhost,DNS:{ACME.container}"
# No random waits and no refused nonces: the lab asks about Slipway, not about how certbot retries.
PEBBLE_SETTINGS = ("PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0")


def service_arguments(service: LabService) -> tuple[str, ...]:
    """Return the arguments of `docker create` for a service. Pure."""
    names = " ".join(f"{name}={address}" for name, address in registered_names().items())
    own = {
        REGISTRY.name: (f"--volume={REGISTRY_VOLUME}:/var/lib/registry",),
        ACME.name: (*(f"--env={setting}" for setting in PEBBLE_SETTINGS), f"--env=LAB_NAMES={names}"),
    }
    return (*machines.frame_arguments(service, dict(service.ports)), "--init", "--restart=unless-stopped", *own[service.name])


def ensure_registry(docker: Docker, progress: Progress) -> None:
    """Have the registry answer."""
    content = ensure_image(docker, services_build(), progress)
    docker.read("volume", "create", f"--label={LABEL}=1", REGISTRY_VOLUME)
    _ensure(docker, REGISTRY, content, progress)
    wait_for_service(docker, REGISTRY)  # it may run without answering yet, when Docker itself has just started it


def ensure_acme(docker: Docker, progress: Progress) -> None:
    """Have the ACME server answer, with the same certificate as ever, and keep the root it issues from."""
    content = ensure_image(docker, services_build(), progress)
    _ensure_certificates(docker)
    _ensure(docker, ACME, content, progress)
    wait_for_service(docker, ACME)
    remember_root(docker)


def wait_for_service(docker: Docker, service: LabService) -> None:
    """Wait until a service answers a request."""
    url = {REGISTRY.name: "http://127.0.0.1:5000/v2/", ACME.name: f"https://127.0.0.1:{ACME_MANAGEMENT_PORT}/roots/0"}[
        service.name
    ]

    def answers() -> bool:
        machines.exec_in(docker, service.container, "curl", "-fsS", "--insecure", "--max-time", "5", "-o", "/dev/null", url)
        return True

    wait_until(answers, ANSWER_SECONDS, f"{service.name} does not answer", f"read `docker logs {service.container}`")


def wait_until(true: Callable[[], bool], seconds: float, cause: str, next_step: str) -> None:
    """Ask again and again until something is true; a command that fails means not yet."""
    deadline, last = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except CommandFailed as failed:
            last = f":\n{failed.tail}"
        time.sleep(0.25)
    raise HostError(f"{cause} within {seconds:.0f} s{last}", next_step)


def remember_root(docker: Docker) -> Path:
    """Append the root of the ACME server to `ca.pem`: it makes a new one at each start, older certificates stay in use."""
    url = f"https://127.0.0.1:{ACME_MANAGEMENT_PORT}/roots/0"
    root = machines.exec_in(docker, ACME.container, "curl", "-fsS", "--insecure", url).strip()
    path = folder() / "ca.pem"
    seen = path.read_text() if path.exists() else ""
    if root not in seen:
        write_whole(path, f"{seen}{root}\n".encode())
    return path


def point_name(docker: Docker, domain: str, address: str) -> None:
    """Have the lab's DNS answer a further name; forgotten when the ACME server restarts."""
    body = f'{{"host": "{domain}.", "addresses": ["{address}"]}}'
    machines.exec_in(docker, ACME.container, "curl", "-fsS", "-d", body, f"http://127.0.0.1:{DNS_MANAGEMENT_PORT}/add-a")


def _ensure(docker: Docker, service: LabService, content: str, progress: Progress) -> None:
    arguments = service_arguments(service)
    found = docker.inspect("container", service.container)
    current = found and machines.is_current(found, arguments, SERVICES_IMAGE, content, service.command)
    if current and (machines.is_running(found) or _started_again(docker, service, progress)):
        return
    with progress.step(f"{'replace' if found else 'create'} {service.name} at {service.address}"):
        machines.remove(docker, service.container)
        machines.create(docker, arguments, SERVICES_IMAGE, service.command)
        if service is ACME:
            docker.read("cp", f"{folder() / 'acme-tls'}/.", f"{service.container}:{TLS_FOLDER}")
        machines.start(docker, service.container)
        wait_for_service(docker, service)


def _started_again(docker: Docker, service: LabService, progress: Progress) -> bool:
    """Start a stopped service; one left over from a former engine may start no more."""
    try:
        with progress.step(f"start {service.name}"):
            machines.start(docker, service.container)
            wait_for_service(docker, service)
    except CommandFailed:
        return False
    return True


def _ensure_certificates(docker: Docker) -> None:
    """Make the CA and certificate of the ACME server's own HTTPS once; inventories point at it, so it stays."""
    place = folder() / "acme-tls"
    if all((place / name).exists() for name in TLS_FILES):
        return
    made = docker.read_bytes("run", "--rm", f"--label={LABEL}=1", SERVICES_IMAGE, "make-certificates", ACME_NAMES)
    place.mkdir(mode=0o700, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        for name in TLS_FILES:
            member = archive.extractfile(name)
            write_whole(place / name, member.read() if member else b"")
    write_whole(folder() / "acme-ca.pem", (place / "acme-ca.pem").read_bytes())
