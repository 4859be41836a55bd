"""Every Compose key a service may hold, and what is harmless under it. A key that does not stand here is refused.

Harmless is what touches the container itself and nothing else: whoever chooses the image could do as much inside. Whatever
reaches beyond needs a grant of the very same value; `grantable` keys are those a stack file may hold at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .shapes import (
    Test,
    address,
    entry_of,
    fills_in,
    flag,
    like,
    line,
    never,
    off,
    one_of,
    pair,
    record,
    scalar,
    share,
    size,
    text,
    whole,
)

ONE, EACH = "one", "each"
BYTES = whole(0, 1 << 60)
HOST_NAME = like(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")
OWN_LABEL = like(r"(?!slipway\.|com\.docker\.|io\.docker\.|org\.systemd\.)[^\x00-\x1f]{1,200}")
TMPFS = like(
    r"/(?!.*\.\.)[^:,$\x00]*(:((size|mode|uid|gid|nr_inodes)=[0-9]{1,15}[kmgKMG%]?|noexec|exec|nosuid|suid|nodev|ro|rw|noatime)"
    r"(,((size|mode|uid|gid|nr_inodes)=[0-9]{1,15}[kmgKMG%]?|noexec|exec|nosuid|suid|nodev|ro|rw|noatime))*)?"
)
LIMITS_OF_ITS_OWN = ("core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "stack")
HEALTHCHECK = dict.fromkeys(("interval", "timeout", "start_period", "start_interval"), text)
LOG_OPTIONS = {
    **dict.fromkeys(("compress", "labels", "env", "tag", "mode", "max-buffer-size"), scalar),
    "max-size": size(1, 1 << 34),
    "max-file": whole(1, 1000),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is harmless under a key, asked of the value as a whole or of each part; `why` says what the rest reaches."""

    harmless: Test
    why: str = "it is of no form that Compose takes here"
    by: str = ONE
    grantable: bool = False

    def parts(self, value: Any) -> list[Any]:
        """Return what is judged on its own: items of a list, entries of a mapping, or the value."""
        if self.by == EACH and isinstance(value, list):
            return value
        if self.by == EACH and isinstance(value, dict):
            return list(value.items())
        return [value]

    def beyond(self, value: Any, granted: Any) -> list[Any]:
        """Return the parts that are neither harmless nor granted; what a secret fills in cannot be granted."""
        known = [] if granted is None else self.parts(granted)
        return [part for part in self.parts(value) if not self.harmless(part) and (part not in known or fills_in(part))]


def _inside(harmless: Test, by: str = ONE) -> Rule:
    return Rule(harmless, by=by)


def _usual(harmless: Test, by: str = ONE) -> Rule:
    return Rule(harmless, "it is of no usual form", by, grantable=True)


def _beyond(why: str, harmless: Test = never, by: str = ONE) -> Rule:
    return Rule(harmless, why, by, grantable=True)


DEVICES = "it gives a device of the host away"
KERNEL = "it turns a wall between container and host off"
HOSTS_SPACE = "it shares a namespace with the host or another container"
GROUPS = "it places the container among the host's control groups"
STARVE = "it takes what all stacks of the host share"

