"""The commands `slipway reboot` and `slipway upgrade-docker`: what updates of the host ask of it."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from . import docker_upgrade, reboot
from .machine import Machine
from .release_commands import print_line

Arguments = argparse.Namespace
Add = Callable[..., argparse.ArgumentParser]


def add(commands: Any, add_: Add) -> None:
    """Add the commands."""
    parser = add_(commands, "reboot", _reboot, "reboot in order, where an update wants it and the window is open")
    parser.add_argument("--check", action="store_true", help="only tell how it stands")
    parser.add_argument("--json", action="store_true", help="with --check, for machines")
    parser.add_argument("--undo", action="store_true", help="start again what a reboot that did not come about has ended")
    parser = add_(commands, "upgrade-docker", _upgrade_docker, "move Docker's packages, and back where containers do not like it")
    parser.add_argument("--dry-run", action="store_true", help="only tell the versions")
    parser.add_argument("--back", action="store_true", help="go back to the packages of before the last upgrade")
    parser.add_argument("--here", action="store_true", help="in this process, not under systemd")


def _reboot(machine: Machine, arguments: Arguments) -> int:
    now = datetime.now().astimezone()
    if arguments.check:
        found = reboot.report(machine, now)
        print_line(json.dumps(asdict(found), indent=1) if arguments.json else reboot.as_text(found))
    elif said := reboot.undo(machine) if arguments.undo else reboot.look(machine, now):
        print_line(said)
    return 0


def _upgrade_docker(machine: Machine, arguments: Arguments) -> int:
    if arguments.here:
        return docker_upgrade.carry_out(machine, back=arguments.back)
    outcome = asdict(docker_upgrade.look(machine)) if arguments.dry_run else docker_upgrade.submit(machine, back=arguments.back)
    print_line(json.dumps(outcome))
    return int(outcome["code"])
