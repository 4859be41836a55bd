"""The door from a play to `slipway.host_accounts`: one command on the host."""

import json
import sys
from pathlib import Path
from shlex import quote
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import host_accounts

PROGRAM = ROOT / "slipway/host_accounts.py"


class ActionModule(ActionBase):
    """Have the accounts of people; documented in `plugins/modules/host_accounts.py`."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make and date accounts, or shut those nobody names any more."""
        super().run(tmp, task_vars)
        words = self._task.args
        accounts = {name: str((person or {}).get("expires", "")) for name, person in words["accounts"].items()}
        accounts |= dict.fromkeys(words.get("further", []), "")
        if not words.get("farewell") and (answer := host_accounts.answered(accounts, words.get("known") or {})):
            return {**answer, "diff": []}
        asked = json.dumps({"accounts": accounts, "farewell": bool(words.get("farewell")), "check": self._task.check_mode})
        done = self._low_level_execute_command(f"/usr/bin/python3 -I -S - {quote(asked)}", in_data=PROGRAM.read_bytes())
        if done["rc"]:
            said = (done["stderr"] or done["stdout"]).strip()[-1000:]
            return {
                "failed": True,
                "msg": f"the accounts of the host: {said}\n  next: look with `getent passwd` and run this again",
            }
        answer = json.loads(done["stdout"].strip().splitlines()[-1])
        return {**answer, "diff": [{"prepared": "".join(f"+ {line}\n" for line in answer["commands"])}]}
