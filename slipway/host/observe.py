"""Observe a release after it went live: the edge's log, Docker, and the health question asked from the host."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..errors import HostError
from ..model import Health, Service, Watch
from ..placement import Placed
from ..plan.commands import RUNNING
from ..render import names, switch
from ..watch.tally import Answer, Tally
from ..watch.window import Check, Kind, Memory, Restarts, Traffic, Window
from . import clock, drain, health, records
from .docker import Container
from .edge_log import EdgeLog
from .machine import Work

BOOKED_SECONDS = 3  # the edge reuses a connection for so long: until then a request may have gone to the release before
KEPT_SECONDS = 3600  # of what a canary answered: it may run for weeks
CHECK_SECONDS = 5
AT_ONCE = 8
KINDS: tuple[Kind, ...] = ("plain", "stream")


@dataclass(frozen=True, slots=True)
class Replica:
    """A container of the release, and where it is asked; `target` is empty where Docker's word has to do."""

    name: str
    container: str
    service: Service
    target: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found the last time a replica was looked at."""

    check: Check
    restarts: Restarts
    open: int = 0
    due: float = 0.0


@dataclass(slots=True)
class Observer:
    """Watches one release from the switch on; `since` is the time of the switch as the serving record has it.

    It can be made anew at any moment of the watch (after a kill, after a boot): the log is read from the switch on again. A
    canary is known by its `slots`: what others answered meanwhile is the release beside it. What one answered before the switch
    of another release is nothing that a return would bring back: only the `stable` slots count there.
    """

    work: Work
    placed: Placed
    since: str
    now: Callable[[], datetime] = clock.utc
    slots: frozenset[int] = frozenset()
    replicas: Sequence[Replica] = field(init=False)
    compared: bool = field(init=False)
    stable: frozenset[int] = field(init=False)
    anew: bool = field(init=False)
    log: EdgeLog = field(init=False)
    tally: Tally = field(init=False)
    beside: Tally = field(init=False)
    seen: dict[str, Seen] = field(init=False, default_factory=dict)
    memory: list[Memory] = field(init=False, default_factory=list)
    earlier: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Find where the watch begins in the log, and whether what is before it tells what a return would bring back."""
        stack, serving = self.placed.stack, self.work.serving()
        self.anew = self.since != (serving.canary.since if serving.canary and self.slots else serving.since)
        self.compared = not self.slots and not self.anew and serving.standby == serving.previous
        self.stable = stable_slots(self.work, self.placed, serving.standby)
        begin = clock.parse(self.since).timestamp() - (0 if self.slots else look_back_seconds(stack.watch))
        if self.slots:
            begin = max(begin, self.now().timestamp() - KEPT_SECONDS)
        self.replicas = [one for one in replicas(self.placed) if not self.slots or one.service.kind == "web"]
        self.log = EdgeLog(self.work.machine.layout.edge_log, stack.name, begin, health_paths(stack.of_kind("web")))
        self.tally, self.beside = (Tally(stack.watch.p95_ms.over if stack.watch.p95_ms else None) for _ in range(2))

    def look(self) -> Window:
        """Return all that was seen up to now. Takes milliseconds, at most the health question's timeout; call it every second."""
        switched = clock.parse(self.since).timestamp()
        for answer in self.log.answers():
            self._tally_of(answer, switched).add([replace(answer, began=answer.began - switched)])
        at = self.now().timestamp() - switched
        if self.slots:
            self.tally.forget(int(at) - KEPT_SECONDS)
            self.beside.forget(int(at) - KEPT_SECONDS)
        with suppress(HostError):  # Docker itself is restarting: that tells nothing of the release
            self._look_at(at, [replica for replica in self.replicas if self._due(replica) <= at])
        return Window(
            at=at,
            traffic=[self._traffic(service, kind) for service, kind in pools(self.placed)],
            checks=[seen.check for seen in self.seen.values()],
            restarts=[seen.restarts for seen in self.seen.values()],
            memory=tuple(self.memory),
        )

    def _tally_of(self, answer: Answer, switched: float) -> Tally:
        if self.slots:
            return self.tally if answer.slot in self.slots else self.beside
        return self.tally if answer.began >= switched or answer.slot in self.stable else self.beside

    def _due(self, replica: Replica) -> float:
        return self.seen[replica.name].due if replica.name in self.seen else 0.0

    def _look_at(self, at: float, due: Sequence[Replica]) -> None:
        if not due:
            return
        found = [self.work.machine.docker.container(replica.container) for replica in due]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            faults = list(pool.map(fault_of, due, found))
        for replica, container, fault in zip(due, found, faults, strict=True):
            self.seen[replica.name] = self._seen(at, replica, container, fault)
            self._weigh(at, replica, container)
        oldest = at - memory_seconds(self.placed.stack.watch)
        self.memory = [sample for sample in self.memory if sample.at >= oldest]

    def _seen(self, at: float, replica: Replica, container: Container | None, fault: str) -> Seen:
        before = self.seen[replica.name].check.bad_in_a_row if replica.name in self.seen else 0
        service = replica.service
        counted = container is not None and any(route.streams for route in service.routes)
        return Seen(
            check=Check(replica.name, before + 1 if fault else 0, self.work.mask(fault)),
            restarts=self._restarts(replica, container),
            open=drain.connections_of(container.pid, service.route_ports) if container and counted else 0,
            due=at + (service.health.interval_seconds if service.health else CHECK_SECONDS),
        )

    def _restarts(self, replica: Replica, container: Container | None) -> Restarts:
        """Count from the first look where the release is judged anew: Docker counts from the first start on."""
        if container and self.anew:  # Docker itself begins at nothing again where somebody starts a container
            self.earlier[replica.name] = min(self.earlier.get(replica.name, container.restarts), container.restarts)
        return restarts_of(replica, container, self.earlier.get(replica.name, 0))

    def _weigh(self, at: float, replica: Replica, container: Container | None) -> None:
        used = self.work.machine.docker.memory_mb(replica.container) if container and container.running else None
        if used is not None:
            self.memory.append(Memory(at, replica.name, used, replica.service.memory_mb))

    def _traffic(self, service: str, kind: Kind) -> Traffic:
        own = [item.name for item in self.replicas if item.service.name == service]
        return Traffic(
            service=service,
            seconds=self.tally.seconds(service, kind, 0 if self.slots else BOOKED_SECONDS, float("inf")),
            before=self.tally.seconds(service, kind, -look_back_seconds(self.placed.stack.watch), 0) if self.compared else (),
            beside=self.beside.seconds(service, kind, 0, float("inf")),
            kind=kind,
            open=sum(self.seen[name].open for name in own if name in self.seen) if kind == "stream" else 0,
        )


