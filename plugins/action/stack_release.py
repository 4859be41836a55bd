"""The door from a play to a host's engine: one stack, one command, one result."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import local_command, request, sealed, vault
from slipway.errors import SlipwayError
from slipway.load import load_environment
from slipway.load.secrets import secret_values


class ActionModule(ActionBase):
    """Bring a stack to its release; documented in `plugins/modules/stack_release.py`."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load the stack again, hand it over, wait for the result."""
        super().run(tmp, task_vars)
        stack, check = str(self._task.args["stack"]), bool(self._task.check_mode)
        try:
            asked = self._request(stack, vault.opened((task_vars or {}).get("vault")))
        except SlipwayError as error:
            return {"failed": True, "msg": str(error), "exit_code": error.exit_code}
        done = self._low_level_execute_command(request.command(stack, check=check), in_data=json.dumps(asked).encode())
        return request.read_answer(stack, done["rc"], done["stdout"], done["stderr"], check=check)

    def _request(self, stack: str, opened: object) -> dict[str, Any]:
        words, run = self._task.args, partial(local_command.run, folder=ROOT)
        environment = load_environment(Path(words["inventory"]), Path(words["compose"]))
        values = sealed.opened(words.get("sealed") or "")
        if values is None:
            values = secret_values(environment, stack, opened, partial(local_command.ask_all, folder=ROOT))
        base, choice = words.get("base") == stack, request.Choice(again_of=request.number_of(words.get("again")))
        return request.request(environment.stacks[stack], values, request.origin(run), "site.yml", base=base, choice=choice)
