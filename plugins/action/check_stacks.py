"""The door from a play to `slipway.load`: all faults of the inventory and its stacks at once, before any host is touched."""

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import check
from slipway.errors import StackError
from slipway.load import load_environment


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
            environment = load_environment(Path(words["inventory"]), Path(words["compose"]))
        except StackError as error:
            return {"failed": True, "msg": str(error), "exit_code": error.exit_code}
        return {"changed": False, **check.as_json(environment)}
