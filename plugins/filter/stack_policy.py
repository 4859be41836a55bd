"""The door from the role `stack` to `slipway.policy`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway.codec import to_json
from slipway.errors import SlipwayError
from slipway.load import load_environment
from slipway.policy.grants import policy_of


def stack_policy(inventory: str, compose: str) -> Any:
    """Return what the stacks of an inventory may ask of a host, as they are written now."""
    try:
        return to_json(policy_of(load_environment(Path(inventory), Path(compose)).stacks))
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of Slipway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"stack_policy": stack_policy}
