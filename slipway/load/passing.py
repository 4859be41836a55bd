"""Compose's words that pass through to the host: the shape of each, and so its long form."""

from .commands import NotACommand, split
from .faults import Path, short
from .interpolation import escaped, secrets_in, unescaped
from .nodes import Node
from .ports import read_ports
from .shapes import (
    Shape,
    closed,
    duration,
    each,
    flag,
    integer,
    named,
    number,
    once,
    one_or,
    own_keys,
    pairs,
    record,
    scalar,
    size,
    size_in_text,
    text,
    truth,
    unique,
    whole,
)
from .source import Source

KINDS_OF_TEST = ("CMD", "CMD-SHELL", "NONE")
HOST = "write `name=192.0.2.7`"


def command(source: Source, node: Node, path: Path) -> list[str] | None:
    """Return a command line as words; nothing leaves the image's own."""
    if node.is_null:
        return None
    if isinstance(node.value, list):
        return [text(source, item, (*path, index)) for index, item in enumerate(node.items)]
    line = text(source, node, path)
    if secrets_in(line):
        return [line]  # refused by the rule on secrets in commands
    try:
        return [escaped(word) for word in split(unescaped(line))]
    except NotACommand as error:
        source.faults.add(node, path, str(error), 'write `[sh, -c, "…"]` for a shell line, or quote it')
        return []


def test(source: Source, node: Node, path: Path) -> list[str]:
    """Return the command of a health check; one text is a shell's line."""
    if not isinstance(node.value, list):
        return ["CMD-SHELL", text(source, node, path)]
    words: list[str] = each(text)(source, node, path)
    if words and words[0] not in KINDS_OF_TEST:
        source.faults.add(node, path, f"`{short(words[0])}` begins the test", "begin with CMD, CMD-SHELL or NONE")
    return words


def dns(source: Source, node: Node, path: Path) -> list[str]:
    """Return the addresses of name servers; Compose leaves out empty ones."""
    return [address for address in one_or(once(text))(source, node, path) if address]


def hosts(source: Source, node: Node, path: Path) -> list[str]:
    """Return extra names of hosts as `name=address`, sorted."""
    if isinstance(node.value, list):
        found = [_host(source, item, (*path, index)) for index, item in enumerate(node.items)]
    else:
        entries = own_keys(source, node, path).items()
        found = [(name, address) for name, item in entries for address in _addresses(source, item, (*path, name))]
    for name, address in found:
        if not name or ":" in name or "=" in name or "," in address:
            source.faults.add(node, path, f"`{short(name)}` with `{short(address)}` is no host", HOST)
    return sorted(f"{name}={_bare(address)}" for name, address in found)


def _host(source: Source, node: Node, path: Path) -> tuple[str, str]:
    line = text(source, node, path)
    name, separator, address = line.partition("=" if "=" in line else ":")
    if line and not separator:
        source.faults.add(node, path, f"`{short(line)}` has no address", HOST)
    return name or "-", address


def _addresses(source: Source, node: Node, path: Path) -> list[str]:
    return [text(source, item, (*path, index)) for index, item in enumerate(node.items or [node])]


def _bare(address: str) -> str:
    return address[1:-1] if len(address) > 2 and address[0] == "[" and address[-1] == "]" else address


def cgroup(source: Source, node: Node, path: Path) -> str:
    """Return whose control group a container has."""
    found = text(source, node, path)
    if isinstance(node.value, str) and found not in ("host", "private"):
        source.faults.add(node, path, f"`{short(found)}` where `host` or `private` is wanted")
    return found


def devices(source: Source, node: Node, path: Path) -> list[str]:
    """Return devices in short form, which every version of Compose knows."""
    found: dict[str, str] = {}
    for index, line in enumerate(each(_device)(source, node, path)):
        target = line.split(":")[:2][-1]
        if target in found:
            source.faults.add(node.items[index], (*path, index), f"`{short(target)}` is written twice", "keep one of them")
        found[target] = line
    return list(found.values())


