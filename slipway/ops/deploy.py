"""Deploy a version of a stack: the files with what was chosen on the command line, and afterwards the pin that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .. import pins
from ..environment import Environment, Pin
from ..errors import SlipwayError, StackError
from ..load import read_environment, survey_environment
from ..load.stack import StackDraft
from ..load.versions import version_variables
from ..model import Stack
from ..request import Choice, request
from . import pinning, releasing, together
from .operation import BadOption, number
from .releasing import Doors, Manner, Outcome, Place

MOST_PERCENT = 99


class NoVersion(SlipwayError):
    """It is not clear what a version would change."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be deployed: a version of its images, and further variables; empty for what the files say.

    `canary` is the share of the visitors that meets it first, None for what the stack file says.
    """

    stack: str
    version: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    canary: int | None = None

    def __str__(self) -> str:
        """Return the order as the journal keeps it."""
        more = [f"--variable {name}={value}" for name, value in self.variables.items()]
        more += [f"--canary {self.canary}"] if self.canary is not None else []
        return " ".join(["fab deploy", self.stack, *([self.version] if self.version else []), *more])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The environment with what was chosen, the stack with the digests that hold on, and the variables of its pin."""

    environment: Environment
    stack: Stack
    pinned: Mapping[str, str]


def deploy(where: Place, order: Order, manner: Manner, doors: Doors) -> Outcome:
    """Deploy to each host of an environment; raises for all faults of the files before any host is asked."""
    wanted = read(where, order)
    data = words(where, wanted, order, manner)
    if manner.dry_run:
        return releasing.carry_out(where, order.stack, ["plan", order.stack], data, doors)
    command = ["submit", order.stack, *releasing.following(manner)]
    outcome = together.carry_out(where, together.Order(order.stack, command, data, manner), wanted.environment, doors)
    return pinning.keep(where, outcome, [*order.variables], doors)


def share(text: str) -> int | None:
    """Return the share that a person wrote for a canary, None for nothing."""
    found = number("--canary", text) if text else None
    if found is not None and found > MOST_PERCENT:
        raise BadOption(
            f"--canary is {found}, and a share of the visitors is 1 to {MOST_PERCENT} %", "write --canary 10, or 0 for none"
        )
    return found


def read(where: Place, order: Order) -> Wanted:
    """Return what is wanted; raises StackError with every fault."""
    before = survey_environment(where.inventory, where.compose)
    releasing.known(order.stack, before.environment)
    draft = before.drafts.get(order.stack)
    if draft is None:
        raise StackError(before.faults)
    old = before.environment.pins.get(order.stack, Pin())
    pin = pins.with_choice(old, chosen(draft, order))
    environment = read_environment(where.inventory, where.compose, {order.stack: pin}).environment
    stack = environment.stacks[order.stack]
    if order.canary and not stack.of_kind("web"):
        raise BadOption(
            f"--canary {order.canary}: {order.stack} has no routes, and a canary is a share of the visitors", "leave it out"
        )
    return Wanted(environment, replace(stack, pins=pins.kept_digests(old, draft.stack, stack)), pin.variables)


def words(where: Place, wanted: Wanted, order: Order, manner: Manner) -> dict[str, Any]:
    """Return the request, its secrets in it."""
    secrets = releasing.secret_values(wanted.environment, order.stack, where)
    choice = Choice("deploy", dict(wanted.pinned), manner.again, canary=order.canary)
    return request(wanted.stack, secrets, releasing.origin(where), manner.why or str(order), base=manner.base, choice=choice)


def chosen(draft: StackDraft, order: Order) -> dict[str, str]:
    """Return the variables that an order sets; a version is the one that the tags of the images are made of."""
    if not order.version:
        return dict(order.variables)
    names = version_variables(draft)
    if len(names) != 1:
        raise NoVersion(*_unclear(order, names))
    if order.variables.get(names[0], order.version) != order.version:
        raise NoVersion(f"{names[0]} is to be {order.version} and {order.variables[names[0]]}", "say it once")
    return {**order.variables, names[0]: order.version}


def _unclear(order: Order, names: list[str]) -> tuple[str, str]:
    if not names:
        cause = f"no image of {order.stack} takes its tag from a variable, so {order.version} has no place"
        return cause, "write `image: …:${RELEASE:?}` in its stack file"
    cause = f"the images of {order.stack} take their tags from {', '.join(names)}, so {order.version} could be any of them"
    return cause, f"fab deploy {order.stack} {' '.join(f'--variable {name}=…' for name in names)}"