def replicas(placed: Placed) -> list[Replica]:
    """Return what a release keeps running."""
    return list(_replicas(placed))


def _replicas(placed: Placed) -> Iterator[Replica]:
    stack = placed.stack
    for service in stack.of_kind(*RUNNING):
        for name in names.replicas(service, service.replicas_started):
            target = ""
            if service.routes:
                found = switch.target(stack, placed.placement, service, name, service.health_port)
                target = f"{found.address}:{found.port}"
            yield Replica(name, names.container(stack.name, placed.number, name), service, target)


def stable_slots(work: Work, placed: Placed, standby: int | None) -> frozenset[int]:
    """Return the slots that led to what served before, and 0 for a line that tells none."""
    known = standby is not None and standby in records.served(work.folder)
    before = records.release(work.folder, standby).placement.slots if standby and known else {}
    return frozenset((0, *placed.placement.slots.values(), *before.values()))


def pools(placed: Placed) -> list[tuple[str, Kind]]:
    """Return what is judged apart: the plain requests and the streams of each web service."""
    found: list[tuple[str, Kind]] = []
    for service in placed.stack.of_kind("web"):
        kinds = {"stream" if route.streams else "plain" for route in service.routes}
        found += [(service.name, kind) for kind in KINDS if kind in kinds]
    return found


def health_paths(services: Sequence[Service]) -> frozenset[tuple[str, str]]:
    """Return the paths that only health questions go to; a start page is asked for by people too."""
    asked = {(service.name, service.health.path.partition("?")[0]) for service in services if service.health}
    return frozenset(pair for pair in asked if pair[1] != "/")


def fault_of(replica: Replica, container: Container | None) -> str:
    """Return what is wrong with a replica, or nothing."""
    if container is None:
        return "it is gone"
    if not container.running:
        return f"it does not run (exit code {container.exit_code}{', out of memory' if container.out_of_memory else ''})"
    if container.health == "unhealthy":
        return container.last_check or "Docker calls it unhealthy"
    asked: Health | None = replica.service.health
    return health.ask(replica.target, asked) if replica.target and asked else ""


def restarts_of(replica: Replica, container: Container | None, earlier: int = 0) -> Restarts:
    """Return a replica's restarts but the earlier ones; the deploy watched its first start, so none came before the switch."""
    if container is None:
        return Restarts(replica.name)
    return Restarts(replica.name, container.restarts - earlier, "out of memory" if container.out_of_memory else "")


def look_back_seconds(watch: Watch) -> int:
    """Return how much of the time before the switch is counted, to tell what is new from what was bad before."""
    return max(watch.error_ratio.for_seconds, watch.p95_ms.for_seconds if watch.p95_ms else 0)


def memory_seconds(watch: Watch) -> int:
    """Return how long samples of memory are kept."""
    bounds = [bound.for_seconds for bound in (watch.memory_mb, watch.memory_ratio) if bound]
    return max(bounds) + 4 * CHECK_SECONDS
