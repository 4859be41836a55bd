"""Why a host gave no answer to a verb, and what to do about it."""

import re

from ..entry import Door, Refusal, refusal
from ..errors import HostError, SlipwayError
from .hosts import Host
from .ssh import Answer

NEXT = "\n  next: "
MISSING = r"slipway: (?:command not found|No such file)"


class HostSaid(SlipwayError):
    """The host's own command refused; its words and exit code are kept as they are."""

    def __init__(self, host: Host, answer: Answer) -> None:
        """Keep what it said, with the host's name in front."""
        super().__init__(f"{host.name}: {answer.errors.strip()}")
        self.exit_code = answer.code


def why_silent(host: Host, answer: Answer) -> Refusal:
    """Return the cause in a person's words; what the host said last where none is known."""
    if answer.reached and re.search(MISSING, answer.errors):
        return Refusal(
            "missing", "Slipway is not on this host", f"ansible-playbook -i inventory/<env> site.yml --limit {host.name}"
        )
    known = refusal(answer.errors, Door(host.user or "(your user)", host.address, host.port or 22, host.key_file))
    if known.kind != "unknown":
        return known
    said = answer.errors.strip() or answer.output.strip() or f"exit code {answer.code}"
    return Refusal("unknown", said[-800:], f"look yourself: fab ssh --host {host.name}")


def told(host: Host, answer: Answer) -> None:
    """Raise the reason of an answer that is none."""
    if answer.reached and NEXT in answer.errors:
        raise HostSaid(host, answer)
    reason = why_silent(host, answer)
    raise HostError(f"{host.name}: {reason.cause}", reason.next_step)
