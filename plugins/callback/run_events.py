"""The door from a run of Ansible to a program: one line of JSON on standard output for each thing that happened."""

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: run_events
type: stdout
short_description: Tell a program what happens, one line of JSON each
description:
  - Used by C(fab plan) and C(fab drift). Keys of every line are C(event) and what belongs to it.
  - Results keep the keys in C(KEPT), and C(PROBED) of what a host said of itself.
"""
KEPT = (
    "commands",
    *("changed", "msg", "exit_code", "item", "name", "state", "enabled", "rc", "cmd"),
    *("paths", "diff", "not_judged", "missing", "loose", "version", "verdict", "release", "found", "drift"),
)
PROBED = ("units", "rules", "roles")  # of what a host said of itself


class CallbackModule(CallbackBase):
    """Print events; what they mean is `slipway/ops/plan_events.py`'s to say."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "run_events"

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Tell that a play begins."""
        self._tell("play", name=play.get_name())

    def v2_playbook_on_task_start(self, task: Any, is_conditional: Any) -> None:  # noqa: ARG002 - Ansible's form
        """Tell that a task begins."""
        self._tell("task", **_task(task))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """Tell that a handler begins."""
        self._tell("task", **_task(task))

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        """Tell that a handler will run; handlers that listen to one topic go by its name."""
        self._tell("notified", host=str(host), name=(handler.listen or [handler.get_name()])[0], role=_role(handler))

    def v2_runner_on_ok(self, result: Any) -> None:
        """Tell a result; a loop's came item by item."""
        if "results" not in result.result:
            self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002 - Ansible's form
        """Tell a failure; a loop's came item by item."""
        if "results" not in result.result:
            self._result("ok" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Tell that nobody answered."""
        self._result("unreachable", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Tell the result of one item of a loop."""
        self._result("ok", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Tell the failure of one item of a loop."""
        self._result("failed", result)

    def _result(self, verdict: str, result: Any) -> None:
        kept = {key: result.result[key] for key in KEPT if key in result.result}
        probe = result.result.get("probe")
        if isinstance(probe, dict):
            kept["probe"] = {key: probe[key] for key in PROBED if key in probe}
        self._tell("result", host=str(result.host), verdict=verdict, result=kept, **_task(result.task))

    def _tell(self, event: str, **words: Any) -> None:
        self._display.display(json.dumps({"event": event, **words}, default=str))


def _task(task: Any) -> dict[str, Any]:
    return {"task": task.get_name(), "action": task.action, "role": _role(task), "handler": hasattr(task, "listen")}


def _role(task: Any) -> str:
    return task._role.get_name() if task._role else ""