def _device(source: Source, node: Node, path: Path) -> str:
    if not isinstance(node.value, dict):
        line = text(source, node, path)
        if line.count(":") > 2:
            source.faults.add(node, path, f"`{short(line)}` is no device", "write `/dev/host:/dev/container:rwm`")
        return line
    found = record(source=text, target=text, permissions=text)(source, node, path)
    if not found.get("source") or not found.get("target"):
        source.faults.add(node, path, "a device needs `source` and `target`", "write `/dev/host:/dev/container:rwm`")
    return ":".join((found.get("source", ""), found.get("target", ""), found.get("permissions", "rwm")))


def reserved_device(source: Source, node: Node, path: Path) -> dict[str, object]:
    """Return a reserved device; without a number all of them are meant."""
    shape = record(capabilities=unique(text), count=_count, device_ids=unique(text), driver=text, options=pairs)
    found: dict[str, object] = shape(source, node, path)
    if "capabilities" not in found:
        source.faults.add(node, path, "`capabilities` is missing", "write `capabilities: [gpu]`")
    if "count" in found and "device_ids" in found:
        source.faults.add(node, path, "`count` beside `device_ids`", "keep one of them")
    return found if "device_ids" in found else {"count": -1, **found}


def _count(source: Source, node: Node, path: Path) -> int:
    if isinstance(node.value, str) and (source.filling.escaped(node, path) or "").lower() == "all":
        return -1
    return whole(source, node, path)


def ulimit(source: Source, node: Node, path: Path) -> object:
    """Return a limit, or its soft and hard half."""
    if not isinstance(node.value, dict):
        return whole(source, node, path)
    found = record(soft=whole, hard=whole)(source, node, path)
    if not {"soft", "hard"} <= set(node.mapping):
        source.faults.add(node, path, "`soft` and `hard` go together", "write both, or one number")
    return found


RATES = each(record(path=text, rate=size))
RESOURCES = record(
    limits=record(cpus=number, memory=size_in_text, pids=whole),
    reservations=record(
        cpus=number,
        memory=size_in_text,
        generic_resources=each(record(discrete_resource_spec=record(kind=text, value=whole))),
        devices=each(reserved_device),
    ),
)
HEALTHCHECK = record(
    disable=truth,
    interval=duration,
    retries=whole,
    test=test,
    timeout=duration,
    start_period=duration,
    start_interval=duration,
)


def _all(shape: Shape, words: str) -> dict[str, Shape]:
    return dict.fromkeys(words.split(), shape)


SHAPES: dict[str, Shape] = {
    **_all(text, "cgroup_parent cpuset domainname hostname ipc network_mode pid platform runtime"),
    **_all(text, "stop_signal user userns_mode uts working_dir"),
    **_all(truth, "attach init oom_kill_disable privileged read_only stdin_open tty"),
    "use_api_socket": flag,
    **_all(whole, "cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares oom_score_adj pids_limit"),
    "cpus": number,
    "cgroup": cgroup,
    **_all(size, "mem_limit mem_reservation mem_swappiness memswap_limit shm_size"),
    **_all(pairs, "annotations labels sysctls"),
    **_all(once(text), "cap_add cap_drop dns_opt"),
    **_all(one_or(once(text)), "dns_search tmpfs"),
    "dns": dns,
    **_all(command, "command entrypoint"),
    **_all(unique(text), "device_cgroup_rules security_opt"),
    "blkio_config": closed(
        weight=integer,
        weight_device=each(record(path=text, weight=whole)),
        device_read_bps=RATES,
        device_read_iops=RATES,
        device_write_bps=RATES,
        device_write_iops=RATES,
    ),
    "devices": devices,
    "expose": once(scalar),
    "extra_hosts": hosts,
    "group_add": unique(scalar),
    "healthcheck": HEALTHCHECK,
    "logging": record(driver=text, options=named(scalar)),
    "ports": read_ports,
    "storage_opt": named(scalar),
    "ulimits": named(ulimit),
}
