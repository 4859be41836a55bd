"""The door from a play to `slipway.entry`: log in, say who let us in, or end the host with one clear cause."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import host_probe, host_program
from slipway.entry import ASK, Door, Host, Refusal, asking, both, host_of, refusal, still_holds

RESTORES = "\n  the host puts back by itself{} what this run changed and nobody confirmed; correct the cause, then run this again"
FRESH = "-o ControlMaster=no -o ControlPath=none "  # ssh takes the first value it reads


class ActionModule(ActionBase):
    """Enter a host; documented in `plugins/modules/host_entry.py`."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Try the admin, then the first user of a fresh host; confirm a guard where asked."""
        super().run(tmp, task_vars)
        words = self._task.args
        admin = words.get("user") or self._get_remote_user()
        if still_holds(words.get("known") or {}, admin, words.get("confirm") or ""):
            return {**words["known"], "changed": False}
        self._connection.set_option("reconnection_retries", 0)  # each refused key counts against our address at the host
        if words.get("new_connection"):
            self._connection.set_option("ssh_args", FRESH + (self._connection.get_option("ssh_args") or ""))
        found = self._knock(admin)
        first = words.get("first_login")
        if isinstance(found, Refusal) and found.kind == "key refused" and first and first != admin:
            second = self._knock(first)
            found = both(found, second) if isinstance(second, Refusal) else second
        if isinstance(found, Refusal):
            return {"msg": str(found) + _restores(words), **_end(found)}
        facts = {name: getattr(found, name) for name in Host.__slots__}
        entered = {"changed": False, "user": self._get_remote_user(), **facts, **self._asked()}
        return {**entered, **({} if entered.get("failed") else self._confirm(words.get("confirm")))}

    def _knock(self, user: str) -> Host | Refusal:
        self._connection.set_option("remote_user", user)
        option = self._connection.get_option
        door = Door(user, option("host") or "", int(option("port") or 22), option("private_key_file") or "")
        probing = bool(self._task.args.get("probe"))
        program = host_program.sent(host_program.packed("host_probe", host_probe.PROGRAM)) if probing else None
        command = asking(host_program.command("host_probe")) if probing else ASK
        if become := self._connection.become:  # what the knock before waited for: root needs no sudo, so its words never come
            become.prompt = become.success = ""
        try:
            self._said = self._low_level_execute_command(command, in_data=program)
        except AnsibleError as error:
            return refusal(str(error), door)
        words = self._said["stdout"]
        return host_of(words, door) if self._said["rc"] == 0 else refusal(words + self._said["stderr"], door)

    def _asked(self) -> dict[str, Any]:
        if not self._task.args.get("probe"):
            return {}
        answer = host_probe.read_answer(0, self._said["stdout"], self._said["stderr"])
        return answer if answer.get("failed") else {"probe": answer}

    def _confirm(self, guard: str | None) -> dict[str, Any]:
        if not guard or self._task.check_mode:
            return {}
        program = f"/var/lib/slipway/guard/{guard}/program.zip"  # not there where nothing was changed
        done = self._low_level_execute_command(f"test ! -e {program} || /usr/bin/python3 -I -S {program} confirm {guard}")
        return {} if done["rc"] == 0 else {"failed": True, "msg": (done["stdout"] + done["stderr"]).strip()}


def _restores(words: Mapping[str, Any]) -> str:
    limit = f" within {words['seconds']} s" if words.get("seconds") else ""
    return RESTORES.format(limit) if words.get("confirm") else ""


def _end(found: Refusal) -> dict[str, bool]:
    return {"unreachable": True} if found.unreachable else {"failed": True}
