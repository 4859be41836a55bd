"""What one run works with: the machine's doors, and one stack's records on it."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ..codec import from_json
from ..placement import Host
from ..serving import Serving
from . import clock, edge, files
from .asker import Asker
from .certificates import Certificates
from .containers import Crew
from .docker import Docker
from .edge import EdgeSettings, Nginx
from .journal import Journal
from .layout import Layout, StackFolder
from .mask import masking, within
from .runner import Runner
from .secrets import Secrets


@dataclass(frozen=True, slots=True)
class Machine:
    """The doors of this host."""

    layout: Layout = field(default_factory=Layout)
    docker: Docker = field(default_factory=Docker)
    runner: Runner = field(default_factory=Runner)
    asker: Asker = field(default_factory=Asker)

    @property
    def nginx(self) -> Nginx:
        """Return this host's nginx."""
        return Nginx(self.runner, self.layout.sites, self.layout.root / "run/nginx.pid")

    @property
    def certificates(self) -> Certificates:
        """Return this host's certificates."""
        return Certificates(self.runner, self.layout.certificates, self.layout.certbot)

    @property
    def edge(self) -> EdgeSettings:
        """Return what the role `edge` says."""
        return edge.settings(self.layout.edge_settings)

    def facts(self) -> Host:
        """Return what rendering must know about this host."""
        ipv6 = (self.layout.root / "proc/net/if_inet6").exists()
        return Host(nginx=self.nginx.version(), https_port=self.edge.https_port, ipv6=ipv6)

    def booted(self) -> datetime:
        """Return when this host's first process began; in a container that is the container's own."""
        proc = self.layout.root / "proc"
        began = next(line for line in (proc / "stat").read_text(encoding="ascii").splitlines() if line.startswith("btime "))
        ticks = int((proc / "1/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        return datetime.fromtimestamp(int(began.split()[1]) + ticks / os.sysconf("SC_CLK_TCK"), UTC)

    def say(self, text: str) -> None:
        """Tell whoever reads the unit's log."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


@dataclass(slots=True)
class Work:
    """One run on one stack; everything it keeps or shows is masked with the stack's secrets.

    `something_waits` says whether a drain should be put off for a request.
    """

    machine: Machine
    folder: StackFolder
    request: str = ""
    release: int | None = None
    secret_values: Mapping[str, str] = field(default_factory=dict)
    base_values: Mapping[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    something_waits: Callable[[], bool] = lambda: False

    @property
    def secrets(self) -> Secrets:
        """Return the stack's secrets."""
        return Secrets(self.machine.layout.secrets(self.folder.name))

    @property
    def crew(self) -> Crew:
        """Return the containers of this host."""
        return Crew(self.machine.docker, self.machine.runner, self.mask)

    def with_values(self, values: Mapping[str, str], base_values: Mapping[str, str]) -> "Work":
        """Return the same work with the secrets of a release and of the base in force, both masked from here on."""
        runner = replace(self.machine.runner, mask=masking([*values.values(), *base_values.values()]))
        return replace(self, machine=replace(self.machine, runner=runner), secret_values=values, base_values=base_values)

    def with_generations(self, release: int, base: int) -> "Work":
        """Return the same work with the secrets of two generations; one that is gone has none."""
        kept = self.secrets.generations()
        values, base_values = (self.secrets.values(number) if number in kept else {} for number in (release, base))
        return self.with_values(values, base_values)

    def values_for(self, argv: Sequence[str]) -> Mapping[str, str]:
        """Return the secrets a Compose command needs: the base keeps those it was made with."""
        return self.base_values if argv[argv.index("--project-name") + 1] == self.folder.name else self.secret_values

    def mask(self, text: str) -> str:
        """Take the stack's secrets out of a text."""
        return self.machine.runner.mask(text)

    def masked(self, data: Any) -> Any:
        """Take the stack's secrets out of plain data."""
        return within(self.mask, data)

    def note(self, entry: Mapping[str, Any]) -> None:
        """Add an entry to the journal."""
        context = {"at": clock.now(), "request": self.request, "release": self.release}
        Journal(self.folder.journal).append({**context, **self.masked(entry)})

    def warn(self, text: str) -> None:
        """Keep a warning for the result and the journal."""
        self.warnings.append(self.mask(text))
        self.machine.say(f"warning: {self.mask(text)}")
        self.note({"event": "warning", "text": text})

    def serving(self) -> Serving:
        """Read the serving record; a stack that never served has an empty one."""
        return serving_of(self.folder)

    def keep_serving(self, serving: Serving) -> None:
        """Write the serving record."""
        found = {name: value for name, value in asdict(serving).items() if name != "canary" or value}
        files.write(self.folder.serving, json.dumps(found, indent=1) + "\n", 0o640)

    def container_at(self, address: str) -> str:
        """Return the name of this stack's container with an address, or nothing."""
        return self.machine.docker.name_at(address, f"slipway.stack={self.folder.name}")


def serving_of(folder: StackFolder) -> Serving:
    """Read a stack's serving record."""
    if not folder.serving.is_file():
        return Serving(stack=folder.name)
    return from_json(Serving, json.loads(folder.serving.read_text(encoding="utf-8")))
