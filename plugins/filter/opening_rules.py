"""The door from templates to `slipway.firewall`."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import firewall
from slipway.errors import SlipwayError


def opening_rules(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the nftables rules of the inventory's `openings`."""
    try:
        return firewall.rules(entries)
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of Slipway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"opening_rules": opening_rules}
