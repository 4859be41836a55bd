"""Run a command on the controller, in the repository's folder; what it says on its output is not shown, it may be a secret."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import CommandFailed

LIMIT_SECONDS = 120


def run(argv: Sequence[str], folder: Path) -> str:
    """Return the output of a command that must end well."""
    done = subprocess.run(
        list(argv), cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    if done.returncode:
        raise CommandFailed(argv, done.returncode, done.stderr, "run it by hand in the repository's folder")
    return done.stdout
