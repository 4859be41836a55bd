"""Allot a release what it needs of this host: images with their users, a number, subnets, slots, a generation of secrets."""

import ipaddress
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model import Service, Stack
from ..placement import Placement
from ..plan.place import Images, Taken, place
from ..render import secret
from . import disk, images, lock, records
from .layout import StackFolder
from .machine import Machine, Work
from .records import Release, Request

PULL_SECONDS = 1800
LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be released, by whom, with which secrets."""

    request: Request
    fingerprint: str
    generation: int


def check_disk(work: Work, stack: Stack, before: Release | None) -> None:
    """Refuse where the images that are missing would fill a disk."""
    docker = work.machine.docker
    wanted = {known_reference(stack, service, before) or service.image for service in stack.services.values()}
    missing = [name for name in sorted(wanted) if docker.image(name) is None]
    sizes: dict[str, int] = {}
    for image in docker.images():
        for name in (*image.tags, *image.digests):
            sizes[disk.repository(name)] = max(image.bytes, sizes.get(disk.repository(name), 0))
    disk.check(disk.places(docker.folder(), work.machine.layout.state), disk.needed_mb(missing, sizes))


def fetch(work: Work, stack: Stack, before: Release | None) -> Images:
    """Bring all images here; return their digests and users by service."""
    references = {name: _reference(work, stack, service, before) for name, service in sorted(stack.services.items())}
    return Images(references, {name: _user(work.machine, service, references[name]) for name, service in stack.services.items()})


def known_reference(stack: Stack, service: Service, before: Release | None) -> str:
    """Return an image's digest as pinned, or as an earlier release found it: a moved tag changes nothing."""
    if digest := stack.pins.get(service.image):
        return f"{service.image.partition('@')[0]}@{digest}" if not digest.startswith(service.image) else digest
    if before is None:
        return ""
    same = [name for name, old in before.stack.services.items() if old.image == service.image]
    return next((before.placement.images[name] for name in same if name in before.placement.images), "")


def _reference(work: Work, stack: Stack, service: Service, before: Release | None) -> str:
    known = known_reference(stack, service, before)
    wanted = known or service.image
    if known and work.machine.docker.image(known):
        return known
    _pull(work, wanted)
    found = work.machine.docker.image(wanted)
    return known or (images.digest_of(wanted, found) if found else wanted)


def _pull(work: Work, name: str) -> None:
    began, entry = time.monotonic(), {"event": "step", "name": "fetch", "why": f"pull {name}"}
    work.note({**entry, "state": "begun"})
    work.machine.say(entry["why"])
    outcome = work.machine.runner.attempt(("docker", "pull", "--quiet", name), limit_seconds=PULL_SECONDS)
    seconds = round(time.monotonic() - began, 3)
    work.note({**entry, "state": "failed" if outcome.code else "done", "seconds": seconds})
    if outcome.code:
        raise images.pull_fault(outcome, name, images.mirrors(work.machine.layout.docker_settings), images.probe)


def _user(machine: Machine, service: Service, reference: str) -> int:
    found = machine.docker.image(reference)
    user = str(service.compose.get("user") or (found.user if found else ""))
    return images.numeric_user(user, lambda: images.passwd_of(machine.runner, reference))


def allot(work: Work, wish: Wish, found: Images, base: Placement | None) -> Release:
    """Give out a number and all else under the host's lock, and keep it as the release's record."""
    layout = work.machine.layout
    with lock.held(layout.state / "placement.lock", "placement", LOCK_SECONDS, work.machine.say):
        number = records.next_number(work.folder)
        allotted = place(wish.request.stack, number, taken(work.machine, work.folder), records.last_placement(work.folder), found)
        release = release_of(wish, with_generations(work, wish, allotted, base))
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
    )


def with_generations(work: Work, wish: Wish, placement: Placement, base: Placement | None) -> Placement:
    """Return the placement with its secrets: the base keeps the values it was made with, as long as they hold all it asks for."""
    kept = base.base_generation if base and not wish.request.base else wish.generation
    trial = replace(placement, secrets_generation=wish.generation, base_generation=kept)
    asked = {file.name for file in secret.files(wish.request.stack, trial) if file.generation == kept}
    values = work.secrets.values(kept) if kept in (0, *work.secrets.generations()) else {}
    return trial if asked <= set(values) else replace(trial, base_generation=wish.generation)


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
    return Taken(subnets, [slot for other in others for slot in other.slots.values()], pool(machine))


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
