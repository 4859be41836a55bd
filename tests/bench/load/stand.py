"""Where releases change under load: one lab host with Slipway's stack and a plain Compose project, of the same file."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slipway import lab
from slipway.environment import Environment
from slipway.lab import LabHost, folder, secret
from slipway.load import load_environment

from ..cost import Unmeasurable
from ..lab_hosts import BENCH, discard, fresh, inventory, play, with_services
from ..registry import BUILD, ROOT
from .visitors import Door

STACK = "demo"
DRAIN_SECONDS = 30
UNBOUNDED = 1000  # all visitors share one address, and those that a busy machine holds up come at once
RIVAL_PORTS = range(18001, 18005)  # twice the replicas: docker-rollout runs both generations at once
TIMED = "/etc/systemd/system/slipway-run@.service.d/bench.conf"
TIMES = "/run/slipway-bench-times"  # what each run of the engine used with all it started; not every host counts it by unit
TIMED_TEXT = f"""\
[Service]
ExecStart=
ExecStart=/bin/sh -c '/usr/local/sbin/slipway run "$$1"; code=$$?; times >>{TIMES}; exit $$code' sh %i
"""
SITE = "/etc/nginx/slipway/sites/bench.conf"
COMPOSE = BUILD / "load/compose"
LIMIT_SECONDS = 900
WAKE_SECONDS = 90
EDGE = """\
upstream bench.rival {{
{servers}
}}
server {{
    listen 443 ssl;
    server_name rival.{host}.localhost;
{common}
    location / {{
        set $edge_upgrade $http_upgrade;
        set $edge_connection $connection_upgrade;
        proxy_next_upstream_tries 0;
        proxy_pass http://bench.rival;
    }}
}}
server {{
    listen 443 ssl;
    server_name direct.rival.{host}.localhost;
{common}
    proxy_request_buffering off;
    location / {{
        proxy_next_upstream_tries 0;
        proxy_pass http://bench.rival;
    }}
}}
server {{
    listen 443 ssl;
    server_name direct.{host}.localhost;
{common}
    proxy_request_buffering off;
    location / {{ proxy_pass http://demo.api.8000; }}
}}
"""
COMMON = """\
    ssl_certificate /etc/ssl/slipway/{api}/live/fullchain.pem;
    ssl_certificate_key /etc/ssl/slipway/{api}/live/privkey.pem;
    include /etc/nginx/slipway/snippets/site.conf;
    set $edge_stack bench;
    set $edge_service api;
    set $edge_kind plain;
    set $edge_args $masked_args;
    client_max_body_size 10m;
    proxy_read_timeout 120s;"""


@dataclass(frozen=True, slots=True)
class Stand:
    """The host, and the files that describe it."""

    host: LabHost
    inventory: Path

    @property
    def api(self) -> str:
        """Return the name visitors of Slipway's stack ask for."""
        return f"api.{self.host.name}.localhost"

    def door(self, prefix: str = "") -> Door:
        """Return where visitors knock; the rival's names have a prefix."""
        name = f"{prefix}.{self.host.name}.localhost" if prefix else self.api
        direct = ".".join(filter(None, ["direct", prefix, self.host.name, "localhost"]))
        return Door(self.host.https_port, name, direct, str(folder() / "ca.pem"))

    def shell(self, command: str, text: str = "") -> str:
        """Run a shell command on the host as root and return what it said."""
        argv = ["docker", "exec", "-i", self.host.container, "sh", "-c", command]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
        if done.returncode:
            raise Unmeasurable(f"`{command[:200]}` on {self.host.name} ended with {done.returncode}:\n{_last(done)}")
        return done.stdout

    def pause(self, project: str) -> None:
        """Freeze a project's containers, health checks included, so that it costs the other sides nothing."""
        self.shell(f"docker ps --quiet --filter name=^{project}- --filter status=running | xargs --no-run-if-empty docker pause")

    def wake(self, project: str) -> None:
        """Let them go on, and wait until the health checks that froze with them have passed again."""
        self.shell(f"docker ps --quiet --filter name=^{project}- --filter status=paused | xargs --no-run-if-empty docker unpause")
        deadline = time.monotonic() + WAKE_SECONDS
        while ill := self.shell(f"docker ps --quiet --filter name=^{project}- --filter health=unhealthy").split():
            if time.monotonic() > deadline:
                raise Unmeasurable(f"{len(ill)} containers of {project} are not healthy {WAKE_SECONDS} s after they went on")
            time.sleep(1)

    def wanted(self, variables: Mapping[str, str]) -> Environment:
        """Return what the inventory says with further variables."""
        path = self.inventory / "group_vars/all/all.yml"
        words = yaml.safe_load(path.read_text(encoding="utf-8"))
        words["stacks"][STACK]["variables"].update(variables)
        path.write_text(yaml.safe_dump(words, sort_keys=False), encoding="utf-8")
        return load_environment(self.inventory, COMPOSE)

    def serving(self) -> dict[str, Any]:
        """Return the serving record."""
        found: dict[str, Any] = json.loads(self.shell(f"cat /var/lib/slipway/{STACK}/serving.json"))
        return found

    def wait_until_alone(self, seconds: float = 300) -> None:
        """Wait until one release is left and nothing is watched."""
        deadline = time.monotonic() + seconds
        while (record := self.serving())["retiring"] or record["watch_until"] or record["next"]:
            if time.monotonic() > deadline:
                raise Unmeasurable(f"{self.host.name} still has old releases after {seconds:.0f} s: {record}")
            time.sleep(1)


def _last(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stderr + done.stdout)[-2000:]


def values() -> dict[str, str]:
    """Return the secrets of the stack."""
    return {name: secret(name) for name in ("SECRET_KEY", "DB_PASSWORD", "S3_SECRET")}


@contextmanager
def stand(name: str) -> Iterator[Stand]:
    """Have a host with the stack: the bench's own, made fresh and removed again, or a lab host, which stays."""
    own = next((host for host in BENCH if host.name == name), None)
    host = own or lab.HOSTS[name]
    with_services()
    if own:
        fresh(own)
    else:
        lab.up([name], lambda _: None)
    found = Stand(host, inventory("load", [host]))
    try:
        _converge(found)
        yield found
    finally:
        if own:
            discard([own])
        else:
            found.shell(f"rm -f {SITE} {TIMED} {TIMES} && rmdir $(dirname {TIMED})")
            found.shell("systemctl daemon-reload && systemctl reload nginx")


def _converge(found: Stand) -> None:
    COMPOSE.joinpath(STACK).mkdir(parents=True, exist_ok=True)
    stack_file = yaml.safe_load((ROOT / "compose/demo/compose.yml").read_text(encoding="utf-8"))
    (COMPOSE / STACK / "compose.yml").write_text(yaml.safe_dump(varied(stack_file), sort_keys=False), encoding="utf-8")
    found.wanted({"RELEASE": "1.1.0", "WATCH_SECONDS": "0", "API_RATE": "1000"})
    play(found.inventory, "site.yml", found.host.container)
    found.shell(f"mkdir -p $(dirname {TIMED}) && cat > {TIMED} && systemctl daemon-reload", TIMED_TEXT)
    found.shell(f"cat > {SITE} && nginx -t -q && systemctl reload nginx", edge_text(found.host.name, found.api))


def varied(stack_file: dict[str, Any]) -> dict[str, Any]:
    """Return the demo's file with wide limits, a short drain, and a variable by which each release differs from the last."""
    for service in stack_file["services"].values():
        words = service.get("x-slipway", {})
        for route in words.get("routes", []):
            route["drain_seconds"] = DRAIN_SECONDS
            route["connections_per_address"] = UNBOUNDED
            route["rate"] = {"requests": UNBOUNDED, "per_seconds": 1, **route.get("rate", {}), "burst": UNBOUNDED}
        if service["image"].startswith("slipway-demo/app:") and "task" not in words:
            service["environment"] = {**service.get("environment", {}), "DEPLOY": "${DEPLOY:-0}"}
    return stack_file


def counted(stack_file: dict[str, Any]) -> dict[str, Any]:
    """Return a stack file with its counts written as Compose knows them, so that the rivals run as many."""
    for service in stack_file["services"].values():
        if bounds := service.get("x-slipway", {}).pop("scale", None):
            service["deploy"]["replicas"] = bounds["min"]
    return stack_file


def edge_text(host: str, api: str) -> str:
    """Return the bench's own part of the edge: the rival behind the same nginx, and uploads that nobody buffers."""
    servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=0;" for port in RIVAL_PORTS)
    return EDGE.format(host=host, servers=servers, common=COMMON.format(api=api))
