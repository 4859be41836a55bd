"""The door from a play to `slipway.host_probe`: one command on the host, its answer for all tasks that follow."""

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import host_probe


class ActionModule(ActionBase):
    """Ask a host what is there; documented in `plugins/modules/host_probe.py`."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send the program, return what it saw; changes nothing."""
        super().run(tmp, task_vars)
        python = (task_vars or {}).get("ansible_python_interpreter", "/usr/bin/python3")
        program = Path(host_probe.__file__).read_bytes()
        done = self._low_level_execute_command(f"{python} -I -S -", in_data=program)
        return host_probe.read_answer(done["rc"], done["stdout"], done["stderr"])
