"""The door from a play to a host's engine: one stack, one command, one result; several hosts meet on the way."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import local_command, request, sealed, vault
from slipway.environment import Environment
from slipway.errors import SlipwayError
from slipway.load import load_environment
from slipway.load.secrets import secret_values
from slipway.together import Lost
from slipway.together_play import Play, release, told


class ActionModule(ActionBase):
    """Bring a stack to its release; documented in `plugins/modules/stack_release.py`."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load the stack again, hand it over, wait for the result."""
        super().run(tmp, task_vars)
        stack, known = str(self._task.args["stack"]), task_vars or {}
        try:
            environment = load_environment(Path(self._task.args["inventory"]), Path(self._task.args["compose"]))
            asked = self._request(environment, stack, vault.opened(known.get("vault")))
            if self._task.check_mode:
                return told(stack, asked, self._do, check=True)
            return release(self._play(environment, known), str(known["inventory_hostname"]), asked, self._do)
        except Lost as error:
            raise AnsibleConnectionFailure(str(error)) from error
        except SlipwayError as error:
            return {"failed": True, "msg": str(error), "exit_code": error.exit_code}

    def _do(self, command: str, data: bytes) -> tuple[int, str, str]:
        try:
            done = self._low_level_execute_command(command, in_data=data or None)
        except AnsibleConnectionFailure as error:
            raise Lost(str(error), "see what keeps the host from answering, then run this again") from error
        return done["rc"], done["stdout"], done["stderr"]

    def _play(self, environment: Environment, known: dict[str, Any]) -> Play:
        hosts, left = ([str(host) for host in known.get(name) or ()] for name in ("ansible_play_hosts_all", "ansible_play_hosts"))
        gone, one_by_one = tuple(host for host in hosts if host not in left), environment.deploy_order == "one-by-one"
        forks = int(context.CLIARGS.get("forks") or constants.DEFAULT_FORKS)
        return Play(Path(constants.DEFAULT_LOCAL_TMP), str(self._task._uuid), tuple(hosts), gone, forks, one_by_one)

    def _request(self, environment: Environment, stack: str, opened: object) -> dict[str, Any]:
        words, run = self._task.args, partial(local_command.run, folder=ROOT)
        values = sealed.opened(words.get("sealed") or "")
        if values is None:
            values = secret_values(environment, stack, opened, partial(local_command.ask_all, folder=ROOT))
        base, choice = words.get("base") == stack, request.Choice(again_of=request.number_of(words.get("again")))
        return request.request(environment.stacks[stack], values, request.origin(run), "site.yml", base=base, choice=choice)
