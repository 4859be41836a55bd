"""The only command of the deploy user: sshd starts it for each key, it asks root, and root takes a few verbs from it.

Nothing is decided by what the caller's environment says but the words that were sent; root decides by the words alone.
"""

import os
import shlex
import sys
from collections.abc import Sequence

from ..errors import ReleaseRefused, SlipwayError
from ..policy.verbs import DEPLOYER_VERBS
from . import commands
from .asker import DEPLOY, Asker

COMMAND = "/usr/local/sbin/slipway-deploy"
ENGINE = ("slipway", "/usr/local/sbin/slipway")
SUDO = ("sudo", "/usr/bin/sudo")
SUDO_OPTIONS = ("-n", "-H", "--")


def main(argv: Sequence[str]) -> int:
    """As the deploy user pass on what was sent over SSH; as root do it."""
    person = argv[0] if argv else ""
    try:
        if os.geteuid():
            words = words_of(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
            os.execv(SUDO[1], ["sudo", "-n", "--", COMMAND, person, *words])  # noqa: S606 - an argv list, no shell
        return commands.main(allowed(argv[1:]), Asker(DEPLOY, person))
    except SlipwayError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def words_of(line: str) -> list[str]:
    """Return the verb and its words out of what was sent: `slipway …`, with or without sudo before it."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise _refusal(f"`{line}` is no command: {error}") from error
    if words and words[0] in SUDO:
        words = words[1:]
        while words and words[0] in SUDO_OPTIONS:
            words = words[1:]
    if not words or words[0] not in ENGINE:
        raise _refusal(f"`{line}` is not for deployers" if line else "deployers have no shell here")
    return allowed(words[1:])


def allowed(words: Sequence[str]) -> list[str]:
    """Return the words of a verb that deployers have."""
    if not words or words[0] not in DEPLOYER_VERBS:
        raise _refusal(f"`slipway {words[0] if words else ''}` is not for deployers")
    return list(words)


def _refusal(cause: str) -> ReleaseRefused:
    shown = "".join(char if char.isprintable() else "?" for char in cause)
    return ReleaseRefused(shown, f"deployers have: {', '.join(f'slipway {verb}' for verb in DEPLOYER_VERBS)}")
