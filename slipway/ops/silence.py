"""Why a host gave no answer to a verb, and what to do about it."""

import re

from ..entry import Door, Refusal, refusal
from ..errors import HostError
from .hosts import Host
from .ssh import Answer

MISSING = r"slipway: (?:command not found|No such file)"


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
    reason = why_silent(host, answer)
    raise HostError(f"{host.name}: {reason.cause}", reason.next_step)
