"""The secrets of an environment, asked for from this machine as site.yml would."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from .. import local_command, vault
from ..environment import Environment
from ..load import secrets


def ask(environment: Environment, stacks: Iterable[str], inventory: Path, root: Path) -> list[secrets.Asked]:
    """Return what became of each secret of these stacks; `root` is the repository, where commands run."""
    names = list(stacks)
    sealed = any(source == secrets.VAULT for name in names for source in environment.secret_sources[name].values())
    file = inventory / "group_vars" / "all" / "vault.yml"
    opened = vault.read(file, root / "ansible.cfg") if sealed else None
    return secrets.ask(environment, names, opened, partial(local_command.ask_all, folder=root))
