"""What the roles say of themselves: inputs, tasks, handlers, and what the playbooks hand them. Reads files, judges nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .entries import entries, everything, is_hole

Words = Mapping[str, Any]

# Every other word of a task is its module.
TASK_WORDS = {
    *("name", "when", "register", "notify", "listen", "loop", "loop_control", "vars", "tags", "become", "args", "no_log"),
    *("changed_when", "failed_when", "check_mode", "diff", "until", "retries", "delay", "environment", "delegate_to"),
    *("run_once", "throttle", "timeout", "ignore_errors", "any_errors_fatal", "block", "rescue", "always"),
}
INNER = ("block", "rescue", "always")
# A word of the inventory in the playbooks' expressions: `admins`, `docker.source`, `(docker | default({})).source`; no method.
WORD = re.compile(r"\b([a-z_]+)(?: \| default\(\{\}\)\))?(?:\.([a-z_]+)\b(?!\())?")


@dataclass(frozen=True, slots=True)
class Task:
    """A task or handler: its name without the topic, its module, and what it is told."""

    name: str
    module: str
    told: Words
    words: Words

    @property
    def notifies(self) -> tuple[str, ...]:
        """Return the handlers it calls."""
        return _listed(self.words.get("notify"))


@dataclass(frozen=True, slots=True)
class Role:
    """A role as its files and the playbooks have it."""

    name: str
    purpose: str
    more: tuple[str, ...]  # further paragraphs
    options: Mapping[str, Words]
    handed: Mapping[str, str]  # variable -> the expression a playbook gives it
    tags: tuple[str, ...]
    parts: Mapping[str, tuple[Task, ...]]  # file of tasks -> what it does, imported files included
    handlers: tuple[Task, ...]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks of all parts."""
        return tuple(task for part in self.parts.values() for task in part)

    def source(self, variable: str) -> str:
        """Return the word of the inventory that a playbook hands over as this variable; empty where there is none."""
        return next(inventory_words(self.handed.get(variable, "")), "")


def read_roles(root: Path) -> list[Role]:
    """Return the roles of the repository in the order of their first use; those that no playbook uses come last."""
    plays = [play for path in _playbooks(root) for play in _yaml(path)]
    uses = [use for play in plays for use in _uses(play.get("tasks", []), play.get("vars", {}))]
    order = list(dict.fromkeys(use["told"]["name"] for use in uses))
    names = sorted(path.parts[-3] for path in root.glob("roles/*/meta/argument_specs.yml"))
    found = [*(name for name in order if name in names), *(name for name in names if name not in order)]
    return [read_role(root / "roles" / name, [use for use in uses if use["told"]["name"] == name]) for name in found]


def read_role(folder: Path, uses: list[Words]) -> Role:
    """Return a role from its folder and the tasks of the playbooks that use it."""
    spec = _yaml(folder / "meta/argument_specs.yml")["argument_specs"]["main"]
    handlers = folder / "handlers/main.yml"
    return Role(
        name=folder.name,
        purpose=spec["short_description"],
        more=_listed(spec.get("description")),
        options=spec.get("options", {}),
        handed={name: str(value) for use in reversed(uses) for name, value in use["vars"].items()},
        tags=tuple(dict.fromkeys(tag for use in uses for tag in use["tags"])),
        parts=_parts(folder / "tasks"),
        handlers=tuple(map(_task, _yaml(handlers))) if handlers.is_file() else (),
    )


def inventory_words(expression: str) -> Iterator[str]:
    """Yield the words of the inventory that an expression names, dotted, the first first."""
    known = {".".join(part for part in entry.path if not is_hole(part)) for entry in everything(entries("inventory"))}
    for match in WORD.finditer(expression):
        dotted = f"{match[1]}.{match[2]}"
        yield from (word for word in ([dotted] if dotted in known else [match[1]]) if word in known)


def _playbooks(root: Path) -> list[Path]:
    """Return the files that site.yml imports, in order."""
    return [root / play["ansible.builtin.import_playbook"] for play in _yaml(root / "site.yml")]


def _uses(tasks: list[Words], around: Words) -> Iterator[Words]:
    """Yield the uses of roles; a variable of the play that is handed on stands as what the play says it is."""
    for task in tasks:
        yield from _uses([inner for word in INNER for inner in task.get(word, [])], around)
        if told := task.get("ansible.builtin.import_role"):
            handed = {name: around.get(str(value).strip("{} "), value) for name, value in task.get("vars", {}).items()}
            yield {"told": told, "vars": handed, "tags": _listed(task.get("tags"))}


def _parts(folder: Path) -> dict[str, tuple[Task, ...]]:
    """Return what each file of tasks does on its own: main.yml, then those that a playbook enters by name."""
    files = sorted(folder.glob("*.yml"), key=lambda path: (path.stem != "main", path.stem))
    imported = {name for path in files for name in _imports(_yaml(path))}
    return {path.stem: tuple(_tasks(folder, _yaml(path))) for path in files if path.name not in imported}


def _imports(tasks: list[Words]) -> Iterator[str]:
    yield from (told for task in tasks if isinstance(told := _task(task).told.get("_file"), str))


def _tasks(folder: Path, tasks: list[Words]) -> Iterator[Task]:
    for words in tasks:
        task = _task(words)
        if "_file" in task.told:
            yield from _tasks(folder, _yaml(folder / task.told["_file"]))
        elif task.module:
            yield task
        yield from _tasks(folder, [inner for word in INNER for inner in words.get(word, [])])


def _task(words: Words) -> Task:
    name = next((word for word in words if word not in TASK_WORDS), "")
    module, told = name.rpartition(".")[2], words.get(name)
    if module in ("import_tasks", "include_tasks"):
        told = {"_file": told["file"] if isinstance(told, dict) else told}
    return Task(words.get("name", "").rpartition(" | ")[2], module, told if isinstance(told, dict) else {"_raw": told}, words)


def _listed(value: Any) -> tuple[str, ...]:
    return () if value is None else tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