RULES: Mapping[str, Rule] = {
    "annotations": _beyond("container runtimes and systemd take orders from it", by=EACH),
    "attach": _inside(flag),
    "blkio_config": _beyond(DEVICES),
    "cap_add": _beyond("it gives the container a right of root", by=EACH),
    "cap_drop": _inside(text, EACH),
    "cgroup": _beyond(GROUPS, one_of(("private",))),
    "cgroup_parent": _beyond(GROUPS),
    "command": _inside(line),
    "cpu_period": _usual(whole(0, 1_000_000)),
    "cpu_quota": _usual(whole(0, 1 << 40)),
    "cpu_rt_period": _beyond(STARVE),
    "cpu_rt_runtime": _beyond(STARVE),
    "cpu_shares": _usual(whole(0, 1 << 20)),
    "cpus": _inside(share),
    "cpuset": _usual(like(r"[0-9]{1,4}([,-][0-9]{1,4})*")),
    "deploy.limits": _usual(entry_of({"cpus": share, "memory": BYTES, "pids": whole(1, 1 << 22)}), EACH),
    "deploy.reservations": _usual(entry_of({"cpus": share, "memory": BYTES}), EACH),
    "deploy.reservations.devices": _beyond(DEVICES, by=EACH),
    "deploy.reservations.generic_resources": _beyond(DEVICES, by=EACH),
    "device_cgroup_rules": _beyond(DEVICES, by=EACH),
    "devices": _beyond(DEVICES, by=EACH),
    "dns": _usual(address, EACH),
    "dns_opt": _usual(like(r"[a-z0-9:-]{1,60}"), EACH),
    "dns_search": _usual(like(r"[A-Za-z0-9_.-]{1,253}"), EACH),
    "domainname": _usual(HOST_NAME),
    "entrypoint": _inside(line),
    "environment": _inside(pair(like(r"[^=\x00]{1,1000}"), scalar), EACH),
    "expose": _inside(scalar, EACH),
    "extra_hosts": _beyond(
        "it leads to the host itself",
        lambda part: HOST_NAME(str(part).partition("=")[0]) and address(str(part).partition("=")[2]),
        EACH,
    ),
    "group_add": _beyond("it makes the container's user a member of a group", by=EACH),
    "healthcheck": _inside(record({**HEALTHCHECK, "disable": flag, "retries": whole(0, 10_000), "test": line})),
    "hostname": _usual(HOST_NAME),
    "init": _inside(flag),
    "ipc": _beyond(HOSTS_SPACE, one_of(("private", "none"))),
    "labels": _beyond("it is a label that the host itself reads", pair(OWN_LABEL, scalar), EACH),
    "logging": _beyond(
        "this driver writes to files, sockets or machines of its own",
        record({"driver": one_of(("json-file", "local")), "options": record(LOG_OPTIONS)}),
    ),
    "mem_limit": _inside(BYTES),
    "mem_reservation": _usual(BYTES),
    "mem_swappiness": _usual(whole(0, 100)),
    "memswap_limit": _beyond(STARVE, BYTES),
    "network_mode": _beyond("it leads into a network that is not the stack's own", one_of(("none",))),
    "oom_kill_disable": _beyond(STARVE, off),
    "oom_score_adj": _beyond("it lets the host's own processes die first", whole(0, 1000)),
    "pid": _beyond(HOSTS_SPACE),
    "pids_limit": _beyond(STARVE, whole(1, 1 << 22)),
    "platform": _usual(like(r"[a-z0-9]+(/[a-z0-9.]+){0,3}")),
    "ports": _beyond("it takes a port of the host", by=EACH),
    "privileged": _beyond("it makes the container root on the host", off),
    "read_only": _inside(flag),
    "runtime": _beyond("it chooses the program that builds the walls"),
    "security_opt": _beyond(KERNEL, like(r"no-new-privileges([:=]true)?"), EACH),
    "shm_size": _usual(BYTES),
    "stdin_open": _inside(flag),
    "stop_signal": _usual(like(r"(SIG)?[A-Z0-9+-]{1,12}")),
    "storage_opt": _beyond(STARVE, by=EACH),
    "sysctls": _beyond("it changes settings of the kernel", by=EACH),
    "tmpfs": _beyond("it is mounted with options of its own", TMPFS, EACH),
    "tty": _inside(flag),
    "ulimits": _beyond(STARVE, lambda entry: isinstance(entry, tuple) and entry[0] in LIMITS_OF_ITS_OWN, EACH),
    "use_api_socket": _beyond("it makes the container root on the host", off),
    "user": _beyond("it may be root", like(r"[1-9][0-9]{0,8}(:[1-9][0-9]{0,8})?")),
    "userns_mode": _beyond(HOSTS_SPACE),
    "uts": _beyond(HOSTS_SPACE),
    "working_dir": _inside(text),
}


def keys_of(compose: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield a service's Compose keys with their values; what stands under `deploy` comes with its path."""
    for key, value in compose.items():
        if key == "deploy" and _is_resources(value):
            yield from _resources(value["resources"])
        else:
            yield key, value


def _is_resources(value: Any) -> bool:
    return record({"resources": record({"limits": _is_mapping, "reservations": _is_mapping})})(value) and "resources" in value


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _resources(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    reserved = dict(value.get("reservations", {}))
    for name in ("devices", "generic_resources"):
        if name in reserved:
            yield f"deploy.reservations.{name}", reserved.pop(name)
    yield "deploy.limits", value.get("limits", {})
    yield "deploy.reservations", reserved
