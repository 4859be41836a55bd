"""The door from plays to `slipway.lock_out`: finds out which keys this controller offers."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import lock_out as judge
from slipway.errors import SlipwayError
from slipway.public_keys import public_keys


def lock_out(admins: Mapping[str, Any], operator: str, deploy_user: str, key_file: str) -> str:
    """Return why these admins would lock the operator out, or nothing."""
    try:
        people = {name: public_keys(admin["keys"], lambda path: _file(path).read_text()) for name, admin in admins.items()}
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from error
    last_day = str(admins.get(operator, {}).get("expires") or "")
    is_over = bool(last_day) and last_day < str(datetime.now(UTC).date())
    return judge.lock_out(people, judge.Operator(operator, _offered(key_file), is_over), deploy_user)


def networks_lock_out(pools: Mapping[str, str], network: Mapping[str, Any]) -> str:
    """Return why these pools would lock somebody out, or nothing."""
    return judge.networks_lock_out(pools, network)


def _offered(key_file: str) -> list[str]:
    """Return the public keys of the file and the agent; none where the file's is not there: the new login will tell."""
    public = _file(f"{key_file}.pub")
    if not key_file or not public.is_file():
        return []
    agent = subprocess.run(["ssh-add", "-L"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    lines = [*public.read_text().splitlines(), *(agent.stdout.splitlines() if agent.returncode == 0 else [])]
    return [line for line in lines if len(line.split()) > 1]


def _file(path: str) -> Path:
    return ROOT / Path(path).expanduser()


class FilterModule:
    """Filters of Slipway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"lock_out": lock_out, "networks_lock_out": networks_lock_out}
