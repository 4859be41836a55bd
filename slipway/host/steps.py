"""Carry a list of steps out: each is journaled before and after, so that whoever reads it later knows how far a run came."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SlipwayError
from ..plan.step import Step
from .machine import Work

CarryOut = Callable[[Work, Step], None]


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was carried out, and how long it took."""

    name: str
    why: str
    seconds: float


def carry_out_all(work: Work, steps: Sequence[Step], carry_out: CarryOut) -> list[Done]:
    """Carry the steps out in order; the first that fails ends it."""
    return [_journaled(work, step, carry_out) for step in steps]


def _journaled(work: Work, step: Step, carry_out: CarryOut) -> Done:
    entry: dict[str, Any] = {"event": "step", "name": step.name, "why": step.why}
    work.note({**entry, "state": "begun"})
    work.machine.say(step.why)
    began = time.monotonic()
    try:
        carry_out(work, step)
    except SlipwayError as error:
        work.note({**entry, "state": "failed", "seconds": _since(began), "error": str(error)})
        raise
    done = Done(step.name, step.why, _since(began))
    work.note({**entry, "state": "done", "seconds": done.seconds})
    return done


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
