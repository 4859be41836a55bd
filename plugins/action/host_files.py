"""The door from a play to `slipway.host_files`: renders on the controller, one command on the host."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template
from ansible.utils.display import Display

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import file_set, host_managed, host_program
from slipway.errors import SlipwayError

JINJA = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}


class ActionModule(ActionBase):
    """Bring a set of files into place; documented in `plugins/modules/host_files.py`."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Render, send, return what changed."""
        super().run(tmp, task_vars)
        sources = file_set.Sources(lambda name, extra: self._render(name, {**(task_vars or {}), **extra}), self._read)
        try:
            wanted = file_set.request(self._task.args, sources, check=self._task.check_mode, diff=self._task.diff)
        except SlipwayError as error:
            return {"failed": True, "msg": str(error)}
        if host_managed.all_right(wanted, self._task.args.get("known") or {}):
            return file_set.nothing_to_do(wanted)
        wanted["by"] = self._task.get_name()
        answer = self._send(wanted, (task_vars or {}).get("ansible_python_interpreter", "/usr/bin/python3"))
        if notice := file_set.on_probation(answer, wanted["guard"]):
            Display().display(f"{(task_vars or {}).get('inventory_hostname')}: {notice}")
        return answer

    def _send(self, wanted: dict[str, Any], python: str) -> dict[str, Any]:
        text = host_program.sent(host_program.packed("host_files", file_set.PROGRAM), file_set.message(wanted))
        done = self._low_level_execute_command(host_program.command("host_files", python), in_data=text)
        return file_set.read_answer(done["rc"], done["stdout"], done["stderr"])

    def _render(self, name: str, variables: dict[str, Any]) -> str:
        path = Path(self._find("templates", name))
        text = trust_as_template(self._loader.get_text_file_contents(str(path)))
        templar = self._templar.copy_with_new_env(searchpath=[str(path.parent)], available_variables=variables)
        rendered = templar.template(text, escape_backslashes=False, overrides=JINJA)
        return "" if rendered is None else str(rendered)

    def _read(self, name: str) -> Mapping[str, bytes]:
        path = Path(self._find("files", name))
        if path.is_dir():
            return {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.is_file()}
        return {"": path.read_bytes()}

    def _find(self, folder: str, name: str) -> str:
        try:
            path = Path(name).expanduser()
            return str(path) if path.exists() and path.is_absolute() else str(self._find_needle(folder, name))
        except AnsibleError as error:
            raise SlipwayError(f"{name}: no such file in {folder}/ of the role", "write its path right") from error
