"""The hosts of an environment and how SSH reaches them, read from plain inventory files.

Reads `hosts.yml`, `group_vars/` and `host_vars/` as data, with Ansible's precedence, and refuses Jinja in the few values it
needs: starting Ansible for them would take longer than most verbs.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ..errors import SlipwayError
from .suggest import did_you_mean

Variables = dict[str, Any]
EXAMPLES = {"single", "fleet"}  # folders to copy from, with values nobody can use as they are


class InventoryUnreadable(SlipwayError):
    """The inventory's files do not say what is needed."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Host:
    """A host and what OpenSSH must know of it; empty where the inventory is silent."""

    name: str
    address: str
    port: int | None = None
    user: str = ""
    key_file: str = ""
    arguments: str = ""

    def __str__(self) -> str:
        """Return the address as a person writes it."""
        return f"{self.user}@{self.address}" if self.user else self.address


def environments(root: Path) -> list[str]:
    """Return the names of the environments, sorted; examples are none."""
    return sorted(set(_folders(root)) - EXAMPLES)


def choose_environment(root: Path, wanted: str) -> Path:
    """Return the inventory folder that is wanted, by name or path: the only one, or `lab`, where nothing was said."""
    if "/" in wanted and (root / wanted / "hosts.yml").is_file():
        return root / wanted
    names = environments(root)
    name = wanted or (names[0] if len(names) == 1 else "lab")
    if name not in _folders(root):
        raise InventoryUnreadable(f"there is no environment {name!r}{did_you_mean(name, names)}", _known("--env", names))
    return root / "inventory" / name


def choose_hosts(inventory: Path, wanted: str = "", environment: Mapping[str, str] = os.environ) -> list[Host]:
    """Return the hosts of an environment, or the ones that are wanted (commas between them).

    SLIPWAY_USER and SLIPWAY_KEY say how this person logs in where the inventory names another: it is everybody's.
    """
    hosts = {host.name: _for_person(host, environment) for host in read_hosts(inventory)}
    names = [name.strip() for name in wanted.split(",") if name.strip()] or list(hosts)
    for name in names:
        if name not in hosts:
            cause = f"{inventory.name} has no host {name!r}{did_you_mean(name, hosts)}"
            raise InventoryUnreadable(cause, _known("--host", list(hosts)))
    return [hosts[name] for name in names]


def _for_person(host: Host, environment: Mapping[str, str]) -> Host:
    user, key = environment.get("SLIPWAY_USER", ""), environment.get("SLIPWAY_KEY", "")
    return replace(host, user=user or host.user, key_file=key or host.key_file)


def only(hosts: Sequence[Host], act: str) -> Host:
    """Return the one host of a list; `act` says what works on one only."""
    if len(hosts) != 1:
        names = [host.name for host in hosts]
        raise InventoryUnreadable(f"`fab` {act} on one host at a time, here are {len(names)}", _known("--host", names))
    return hosts[0]


def read_hosts(inventory: Path) -> list[Host]:
    """Return all hosts of an inventory folder, sorted by name."""
    tree = _Tree(inventory, _mapping(inventory / "hosts.yml"))
    return [_host(name, tree.variables(name)) for name in sorted(tree.hosts)]


def _folders(root: Path) -> list[str]:
    return [path.parent.name for path in root.glob("inventory/*/hosts.yml")]


def _known(option: str, names: list[str]) -> str:
    return f"use {option} with one of: {', '.join(names)}" if names else "copy inventory/single to start an environment"


def _host(name: str, variables: Variables) -> Host:
    port = _literal(name, variables, "ansible_port", "ansible_ssh_port")
    if port and not port.isdigit():
        raise InventoryUnreadable(f"{name}: ansible_port is {port!r}, not a number", "write the port as a plain number")
    return Host(
        name,
        _literal(name, variables, "ansible_host", "ansible_ssh_host") or name,
        int(port) if port else None,
        _literal(name, variables, "ansible_user", "ansible_ssh_user"),
        _literal(name, variables, "ansible_ssh_private_key_file", "ansible_private_key_file"),
        " ".join(filter(None, (_literal(name, variables, f"ansible_ssh_{part}_args") for part in ("common", "extra")))),
    )


def _literal(host: str, variables: Variables, *keys: str) -> str:
    value = next((str(variables[key]) for key in keys if variables.get(key) not in (None, "")), "")
    if "{{" in value or "{%" in value:
        raise InventoryUnreadable(
            f"{host}: {keys[0]} is a template: {value}", "write the value itself; `fab` reads no Jinja here"
        )
    return value


class _Tree:
    """Groups of an inventory: who is in them and which variables they bring."""

    def __init__(self, folder: Path, data: Mapping[str, Any]) -> None:
        self.folder = folder
        self.depths: dict[str, int] = {"all": 0}
        self.groups: dict[str, Variables] = {}
        self.hosts: dict[str, Variables] = {}
        self.members: dict[str, set[str]] = {}
        for name, group in data.items():
            self._add(name, group or {}, 0 if name == "all" else 1, ("all",))

    def variables(self, host: str) -> Variables:
        """Return a host's variables; nearer groups win over farther ones, the host's own over all."""
        found: Variables = {}
        for group in sorted(self.members.get(host, set()) | {"all"}, key=lambda name: (self.depths[name], name)):
            found |= self.groups.get(group, {}) | _variables(self.folder / "group_vars", group)
        return found | self.hosts[host] | _variables(self.folder / "host_vars", host)

    def _add(self, name: str, group: Mapping[str, Any], depth: int, above: tuple[str, ...]) -> None:
        self.depths[name] = max(depth, self.depths.get(name, 0))
        self.groups[name] = self.groups.get(name, {}) | _entries(group, "vars", name)
        for host, variables in _entries(group, "hosts", name).items():
            self.hosts[host] = self.hosts.get(host, {}) | _entries({host: variables}, host, name)
            self.members.setdefault(host, set()).update((*above, name))
        for child, below in _entries(group, "children", name).items():
            self._add(child, below or {}, depth + 1, (*above, name))


def _entries(group: object, key: str, name: str) -> Variables:
    """Return what stands under a key of a group."""
    found = group.get(key) or {} if isinstance(group, Mapping) else group
    if not isinstance(found, dict):
        raise InventoryUnreadable(f"hosts.yml: `{key}` of `{name}` is no mapping", "correct it; `fab check` shows all faults")
    return found


def _variables(folder: Path, name: str) -> Variables:
    found: Variables = {}
    for path in _files(folder, name):
        found |= _mapping(path)
    return found


def _files(folder: Path, name: str) -> Iterator[Path]:
    for path in (folder / f"{name}.yml", folder / f"{name}.yaml", folder / name):
        if path.is_dir():
            yield from sorted(child for child in path.rglob("*") if child.suffix in (".yml", ".yaml", ".json"))
        elif path.is_file():
            yield path


class _Loader(yaml.SafeLoader):
    """Plain YAML; values sealed by ansible-vault stay sealed."""


_Loader.add_constructor("!vault", lambda _loader, _node: None)
_Loader.add_constructor("!unsafe", lambda _loader, node: node.value)


def _mapping(path: Path) -> Variables:
    try:
        text = path.read_text(encoding="utf-8")
        data = {} if text.startswith("$ANSIBLE_VAULT") else yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (OSError, yaml.YAMLError) as error:
        raise InventoryUnreadable(f"cannot read {path}: {error}", "correct the file; `fab check` shows all faults") from error
    if not isinstance(data, dict | None):
        raise InventoryUnreadable(f"{path} is not a mapping", "start it with `all:` or a variable's name")
    return data or {}
