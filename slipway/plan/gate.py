"""The step in which a host that is prepared waits for the others: until then nothing that visitors see has changed."""

from .step import Step

GATE = "gate"
GATE_SECONDS = 3600  # as long as others wait for a stack's lock: nobody may hold it for ever


def gate(together: str) -> list[Step]:
    """Return the step at which hosts meet that switch together; none for one host alone."""
    why = "wait until every host is prepared: they switch together"
    return [Step(GATE, "gate", why, arguments={"together": together}, limit_seconds=GATE_SECONDS)] if together else []
