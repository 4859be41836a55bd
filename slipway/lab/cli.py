"""The command line of the lab: read argv, call a verb, print."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ..errors import SlipwayError
from . import controller, lab, vm
from .names import HOSTS, SERVICES
from .push import push
from .state_folder import folder, secret

EPILOG = f"""\
hosts: {", ".join(f"{host.name} ({host.system})" for host in HOSTS.values())}; services: {", ".join(SERVICES)}
SLIPWAY_LAB_DIR moves the state folder.
SLIPWAY_LAB_IMAGES=official pulls images with official names instead of building stand-ins.
"""
INTERRUPTED = 130
ON_ONE = (
    ("restart", lab.reboot, "reboot a host or restart a service"),
    ("kill", lab.power_cut, "cut the power of a host or service"),
    ("start", lab.start, "give the power back"),
    ("unplug", lab.unplug, "take a host or service off the network"),
    ("plug", lab.plug, "bring it back"),
    ("fresh", lab.fresh, "remove a host and boot it anew"),
)
VM_ACTIONS = {"build": vm.build, "up": vm.up, "kill": vm.kill, "down": vm.down}


def main(argv: Sequence[str]) -> int:
    """Carry out one command; return its exit code."""
    arguments = _parser().parse_args(argv)
    verb: Callable[[argparse.Namespace], None] = arguments.verb
    try:
        verb(arguments)
    except SlipwayError as error:
        _say(f"error: {error}", sys.stderr.write)
        return error.exit_code
    except KeyboardInterrupt:
        _say("stopped; the same command goes on where this one ended", sys.stderr.write)
        return INTERRUPTED
    return 0


def _say(line: str, write: Callable[[str], object] | None = None) -> None:
    (write or sys.stdout.write)(f"{line}\n")
    sys.stdout.flush()


def _on_one(act: Callable[[str, Callable[[str], None]], None], arguments: argparse.Namespace) -> None:
    act(arguments.name, _say)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/lab",
        description=(lab.__doc__ or "").splitlines()[0],
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    _verb(verbs, "up", _up, "have Docker, the network, the services and the named hosts run").add_argument(
        "names", nargs="*", metavar="NAME"
    )
    _verb(verbs, "down", _down, "remove everything of the lab").add_argument(
        "--images", action="store_true", help="its images too"
    )
    _verb(verbs, "list", _list, "show what there is").add_argument("--json", action="store_true", help="for machines")
    _verb(verbs, "controller", _controller, "run a command on a Debian 13 controller (Python 3.13)").add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND"
    )
    _verb(verbs, "vm", _vm, "a real virtual machine: build its disk, boot, cut its power, end and forget it").add_argument(
        "action", choices=sorted(VM_ACTIONS)
    )
    for name, act, what in ON_ONE:
        _verb(verbs, name, partial(_on_one, act), what).add_argument("name", metavar="NAME")
    _verb(verbs, "push", _push, "build and push the images of tests/apps that changed").add_argument(
        "folder", nargs="?", type=Path, help="look for image.json below this folder instead"
    )
    _verb(verbs, "secret", lambda a: _say(secret(a.name)), "print a secret, random and made once").add_argument(
        "name", metavar="NAME"
    )
    _verb(
        verbs,
        "ca",
        lambda _: _say(str(folder() / "ca.pem")),
        "print the path of the file with the roots certificates are issued from",
    )
    return parser


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, verb: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text, description=text)
    parser.set_defaults(verb=verb)
    return parser


def _up(arguments: argparse.Namespace) -> None:
    lab.up(arguments.names, _say)


def _down(arguments: argparse.Namespace) -> None:
    lab.down(_say, images=arguments.images)


def _controller(arguments: argparse.Namespace) -> None:
    controller.run(arguments.command, _say)


def _vm(arguments: argparse.Namespace) -> None:
    VM_ACTIONS[arguments.action](_say)


def _push(arguments: argparse.Namespace) -> None:
    push(_say, *([arguments.folder] if arguments.folder else []))


def _list(arguments: argparse.Namespace) -> None:
    found = lab.state()
    if arguments.json:
        _say(json.dumps(found, indent=2))
        return
    for member in found:
        ports = (
            f"ssh {member['ssh_port']}  http {member['http_port']}  https {member['https_port']}" if "ssh_port" in member else ""
        )
        _say(f"{member['name']:<9} {member['state']:<8} {member['address']:<12} {member.get('system', ''):<7} {ports}".rstrip())
