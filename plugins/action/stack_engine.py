"""The door from a play to a host's engine folder: asks for its version, sends another only where it differs."""

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import engine_archive


class ActionModule(ActionBase):
    """Bring the engine into place; documented in `plugins/modules/stack_engine.py`."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Compare versions, then send."""
        super().run(tmp, task_vars)
        archive = engine_archive.pack(ROOT)
        there = self._task.args.get("known") or self._low_level_execute_command(engine_archive.VERSION)["stdout"].strip()
        if there == archive.version:
            return {"changed": False, "version": archive.version}
        result = {"changed": True, "version": archive.version, "diff": [engine_archive.difference(there, archive.version)]}
        if self._task.check_mode:
            return result
        done = self._low_level_execute_command(engine_archive.install_script(archive.version), in_data=archive.content)
        if done["rc"]:
            return {"failed": True, "msg": f"the engine could not be put into place:\n{done['stderr'].strip()}"}
        return result
