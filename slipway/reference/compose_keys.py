"""Compose's own keys as Slipway takes them: what may be written, and what becomes of it.

`load/keys.py` decides which keys are refused or left aside; this table gives every key a shape and a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..load import keys

Kind = Literal["text", "scalar", "number", "truth", "texts", "list", "pairs", "mapping", "any"]
Fate = Literal["instruction", "passed through", "left aside", "refused"]


@dataclass(frozen=True, slots=True)
class ComposeKey:
    """A key of Compose: its shape, its meaning, and what becomes of it here."""

    name: str
    kind: Kind
    doc: str
    fate: Fate
    at_root: bool = False

    @property
    def anchor(self) -> str:
        """Return its place on the reference page."""
        return f"compose-{'root-' if self.at_root else ''}{self.name}"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A word of Compose with an effect of its own here: what may be written, what holds without it, what it means."""

    path: str
    value: str
    default: str
    doc: str

    @property
    def anchor(self) -> str:
        """Return its place on the reference page."""
        return f"compose-{self.path.replace('.', '-')}"


def service_keys() -> Mapping[str, ComposeKey]:
    """Return the keys of an entry under `services`, sorted."""
    return {name: _key(name, keys.REFUSED, keys.IGNORED, _SERVICE) for name in sorted(keys.SERVICE)}


def root_keys() -> Mapping[str, ComposeKey]:
    """Return the keys of the file's root, sorted."""
    return {name: _key(name, keys.REFUSED_ROOT, keys.IGNORED_ROOT, _ROOT) for name in sorted(keys.ROOT)}


def _key(name: str, refused: Mapping[str, str], ignored: Mapping[str, str], table: str) -> ComposeKey:
    at_root = table is _ROOT
    if name in refused:
        return ComposeKey(name, "any", f"Refused: {refused[name]}.", "refused", at_root)
    if name in ignored:
        return ComposeKey(name, "any", f"Left aside: {ignored[name]}.", "left aside", at_root)
    kind, doc = _rows(table)[name]
    return ComposeKey(name, kind, doc, "instruction" if at_root or name in ACTED_ON else "passed through", at_root)


def _rows(table: str) -> Mapping[str, tuple[Kind, str]]:
    rows = (line.split(None, 2) for line in table.strip().splitlines())
    return {name: (kind, doc) for name, kind, doc in rows}  # type: ignore[misc] # the table is below, a test reads it


_ROOT = """
name      text     Name of the project on a laptop; on hosts the stack's name in the inventory goes before.
services  mapping  The services of the stack, by name.
networks  mapping  Networks of the stack. `internal: true` has no way out; put stores there.
volumes   mapping  Named volumes; they belong to the base, and no deploy removes them.
secrets   mapping  Secrets as files: `db_password: {environment: DB_PASSWORD}`, its source named in the inventory.
"""

