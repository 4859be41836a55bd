"""Lab hosts of the bench's own, inventories for them, and what a play on them costs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from slipway.errors import SlipwayError
from slipway.lab import LabHost, folder, push, register_name
from slipway.lab.docker import Docker
from slipway.lab.engine import running_engine
from slipway.lab.hosts import fresh_host
from slipway.lab.machines import remove
from slipway.lab.names import domains_of
from slipway.lab.network import ensure_network
from slipway.lab.progress import Progress
from slipway.lab.services import ensure_acme, ensure_registry
from slipway.lab.state_folder import lock

from .cost import Unmeasurable, whole_cost
from .registry import BUILD, ROOT
from .runner import Cost

PLAYBOOK = str(ROOT / ".venv/bin/ansible-playbook")
BENCH = tuple(LabHost(f"bench-{number}", 10 + number, "trixie") for number in (1, 2, 3))


def _quiet(_: str) -> None:
    pass


def with_services() -> None:
    """Have what hosts ask of the lab: registry with the demo's images, ACME server."""
    docker, progress = running_engine(Progress(_quiet)), Progress(_quiet)
    try:
        with lock("lab", _quiet):
            ensure_network(docker, progress)
            ensure_registry(docker, progress)
            ensure_acme(docker, progress)
        push(_quiet)
    except SlipwayError as error:
        raise Unmeasurable(f"{error}\n  next: make demo") from None


def fresh(host: LabHost) -> None:
    """Boot a host anew, and have the lab's DNS know it."""
    docker = running_engine(Progress(_quiet))
    with lock("lab", _quiet):
        fresh_host(docker, host, Progress(_quiet))
    for domain in domains_of(host.name):
        register_name(domain, host.address)


def discard(hosts: Sequence[LabHost]) -> None:
    """Remove hosts with all they hold."""
    docker = Docker()
    for host in hosts:
        remove(docker, host.container)
        docker.read("volume", "rm", "--force", *host.volumes.values())


def ssh(host: LabHost, user: str) -> list[str]:
    """Return the bare SSH command that leads to a host."""
    state = folder()
    known = f"UserKnownHostsFile={state / 'known_hosts'}"
    options = ["-F", "none", "-i", str(state / "id_ed25519"), "-o", known, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
    return ["ssh", *options, "-p", str(host.ssh_port), f"{user}@127.0.0.1"]


def inventory(name: str, hosts: Sequence[LabHost], **changed: Any) -> Path:
    """Write the lab's inventory anew for other hosts, with the demo's stack under the first one's names; return its folder."""
    place = BUILD / "inventory" / name
    (place / "group_vars/all").mkdir(parents=True, exist_ok=True)
    lines = {host.name: {"ansible_host": "127.0.0.1", "ansible_port": host.ssh_port} for host in hosts}
    _write(place / "hosts.yml", {"all": {"hosts": lines}})
    words = dict(_lab_words())
    site, api, files = domains_of(hosts[0].name)
    names = {"SITE_DOMAIN": site, "API_DOMAIN": api, "FILES_DOMAIN": files, "FILES_PORT": f":{hosts[0].https_port}"}
    demo = words["stacks"]["demo"]
    words["stacks"] = {"demo": {**demo, "variables": {**demo["variables"], **names}}}
    words["public_ports"] = {"http": hosts[0].http_port, "https": hosts[0].https_port}
    _write(place / "group_vars/all/all.yml", {**words, **changed})
    return place


def _lab_words() -> Iterator[tuple[str, Any]]:
    for path in sorted((ROOT / "inventory/lab/group_vars/all").glob("*.yml")):
        yield from (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items()


def _write(path: Path, words: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(words), sort_keys=False), encoding="utf-8")


def play(place: Path, book: str, container: str, *arguments: str) -> Cost:
    """Return what a playbook costs: seconds on the clock, and processor seconds here and on a host."""
    return whole_cost([PLAYBOOK, "-i", str(place), book, *arguments], ROOT, container)
