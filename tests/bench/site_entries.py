"""What `site.yml` costs: the first time, every other time, on several hosts, on hosts far away."""

import io
import json
import os
import shlex
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from slipway.lab import HOSTS, REGISTRY_MIRROR, LabHost, secret
from slipway.load import load_environment

from .cost import Unmeasurable, host_cpu_seconds
from .delay import delayed
from .lab_hosts import BENCH, discard, fresh, inventory, play, ssh, with_services
from .registry import BUILD, ROOT, entry
from .runner import Cost, Pair

LAB = ROOT / "inventory/lab"
DEMO = HOSTS["demo"]
EMPTY_PLAY = "---\n- name: Do nothing\n  hosts: all\n  gather_facts: false\n"
ROUND_TRIP_SECONDS = 0.06
SCRIPT_LIMIT_SECONDS = 1800
SCRIPT = """\
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends {packages}
printf '%s' {daemon} > /etc/docker/daemon.json
systemctl restart docker
cd /srv/demo
export {variables}
docker compose --project-name demo up --quiet-pull --detach
for service in {checked}; do
  for container in $(docker compose --project-name demo ps --quiet "$service"); do
    until [ "$(docker inspect --format '{{{{.State.Health.Status}}}}' "$container")" = healthy ]; do sleep 0.5; done
  done
done
"""


@entry("second `site.yml`", "an empty play on the same inventory", "s", bound=6, runs=5)
def second_site_beside_an_empty_play() -> Pair:
    """Compare a run that finds everything right with what Ansible costs before it does anything."""
    note = "seconds on the clock, lab host `demo` with its stack; the run to warm up brings the host to this tree"
    return Pair(_second, lambda: play(LAB, _empty_play(), DEMO.container), note)


@entry("second `site.yml`, 60 ms away", "the same without the delay", "s", runs=3)
def second_site_from_far_away() -> Pair:
    """Tell what a round trip of 60 ms adds to a run that finds everything right."""

    def far() -> Cost:
        with delayed(("127.0.0.1", DEMO.ssh_port), ROUND_TRIP_SECONDS) as port:
            return play(LAB, "site.yml", DEMO.container, "-e", json.dumps({"ansible_port": port, **_known_as(DEMO)}))

    return Pair(far, _second, "a proxy on this machine delays each way by 30 ms; each run opens its own connection through it")


@entry("first `site.yml`", "a shell script: the same packages, the same images", "s", bound=2, runs=1, warm_ups=0)
def first_site_beside_a_script() -> Pair:
    """Compare the way from a bare host to a serving stack with the least that anybody would have to do."""
    with_services()
    host = BENCH[0]
    place = inventory("first", [host])

    def ours() -> Cost:
        fresh(host)
        return play(place, "site.yml", host.container)

    def rival() -> Cost:
        fresh(host)
        return _scripted(host)

    note = "fresh lab host each; the script has no users, firewall, edge settings or certificates, and proves health inside only"
    return Pair(ours, rival, note, lambda: discard([host]))


@entry("second `site.yml` on three hosts", "the same on one of them", "s", bound=2, runs=3)
def three_hosts_beside_one() -> Pair:
    """Tell how the time grows with the number of hosts; without a stack, so that the machine carries three of them."""
    with_services()
    place = inventory("fleet", BENCH, stacks={})
    for host in BENCH:
        fresh(host)
    note = "three lab hosts without a stack on this one machine"
    return Pair(
        lambda: play(place, "site.yml", BENCH[0].container),
        lambda: play(place, "site.yml", BENCH[0].container, "--limit", BENCH[0].name),
        note,
        lambda: discard(BENCH),
    )


def _second() -> Cost:
    return play(LAB, "site.yml", DEMO.container)


def _empty_play() -> str:
    BUILD.mkdir(parents=True, exist_ok=True)
    empty = BUILD / "empty.yml"
    empty.write_text(EMPTY_PLAY, encoding="utf-8")
    return str(empty)


def _known_as(host: LabHost) -> dict[str, str]:
    """Return what lets ssh know a host by its own key behind another port."""
    words = yaml.safe_load((LAB / "group_vars/all/ssh.yml").read_text(encoding="utf-8"))
    return {"ansible_ssh_common_args": f"{words['ansible_ssh_common_args']} -o HostKeyAlias=[127.0.0.1]:{host.ssh_port}"}


def _scripted(host: LabHost) -> Cost:
    """Bring the demo's folder over, then run the script; both over bare SSH, as root."""
    before, here, began = host_cpu_seconds(host.container), sum(os.times()[2:4]), time.monotonic()
    _said(host, "mkdir -p /srv /etc/docker && tar -xzC /srv", _packed(ROOT / "compose/demo"))
    _said(host, "sh", _script(host).encode())
    wall = time.monotonic() - began
    return Cost(wall, sum(os.times()[2:4]) - here, host_cpu_seconds(host.container) - before)


def _said(host: LabHost, command: str, text: bytes) -> None:
    limit = ["timeout", str(SCRIPT_LIMIT_SECONDS)]
    done = subprocess.run([*limit, *ssh(host, "root"), command], input=text, capture_output=True, check=False)
    if done.returncode:
        raise Unmeasurable(f"the script on {host.name} ended with {done.returncode}:\n{done.stderr.decode()[-1500:]}")


def _packed(folder: Path) -> bytes:
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w:gz") as archive:
        archive.add(folder, folder.name)
    return text.getvalue()


def _script(host: LabHost) -> str:
    environment = load_environment(inventory("first", [host]), ROOT / "compose")
    values = {name: str(value) for name, value in environment.instances["demo"].variables.items()}
    values |= {name: secret(name) for name in environment.secret_sources["demo"]}
    services = environment.stacks["demo"].services.values()
    return SCRIPT.format(
        packages=" ".join(sorted(_packages())),
        daemon=shlex.quote(json.dumps({"registry-mirrors": [REGISTRY_MIRROR]})),
        variables=" ".join(f"{name}={shlex.quote(value)}" for name, value in values.items()),
        checked=" ".join(service.name for service in services if service.kind != "task"),
    )


def _packages() -> Iterator[str]:
    """Yield what our roles install on Debian."""
    for path in sorted((ROOT / "roles").glob("*/defaults/main.yml")):
        for word, value in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if word.endswith("_packages"):
                yield from value["debian"] if isinstance(value, dict) else value