_SERVICE = """
annotations         pairs    Notes on the container for other programs.
attach              truth    Whether `docker compose up` shows its logs; without effect on hosts.
blkio_config        mapping  Weights and limits of disk access.
cap_add             texts    Rights beyond the least. Drop all with `cap_drop: [ALL]` and add what the program needs.
cap_drop            texts    Rights taken away; `[ALL]` is the good start.
cgroup              text     Control group namespace: `private` or `host`; `host` needs an exception.
cgroup_parent       text     Parent control group.
command             any      What the container runs, as text or list. No secret here: everybody on the host can read it.
cpu_count           number   Usable processors, where the platform knows it.
cpu_percent         number   Usable share of the processors, where the platform knows it.
cpu_period          scalar   Period of the processor scheduler.
cpu_quota           scalar   Quota of the processor scheduler.
cpu_rt_period       scalar   Period of the real-time scheduler.
cpu_rt_runtime      scalar   Run time of the real-time scheduler.
cpu_shares          number   Weight against other containers when the processor is busy.
cpus                scalar   Most processors; `deploy.resources.limits.cpus` says the same.
cpuset              text     Processors it may use, such as `0-1`.
credential_spec     mapping  Credentials of a managed Windows account.
depends_on          any      Services that start first, with the condition to wait for.
deploy              mapping  Replicas, order of replacement and limits.
device_cgroup_rules texts    Rules for devices.
devices             list     Devices of the host that the container sees.
dns                 texts    Name servers.
dns_opt             texts    Options of the resolver.
dns_search          texts    Domains that short names are tried in.
domainname          text     Domain part of its host name.
entrypoint          any      Program of the image to run instead.
environment         pairs    Variables of the process. Values by `${NAME}` come from the inventory, secrets too.
expose              list     Ports it listens on, as a note.
extra_hosts         pairs    Names and addresses for its hosts file.
gpus                any      Graphics processors it may use.
group_add           list     Further groups of its user.
healthcheck         mapping  How Docker asks it; required without a route, tasks apart.
hostname            text     Its host name.
image               text     Image with a version as tag; pinned to its digest at deploy. No `latest`, no tag without a digit.
init                truth    Whether a small init process reaps children.
ipc                 text     Shared memory namespace; `host` needs an exception.
isolation           text     Isolation technology, where the platform has several.
labels              pairs    Labels of the container. No secret here: everybody on the host can read them.
logging             mapping  Log driver; without it the journal's limits of the host hold.
mem_limit           scalar   Memory limit; `deploy.resources.limits.memory` says the same.
mem_reservation     scalar   Memory kept free for it.
mem_swappiness      scalar   How readily it is swapped out.
memswap_limit       scalar   Memory and swap together.
network_mode        text     `none`, or `host` with an exception; routed services use `networks`.
networks            any      Networks it joins: who shares none with a store cannot reach it.
oom_kill_disable    truth    Keep it when memory runs out.
oom_score_adj       number   How early it is killed when memory runs out.
pid                 text     Process namespace; `host` needs an exception.
pids_limit          number   Most processes.
platform            text     Platform of the image, such as `linux/amd64`.
ports               list     On stores only, and only on 127.0.0.1; the laptop's belong in compose.override.yml.
privileged          truth    Root on the host; needs `x-slipway.exceptions.privileged`.
profiles            texts    On tasks only: `docker compose` on a laptop leaves them out unless asked for them.
pull_refresh_after  text     When a laptop pulls again.
read_only           truth    Whether its root file system is read-only; give it `tmpfs` for what it writes.
runtime             text     Container runtime.
secrets             list     Secrets it sees as files in /run/secrets.
security_opt        texts    Security options; `no-new-privileges:true` is the good start.
shm_size            scalar   Size of /dev/shm.
stdin_open          truth    Keep its input open.
stop_grace_period   text     How long it may finish its work after SIGTERM; workers want minutes.
stop_signal         text     Signal that asks it to stop.
storage_opt         mapping  Options of the storage driver.
sysctls             pairs    Kernel settings of its namespace.
tmpfs               texts    Folders in memory.
tty                 truth    Give it a terminal.
ulimits             mapping  Limits per process.
use_api_socket      truth    The Docker socket; needs `x-slipway.exceptions.docker_socket`.
user                scalar   User it runs as; not root.
userns_mode         text     User namespace; `host` needs an exception.
uts                 text     Host name namespace; `host` needs an exception.
volumes             list     Named volumes, and files below the stack's folder, which are shipped with the release.
working_dir         text     Folder it starts in.
"""

INSTRUCTIONS = {
    one.path: one
    for one in (
        Instruction("deploy.replicas", "whole number", "1", "Copies that run at the same time; instead of `x-slipway.scale`."),
        Instruction(
            "deploy.update_config.order",
            "one of start-first, stop-first",
            "start-first",
            "Whether the new release runs before the old one stops, or there are never two at once, as schedulers want it.",
        ),
        Instruction("deploy.resources.limits.memory", "size such as 512m", "required", "Most memory of one replica."),
        Instruction("deploy.resources.limits.cpus", "number such as 0.5", "none", "Most processors of one replica."),
        Instruction("stop_grace_period", "time such as 90s", "10s", "How long it may finish its work after SIGTERM."),
    )
}
ACTED_ON = frozenset(path.partition(".")[0] for path in INSTRUCTIONS) | {
    *("image", "command", "healthcheck", "depends_on", "networks", "volumes", "secrets", "profiles"),
    *("user", "read_only", "tmpfs", "cap_add", "environment", "ports"),
}
