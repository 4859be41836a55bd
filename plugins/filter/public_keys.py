"""The door from templates to `slipway.public_keys`."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import public_keys as keys
from slipway.errors import SlipwayError


def public_keys(entries: Iterable[str]) -> list[str]:
    """Return the public keys that entries of `keys` mean; paths start at the folder of the playbooks' repository."""
    try:
        return keys.public_keys(entries, lambda path: (ROOT / Path(path).expanduser()).read_text())
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of Slipway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"public_keys": public_keys}
