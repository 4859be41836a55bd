"""The command `slipway`: the everyday question is answered without the engine, whose start takes longer than the answer."""

import json
import sys
from collections.abc import Sequence

from ..errors import SlipwayError
from . import status
from .machine import Machine


def main(argv: Sequence[str]) -> int:
    """Run a command; return its exit code."""
    if list(argv) != ["status", "--json"]:
        from .commands import main as command  # noqa: PLC0415 - the whole engine

        return command(argv)
    try:
        sys.stdout.write(f"{json.dumps(status.status(Machine()), indent=1)}\n")
    except SlipwayError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0
