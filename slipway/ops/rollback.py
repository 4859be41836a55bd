"""Go back to a release that a host keeps. Faults of the stack file are no matter: the release comes by its own record."""

from typing import Any

from ..environment import Environment
from ..load import survey_environment
from ..request import SCHEMA
from . import pinning, releasing, together
from .releasing import Doors, Manner, Outcome, Place


def rollback(where: Place, stack: str, to: int | None, manner: Manner, doors: Doors) -> Outcome:
    """Go back on each host of an environment, to a release by its number or to the one before."""
    environment = survey_environment(where.inventory, where.compose).environment
    data = words(where, environment, stack, to, manner)
    how = ["--check"] if manner.dry_run else releasing.following(manner)
    order = together.Order(stack, ["rollback", stack, *how], data, manner)
    outcome = together.carry_out(where, order, environment, doors)
    return outcome if manner.dry_run else pinning.keep(where, outcome, [], doors)


def words(where: Place, environment: Environment, stack: str, to: int | None, manner: Manner) -> dict[str, Any]:
    """Return what the host must know: which release, who asks, and today's secrets."""
    releasing.known(stack, environment)
    origin = releasing.origin(where)
    return {
        "schema": SCHEMA,
        "to": to,
        "who": origin.who,
        "commit": origin.commit,
        "why": manner.why,
        "base": manner.base,
        "again": manner.again,
        "secrets": releasing.secret_values(environment, stack, where),
    }
