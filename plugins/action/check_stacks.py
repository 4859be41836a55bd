"""The door from a play to `slipway.load`: all faults of the inventory and its stacks at once, before any host is touched."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import check, local_command, vault
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
            if words.get("secrets"):
                self._ask(environment, vault.opened((task_vars or {}).get("vault")))
        except StackError as error:
            return {"failed": True, "msg": str(error), "exit_code": error.exit_code}
        return {"changed": False, **check.as_json(environment)}

    def _ask(self, environment: Environment, opened: object) -> None:
        asked = secrets.ask(environment, environment.stacks, opened, partial(local_command.ask_all, folder=ROOT))
        if faults := secrets.missing(asked):
            raise StackError(faults)
