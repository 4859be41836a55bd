"""Judge before anything is made whether this host has room for both generations of a stack: memory, connections, disk."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ..codec import from_json
from ..errors import HostError
from ..plan import fit as plan
from ..plan.counts import chosen
from ..plan.fit import Connections, Found, Need, Shortage
from ..plan.step import Step
from ..policy.images import repository
from . import counts, disk
from .docker import Container
from .machine import Work
from .records import Release, Request

ASK_SECONDS = 10
ONLY_TOLD = ("rollback", "restart")
AT_ONCE = 4
# Asked by the server's own client inside its container, as whoever the image made its owner; a password is never asked for.
QUESTIONS = {
    "postgres": 'exec psql -X -A -t -q -w -U "${POSTGRES_USER:-postgres}" -d postgres -c "SHOW max_connections"',
    "redis": "exec redis-cli --raw CONFIG GET maxclients",
}
ANSWERS = {"postgres": r"(\d+)", "redis": r"maxclients\n(\d+)"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a release does not fit, and what could not be asked."""

    error: HostError | None
    notes: tuple[str, ...] = ()


def step(work: Work, request: Request, current: Release | None, known: Mapping[str, str]) -> Step:
    """Return the step that is sure of room for a request beside what serves; `known` are the digests known before a pull.

    Who goes back or restarts is only told of memory and connections that are short: they may do so because of it.
    """
    stack = request.stack
    new, old = chosen(stack, counts.chosen(work.folder)), counts.placed(work.folder, current) if current else None
    images = [known[name] or service.image for name, service in stack.services.items()]
    return plan.step(plan.need(new, old, images), told=request.verb in ONLY_TOLD)


def check(work: Work, step: Step) -> None:
    """Refuse a release that does not fit beside the one that serves."""
    found = judge(work, step)
    for note in found.notes:
        work.warn(note)
    if found.error:
        raise found.error


def judge(work: Work, step: Step) -> Verdict:
    """Return what is short, all of it at once, having changed nothing."""
    needed = from_json(Need, step.arguments["need"])
    with ThreadPoolExecutor(AT_ONCE) as pool:  # a client inside a container takes as long as all the rest
        asking = {one.store: pool.submit(_asked, work, one) for one in needed.connections}
        found, full = _found(work), _full(work, needed.images)
    answers = {store: said.result() for store, said in asking.items()}
    found = replace(found, allowed={store: said for store, said in answers.items() if isinstance(said, int)})
    notes = tuple(f"{store} does not tell how many connections it allows: {said}" for store, said in _unsaid(answers))
    short = plan.shortages(needed, found)
    if step.arguments.get("told"):
        notes, short = (*notes, *(one.cause for one in short)), []
    short = [*short, *full]
    return Verdict(_refusal(short) if short else None, notes)


def _refusal(short: Sequence[Shortage]) -> HostError:
    cause = "\n".join(["this host has no room for both generations:", *(one.cause for one in short)])
    return HostError(cause, ", or ".join(dict.fromkeys(text for one in short for text in one.helps)))


def _full(work: Work, images: Collection[str]) -> list[Shortage]:
    try:
        check_disk(work, images)
    except HostError as full:
        return [Shortage(full.cause, (full.next_step,))]
    return []


def check_disk(work: Work, wanted: Collection[str]) -> None:
    """Refuse where the images that are missing would fill a disk."""
    docker = work.machine.docker
    missing = [name for name in wanted if docker.image(name) is None]
    sizes: dict[str, int] = {}
    for image in docker.images():
        for name in (*image.tags, *image.digests):
            sizes[repository(name)] = max(image.bytes, sizes.get(repository(name), 0))
    disk.check(disk.places(docker.folder(), work.machine.layout.state), disk.needed_mb(missing, sizes))


def available_mb(meminfo: str) -> int:
    """Return what the kernel could give to processes without swapping, from the text of /proc/meminfo."""
    match = re.search(r"^MemAvailable: +(\d+) kB$", meminfo, re.MULTILINE)
    if match is None:
        raise HostError("the kernel does not tell how much memory is left", "look at /proc/meminfo on the host")
    return int(match[1]) // 1024


def answer_of(engine: str, said: str) -> int | None:
    """Return the number of connections in a server's answer, or None."""
    match = re.fullmatch(ANSWERS[engine], said.strip())
    return int(match[1]) if match else None


def _found(work: Work) -> Found:
    running = [item for item in work.machine.docker.containers(f"slipway.stack={work.folder.name}") if item.running]
    used = {item.name: work.machine.docker.memory_mb(item.name) or 0.0 for item in running}
    leaving = {number: sum(used[item.name] for item in running if _release(item) == str(number)) for number in work.serving().old}
    meminfo = (work.machine.layout.root / "proc/meminfo").read_text(encoding="ascii")
    return Found(available_mb(meminfo), used, leaving={number: mb for number, mb in leaving.items() if mb})


def _release(container: Container) -> str:
    return container.labels.get("slipway.release", "")


def _asked(work: Work, one: Connections) -> int | str:
    """Return how many connections a server allows, or why it did not say; one that does not run yet has nothing to say."""
    container = work.machine.docker.container(one.container)
    if container is None or not container.running:
        return ""
    argv = ("docker", "exec", one.container, "sh", "-c", QUESTIONS[one.engine])
    outcome = work.machine.runner.attempt(argv, limit_seconds=ASK_SECONDS)
    found = answer_of(one.engine, outcome.stdout) if not outcome.code else None
    return found if found is not None else (outcome.text.strip() or f"its client ended with {outcome.code}")


def _unsaid(answers: Mapping[str, int | str]) -> Iterator[tuple[str, str]]:
    return ((name, said) for name, said in answers.items() if isinstance(said, str) and said)
