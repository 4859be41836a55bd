"""The door from the role `stack` to `slipway.notice_settings`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway import notice_settings as settings_of
from slipway import sealed
from slipway.errors import SlipwayError

Words = Mapping[str, Any]


def notice_settings(notices: Words, receivers: Words, mail_server: Words, secrets: str, environment: str) -> Any:
    """Return whom a host tells about releases; `secrets` are sealed, and open in the run that sealed them only."""
    try:
        return settings_of.settings(notices, receivers, mail_server, sealed.opened(secrets) or {}, environment)
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of Slipway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"notice_settings": notice_settings}
