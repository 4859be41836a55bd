"""Allot a release what it needs of this host: images with their users, a number, subnets, slots, a generation of secrets."""

import ipaddress
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ..errors import ReleaseRefused
from ..model import Service, Stack
from ..placement import Placement
from ..plan.place import Images, Taken, place
from ..policy.images import repository
from ..render import secret
from . import disk, images, lock, records
from .layout import StackFolder
from .machine import Machine, Work, serving_of
from .records import Release, Request

PULL_SECONDS = 1800
PULLS_AT_ONCE = 3  # as many layers as Docker itself fetches at a time
LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be released, by whom, with which secrets, to which share of the visitors first; 0 is to all at once."""

    request: Request
    fingerprint: str
    generation: int
    percent: int = 0


def known_references(stack: Stack, current: Release | None, last: Release | None) -> dict[str, str]:
    """Return the digests that are known before a pull, by service: a moved tag changes neither a release nor a store.

    A store keeps the digest of the release allotted last, even if that one was refused: its base may be in force. A service
    does not, so that a better image under the same tag can follow a refused one.
    """
    return {
        name: _pinned(stack, service.image)
        or _served(current, service.image)
        or (_store(last, service) if service.kind == "store" else "")
        for name, service in stack.services.items()
    }


def _pinned(stack: Stack, image: str) -> str:
    digest = stack.pins.get(image)
    return f"{repository(image)}@{digest.rpartition('@')[2]}" if digest else ""


def _served(current: Release | None, image: str) -> str:
    found = current.placement.images if current else {}
    same = [name for name, old in current.stack.services.items() if old.image == image] if current else []
    return next((found[name] for name in same if name in found), "")


def _store(last: Release | None, store: Service) -> str:
    old = last.stack.services.get(store.name) if last else None
    return last.placement.images.get(store.name, "") if last and old and old.image == store.image else ""


def fetch(work: Work, stack: Stack, known: Mapping[str, str]) -> Images:
    """Bring all images here, some at a time; return their digests and users by service."""
    wanted = sorted({(service.image, known[name]) for name, service in stack.services.items()})
    with ThreadPoolExecutor(PULLS_AT_ONCE) as pool:
        found = dict(zip(wanted, pool.map(lambda pair: _reference(work, *pair), wanted), strict=True))
    references = {name: found[service.image, known[name]] for name, service in sorted(stack.services.items())}
    return Images(references, {name: _user(work.machine, service, references[name]) for name, service in stack.services.items()})


def _reference(work: Work, image: str, known: str) -> str:
    if known and work.machine.docker.image(known):
        return known
    _pull(work, known or image)
    found = work.machine.docker.image(image)
    return known or (images.digest_of(image, found) if found else image)


def _pull(work: Work, name: str) -> None:
    began, entry = time.monotonic(), {"event": "step", "name": "fetch", "why": f"pull {name}"}
    work.note({**entry, "state": "begun"})
    work.machine.say(entry["why"])
    outcome = work.machine.runner.attempt(("docker", "pull", "--quiet", name), limit_seconds=PULL_SECONDS)
    seconds = round(time.monotonic() - began, 3)
    work.note({**entry, "state": "failed" if outcome.code else "done", "seconds": seconds})
    if outcome.code:
        full = disk.full(disk.places(work.machine.docker.folder(), work.machine.layout.state))
        raise images.pull_fault(outcome, name, images.mirrors(work.machine.layout.docker_settings), images.probe, full)


def _user(machine: Machine, service: Service, reference: str) -> int:
    found = machine.docker.image(reference)
    user = str(service.compose.get("user") or (found.user if found else ""))
    return images.numeric_user(user, lambda: images.passwd_of(machine.runner, reference))


def allot(work: Work, wish: Wish, found: Images, base: Placement | None) -> Release:
    """Give out a number and all else under the host's lock, and keep it as the release's record."""
    layout = work.machine.layout
    with lock.held(layout.state / "placement.lock", "placement", LOCK_SECONDS, work.machine.say):
        number = records.next_number(work.folder)
        before, used = records.last_placement(work.folder), taken(work.machine, work.folder)
        allotted = place(wish.request.stack, number, used, before, found, canary=bool(wish.percent))
        release = release_of(wish, with_generations(work, wish, allotted, base))
        release = replace(release, revisions=records.revisions(work.folder))
        records.keep_release(work.folder, release)
    return release


def release_of(wish: Wish, placement: Placement) -> Release:
    """Return the record of what is wished, where it is placed."""
    request = wish.request
    return Release(
        number=placement.number,
        fingerprint=wish.fingerprint,
        stack=request.stack,
        placement=placement,
        who=request.who,
        why=request.why,
        at=request.at,
        commit=request.commit,
        verb=request.verb,
        returns_to=request.returns_to,
        pinned=tuple(sorted(request.pinned)) if wish.percent else (),
    )


def with_generations(work: Work, wish: Wish, placement: Placement, base: Placement | None) -> Placement:
    """Return the placement with its secrets: the base keeps the values it was made with, as long as they hold all it asks for."""
    kept = base.base_generation if base and not wish.request.base else wish.generation
    trial = replace(placement, secrets_generation=wish.generation, base_generation=kept)
    asked = {file.name for file in secret.files(wish.request.stack, trial) if file.generation == kept}
    values = work.secrets.values(kept) if kept in (0, *work.secrets.generations()) else {}
    if asked <= set(values):
        return trial
    if base and wish.request.deployer:
        raise ReleaseRefused(
            f"a store asks for a secret that the base was not made with: {', '.join(sorted(asked - set(values)))}",
            f"an admin runs site.yml with `-e base={wish.request.stack.name}`",
        )
    return replace(trial, base_generation=wish.generation)


def write_secret_files(work: Work, release: Release) -> None:
    """Write the files that the release's containers and the base's mount."""
    for file in secret.files(release.stack, release.placement):
        work.secrets.write_for(file.generation, file.user, {file.secret: file.name})


def taken(machine: Machine, folder: StackFolder) -> Taken:
    """Return what is in use on the host: by Docker, by routes, by other stacks that are being released right now."""
    others = [found for other in machine.layout.stacks() if other != folder and (found := records.last_placement(other))]
    allotted = [subnet for other in others for subnet in (*other.subnets.values(), *other.base_subnets.values())]
    routes = json.loads(machine.runner.run(("ip", "-json", "-4", "route", "show", "table", "all")))
    subnets = [*machine.docker.subnets(), *_networks(routes), *allotted]
    return Taken(subnets, slots_in_use([*machine.layout.stacks(), folder]), pool(machine))


def slots_in_use(folders: Iterable[StackFolder]) -> set[int]:
    """Return the slots of all releases that a host keeps and of those allotted last: the last one may have been refused."""
    found = [placement for folder in folders for placement in _placements(folder)]
    return {slot for one in found for slot in (*one.slots.values(), *one.canary_slots.values())}


def _placements(folder: StackFolder) -> Iterator[Placement]:
    made = (number for number in serving_of(folder).named if (folder.release(number) / "release.json").is_file())
    yield from (records.release(folder, number).placement for number in made)
    if last := records.last_placement(folder):
        yield last


def pool(machine: Machine) -> str:
    """Return the address pool that the role `stack` wrote down."""
    path = machine.layout.settings / "engine.json"
    settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return str(settings.get("address_pool") or Taken().pool)


def _networks(routes: list[dict[str, str]]) -> Iterator[str]:
    for route in routes:
        try:
            yield str(ipaddress.ip_network(route.get("dst", "")))
        except ValueError:
            continue  # `default` and special words are no networks
