"""What a plan says, as data: hosts with the things their roles would change and the stacks they would run."""

from dataclasses import dataclass, field
from typing import Literal

from ..changes.change import Change

Act = Literal["add", "change", "remove", "do"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a host that a role would change; the texts are those of `--diff`.

    `drift` says what somebody changed there by hand; it is empty where the tree alone is why.
    """

    role: str
    act: Act
    kind: str
    name: str
    before: str = ""
    after: str = ""
    drift: str = ""


@dataclass(frozen=True, slots=True)
class Then:
    """What a role does after its changes, by the name of its handler."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """Names of secrets by what happens to their values."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Base:
    """Stores by what happens to them, and shared networks that cannot stay as they are."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing of the release that serves which is not as the host's records say."""

    kind: str
    name: str
    what: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What would happen to a stack on a host.

    `serving` is the release that serves, `release` the one that would; `judged` is false where the host could not tell: then
    `deploys` says that the stack is new there. `left` is why what serves stays, though the files ask for something older.
    `chosen` are sentences about what people chose while it runs, which no deploy ends.
    """

    name: str
    judged: bool = True
    serving: int | None = None
    release: int | None = None
    changes: tuple[Change, ...] = ()
    secrets: Secrets = Secrets()
    base: Base = Base()
    tasks: tuple[str, ...] = ()
    certificates: tuple[tuple[str, str], ...] = ()
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lost: tuple[Loss, ...] = ()
    deploys: bool = False
    left: str = ""
    chosen: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Say whether site.yml would do anything to the stack."""
        return self.deploys or bool(self.repairs)

    @property
    def needs_permission(self) -> bool:
        """Say whether a store would restart or go, which site.yml does only with `-e base=STACK`."""
        return bool(self.base.changed or self.base.removed)


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a check came to its end on a host, and why; nothing behind it was judged."""

    where: str
    cause: str
    code: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in the kernel that are not the written ones."""

    lost: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What would happen to a host; `stray` names stacks that run there and are not in the inventory."""

    name: str
    items: tuple[Item, ...] = ()
    then: tuple[Then, ...] = ()
    stacks: tuple[StackPlan, ...] = ()
    not_judged: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    rules: Rules = Rules()

    @property
    def changed(self) -> bool:
        """Say whether site.yml would change anything here."""
        return bool(self.items) or any(stack.changed for stack in self.stacks)


@dataclass(frozen=True, slots=True)
class Plan:
    """What site.yml would change in an environment."""

    environment: str
    hosts: tuple[HostPlan, ...] = ()
    command: str = field(default="")

    @property
    def code(self) -> int:
        """Return the exit code: what is wrong goes before what changes."""
        stops = {stop.code for host in self.hosts for stop in host.stops}
        wrong = next((code for code in (2, 3, 5, 1) if code in stops), 0)
        return wrong or (6 if any(host.changed for host in self.hosts) else 0)
