"""The hosts and groups of an environment, from `hosts.yml`; and words of ours in files where nobody reads them.

Ansible reads the same files its own way; here only names matter, and shapes in which Ansible would see no host at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as File

from ..environment import Environment
from .faults import Faults, Path, nearest
from .nodes import Node, read_document
from .schema import words

GROUP_KEYS = ("children", "hosts", "vars")
SUFFIXES = ("", ".yml", ".yaml", ".json")
HOME = "group_vars/all/"


@dataclass(slots=True)
class Hosts:
    """Names of hosts, and group -> its hosts, those of the groups below included."""

    file: str
    exists: bool = False
    groups: dict[str, set[str]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Return the names of all hosts."""
        return set().union(*self.groups.values())


def read_hosts(folder: File, shown: str, faults: Faults) -> Hosts:
    """Read `hosts.yml`; every fault is noted."""
    found = Hosts(f"{shown}/hosts.yml")
    path = folder / "hosts.yml"
    if path.exists():
        found.exists = True
        document = read_document(path, found.file)
        faults.found += document.faults
        if document.root is not None:
            _read_groups(document.root, found, faults)
    _judge_strays(folder, shown, faults)
    return found


def _read_groups(root: Node, hosts: Hosts, faults: Faults) -> None:
    for name, group in _entries(root, (), faults).items():
        hosts.groups.setdefault("all", set()).update(_read_group(group, name, (name,), hosts, faults))


def _read_group(node: Node, name: str, path: Path, hosts: Hosts, faults: Faults) -> set[str]:
    entries = _entries(node, path, faults)
    for key in entries:
        if key not in GROUP_KEYS:
            faults.unknown(entries[key], path, key, GROUP_KEYS)
    found = set(_entries(entries.get("hosts"), (*path, "hosts"), faults))
    for child, below in _entries(entries.get("children"), (*path, "children"), faults).items():
        found |= _read_group(below, child, (*path, "children", child), hosts, faults)
    for word, written in _entries(entries.get("vars"), (*path, "vars"), faults).items():
        _judge_stray(word, written, (*path, "vars", word), faults)
    hosts.groups.setdefault(name, set()).update(found)
    return found


def _entries(node: Node | None, path: Path, faults: Faults) -> Mapping[str, Node]:
    if node is None or node.is_null:
        return {}
    if not isinstance(node.value, dict):
        last = path[-1] if path else ""
        hint = f"write `{last}: {{name: }}`, or `name:` on a line of its own" if last in GROUP_KEYS else "write `all: {hosts: …}`"
        faults.add(node, path, f"{node.kind} where a mapping is wanted", hint)
    return node.mapping


def _judge_strays(folder: File, shown: str, faults: Faults) -> None:
    """Note words of ours beside the files that are read: Ansible would take some of them, and the check none."""
    for path in _variable_files(folder):
        document = read_document(path, f"{shown}/{path.relative_to(folder).as_posix()}")
        for word, node in document.root.mapping.items() if document.root else ():
            _judge_stray(word, node, (word,), faults)


def _variable_files(folder: File) -> Iterator[File]:
    home = folder / HOME
    for kind in ("group_vars", "host_vars"):
        for path in sorted((folder / kind).rglob("*")):
            read = path.parent == home and path.suffix in (".yml", ".yaml")
            if path.suffix in SUFFIXES and not path.name.startswith(".") and not read and path.is_file():
                yield path


def _judge_stray(word: str, node: Node, path: Path, faults: Faults) -> None:
    if word in words(Environment):
        faults.add(node, path, f"`{word}` is read from `{HOME}*.yml` only", "move it there: one word, one place")


def missing_group(name: str, hosts: Hosts) -> tuple[str, str]:
    """Return what to say of a group or host that does not exist."""
    return f"no group `{name}` in {hosts.file}", nearest(name, hosts.groups) or "groups: " + ", ".join(sorted(hosts.groups))
