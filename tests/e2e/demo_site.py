"""One lab host with the demo stack, as an operator and as a visitor see it."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from websockets.sync.client import ClientConnection, connect

from slipway import lab

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / ".venv/bin/ansible-playbook"


@dataclass(frozen=True, slots=True)
class Run:
    """How a playbook run ended: exit code and all it printed."""

    code: int
    output: str

    @property
    def changed(self) -> int:
        """Return the changes of all hosts in the recap."""
        return sum(map(int, re.findall(r"changed=(\d+)", self.output)))

    def done(self) -> "Run":
        """Return self where the run went well, else fail with its last lines."""
        assert self.code == 0, self.output[-6000:]
        return self


@dataclass(frozen=True, slots=True)
class Site:
    """A host by its lab name with the inventory that describes it."""

    host: lab.LabHost
    inventory: Path

    def playbook(self, *extra: str, environment: Mapping[str, str] | None = None) -> Run:
        """Run site.yml to its end."""
        process = self.start_playbook(*extra, environment=environment)
        output, _ = process.communicate(timeout=1500)
        assert "DEPRECATION" not in output
        return Run(process.returncode, output)

    def start_playbook(self, *extra: str, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start site.yml in a process group of its own, so that it can be interrupted as by Ctrl-C."""
        return subprocess.Popen(
            [PLAYBOOK, "-i", self.inventory, "site.yml", *extra],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def varied(self, folder: Path, edit: Mapping[str, Any] | None = None, hosts: Mapping[str, Any] | None = None) -> "Site":
        """Return the same host with a copy of its inventory, changed at dotted paths of its files."""
        copy = folder / self.inventory.name
        shutil.copytree(self.inventory, copy, dirs_exist_ok=True)
        _edit(copy / "group_vars/all/stacks.yml", edit or {})
        name = self.host.name
        _edit(copy / "hosts.yml", {f"all.hosts.{name}.{key}": value for key, value in (hosts or {}).items()})
        return Site(self.host, copy)

    def release(self, folder: Path, tag: str, **variables: str) -> "Site":
        """Return the site with another release (and further variables) written down."""
        changed = {"RELEASE": tag, **variables}
        return self.varied(folder, {f"stacks.demo.variables.{key}": value for key, value in changed.items()})

    def shell(self, command: str, check: bool = True) -> str:
        """Run a shell command on the host as root, past SSH and sudo, and return its output."""
        run = subprocess.run(
            ["docker", "exec", self.host.container, "sh", "-c", command], capture_output=True, text=True, check=False, timeout=120
        )
        assert not check or run.returncode == 0, f"{command}: {run.stderr or run.stdout}"
        return run.stdout

    def status(self) -> dict[str, Any]:
        """Return the stack's part of `slipway status --json`."""
        stacks = json.loads(self.shell("slipway status --json"))["stacks"]
        return next(stack for stack in stacks if stack["name"] == "demo")

    def serving(self) -> dict[str, Any]:
        """Return the serving record."""
        record: dict[str, Any] = json.loads(self.shell("cat /var/lib/slipway/demo/serving.json"))
        return record

    def containers(self) -> list[str]:
        """Return the names of all containers that run on the host."""
        return sorted(self.shell("docker ps --format '{{.Names}}'").split())

    def domain(self, part: str) -> str:
        """Return a public name: of `api`, `files`, or the site itself for an empty part."""
        return ".".join(filter(None, [part, self.host.name, "localhost"]))

    def tls(self) -> ssl.SSLContext:
        """Return a context that trusts the lab's certificate authority and nothing else."""
        return ssl.create_default_context(cafile=str(lab.folder() / "ca.pem"))

    def client(self, part: str = "api", **options: Any) -> "Visitor":
        """Return an HTTPS client for a domain."""
        return Visitor(httpx.Client(verify=self.tls(), timeout=30, **options), self.domain(part), self.host.https_port)

    def plain(self, path: str, part: str = "") -> httpx.Response:
        """Ask over plain HTTP without following redirects."""
        url = f"http://127.0.0.1:{self.host.http_port}{path}"
        return httpx.get(url, headers={"Host": f"{self.domain(part)}:{self.host.http_port}"}, timeout=10)

    def websocket(self, path: str = "/ws/echo") -> ClientConnection:
        """Open a WebSocket through the edge."""
        name = self.domain("api")
        link = socket.create_connection(("127.0.0.1", self.host.https_port), timeout=10)
        return connect(f"wss://{name}:{self.host.https_port}{path}", sock=link, ssl=self.tls(), server_hostname=name)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A client that asks one domain, by name and TLS, through the lab's forwarded port."""

    http: httpx.Client
    name: str
    port: int

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as a browser would after resolving the name."""
        headers = {"Host": f"{self.name}:{self.port}", **options.pop("headers", {})}
        return self.http.request(
            method, f"https://127.0.0.1:{self.port}{path}", headers=headers, extensions={"sni_hostname": self.name}, **options
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, **options)


def _edit(path: Path, changes: Mapping[str, Any]) -> None:
    data = yaml.safe_load(path.read_text())
    for dotted, value in changes.items():
        *parents, last = dotted.split(".")
        place = data
        for key in parents:
            place = place.setdefault(key, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    path.write_text(yaml.safe_dump(data))
