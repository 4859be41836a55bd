"""The door from templates to `slipway.plan.window`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from slipway.plan.window import window


def before_window(text: str, minutes: int) -> str:
    """Return the time that many minutes before a window such as `03:00-05:00`."""
    return window(text).before(minutes)


def window_looks(text: str, turn: int, of: int) -> list[str]:
    """Return when one of several hosts looks whether it wants a reboot."""
    return window(text).looks(turn, of)


class FilterModule:
    """Filters of Slipway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"before_window": before_window, "window_looks": window_looks}
