"""The commands `slipway notices`, which systemd starts for what lies in the outbox, and `slipway notify-test`."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ..errors import HostError
from . import notices
from .machine import Machine
from .release_commands import print_line

Arguments = argparse.Namespace
Add = Callable[..., argparse.ArgumentParser]


def add(commands: Any, new: Add) -> None:
    """Add these commands; `new` makes one."""
    new(commands, "notices", _notices, "tell people what waits to be told (started by systemd)")
    tried = new(commands, "notify-test", _test, "send receivers a message that means nothing, and say how that went, as JSON")
    tried.add_argument("--receiver", default="", help="one receiver instead of all")


def _notices(machine: Machine, arguments: Arguments) -> int:  # noqa: ARG001 - the form of every command
    print_line(f"messages: {notices.send_waiting(machine)}")
    return 0


def _test(machine: Machine, arguments: Arguments) -> int:
    found = notices.test(machine, arguments.receiver)
    print_line(json.dumps([asdict(one) for one in found]))
    return HostError.exit_code if any(one.error for one in found) else 0
