"""The door from a play to `slipway.load`: all faults of the inventory and its stacks at once, before any host is touched."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import check, local_command, notice_settings, sealed, vault
from slipway.environment import Environment
from slipway.errors import StackError
from slipway.load import load_for_hosts, secrets


class ActionModule(ActionBase):
    """Check the stacks; documented in `plugins/modules/check_stacks.py`."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load the environment on the controller; changes nothing anywhere."""
        super().run(tmp, task_vars)
        words = self._task.args
        missing = [word for word in ("inventory", "compose") if not words.get(word)]
        if missing:
            return {"failed": True, "msg": f"`{missing[0]}` is missing: name the folder"}
        try:
            environment = load_for_hosts(Path(words["inventory"]), Path(words["compose"]))
            asked = self._ask(environment, task_vars or {}) if self._hands_over(task_vars or {}) else []
        except StackError as error:
            return {"failed": True, "msg": str(error), "exit_code": error.exit_code}
        return {"changed": False, **secrets_of(environment, asked), **check.as_json(environment)}

    def _hands_over(self, task_vars: Mapping[str, Any]) -> bool:
        tag = self._task.args.get("secrets_for_tag")
        return bool(tag) and sealed.runs(tag, task_vars.get("ansible_run_tags", []), task_vars.get("ansible_skip_tags", []))

    def _ask(self, environment: Environment, task_vars: Mapping[str, Any]) -> list[secrets.Asked]:
        opened, ask_all = vault.opened(task_vars.get("vault")), partial(local_command.ask_all, folder=ROOT)
        asked = secrets.ask(environment, environment.stacks, opened, ask_all)
        if faults := secrets.missing(asked):
            raise StackError(faults)
        return asked


def secrets_of(environment: Environment, asked: list[secrets.Asked]) -> dict[str, Any]:
    """Return what later tasks of the run are handed, sealed: each stack's secrets, and those that notices need."""
    stacks = {stack: sealed.sealed({one.name: one.value for one in asked if one.stack == stack}) for stack in environment.stacks}
    told = notice_settings.secret_values(environment, asked)
    return {"sealed": stacks if asked else {}, "notice_secrets": sealed.sealed(told) if told else ""}
