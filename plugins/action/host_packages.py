"""The door from a play to apt: asks dpkg in one command, calls Ansible's apt only for what is missing."""

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway.packages import REMOVED, failure, held, index_is_old, known, lacked, removed, upstream, versions

QUERY = "dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\\n'"
HOLDS = "dpkg-query -W -f '${db:Status-Want} ${Package}\\n'"


class ActionModule(ActionBase):
    """Have packages installed; documented in `plugins/modules/host_packages.py`."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Install what is missing; return the versions of what is there."""
        super().run(tmp, task_vars)
        names = [str(name) for name in self._task.args["names"]]
        told = self._task.args.get("installed") or {}
        there = known(names, told) or self._installed(names)
        missing = [name for name in names if name not in there]
        new = lacked(names, told, there)
        if missing and not self._task.check_mode:
            done = self._install(missing, task_vars)
            if done.get("failed"):
                return {"failed": True, "msg": failure(f"{done.get('msg')}\n{done.get('stderr', '')}", missing)}
            there = self._installed(names)
        if self._task.args.get("ahead"):
            return {"changed": False, "missing": missing}
        drift = removed(self._low_level_execute_command(REMOVED)["stdout"], new) if new else {}
        loose = self._loose(names) if self._task.args.get("hold") else []
        if loose and not self._task.check_mode:
            done = self._low_level_execute_command(f"apt-mark hold {' '.join(loose)}")
            if done["rc"]:
                return {"failed": True, "msg": failure(done["stdout"] + done["stderr"], loose)}
        words = [*(f"+ package {name}\n" for name in new), *(f"+ hold of package {name}\n" for name in loose)]
        return {
            "changed": bool(words),
            "missing": new,
            "loose": loose,
            "drift": drift,
            "diff": [{"prepared": "".join(words)}] if words else [],
            "versions": {k: upstream(v) for k, v in there.items()},
        }

    def _installed(self, names: list[str]) -> dict[str, str]:
        done = self._low_level_execute_command(f"{QUERY} {' '.join(names)}")  # code 1 where one is unknown
        return versions(done["stdout"])

    def _loose(self, names: list[str]) -> list[str]:
        """Return the names that an upgrade of everything would take along."""
        there = set(self._task.args.get("held") or ())
        there = there if there >= set(names) else held(self._low_level_execute_command(f"{HOLDS} {' '.join(names)}")["stdout"])
        return [name for name in names if name not in there]

    def _install(self, names: list[str], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Install by the index that is there; one that is old, or was cut short, is fetched anew."""
        done = self._apt(names, 3600, task_vars)
        return self._apt(names, 0, task_vars) if done.get("failed") and index_is_old(str(done.get("msg"))) else done

    def _apt(self, names: list[str], valid_seconds: int, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        index = {"update_cache": True, "update_cache_retries": 2, "cache_valid_time": valid_seconds, "lock_timeout": 300}
        words = {"name": names, "install_recommends": False, "policy_rc_d": 101, **index}  # 101: start nothing
        done: dict[str, Any] = self._execute_module("ansible.builtin.apt", words, task_vars=task_vars)
        return done
