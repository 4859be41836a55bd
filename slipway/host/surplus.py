"""Replicas of the release that serves beyond what was chosen: they lose nothing, and leave behind whatever else is done."""

from ..errors import HostError
from ..placement import Placed
from ..plan import scale, traffic
from ..plan.resume import Found
from ..plan.step import Step
from . import choices, clock, counts, records, slots
from .docker import PROJECT, Container
from .layout import StackFolder
from .machine import Work


def leave(work: Work) -> list[Step]:
    """Return the way out of replicas that are too much: after the traffic has left them, without a drain that is over."""
    found = present(work)
    if not found:
        return []
    serves = _serving(work)
    # Where choices were lost, or a run that made them failed, slots still lead to what is too much now.
    led_to = slots.kept(work.folder) != traffic.move(serves, None).arguments["targets"]
    return scale.leave(serves, found, since_choice(work), led_to=led_to)


def present(work: Work) -> list[Found]:
    """Return the containers of the release that serves beyond what was chosen."""
    number = work.serving().current
    if number is None or number not in records.releases(work.folder):
        return []
    serves = _serving(work)
    if not scale.may_be_surplus(serves) or not _readable(work.folder):
        return []
    docker = work.machine.docker
    many = scale.surplus(serves, docker.listed(f"slipway.stack={work.folder.name}"))
    return [found_of(container) for name in many if (container := docker.container(name))]


def found_of(container: Container) -> Found:
    """Return what a plan must know of a container."""
    return Found(
        name=container.name,
        project=container.labels.get(PROJECT, ""),
        kind=container.labels.get("slipway.kind", ""),
        running=container.running,
        restart=container.restart_rule,
    )


def _serving(work: Work) -> Placed:
    return counts.placed(work.folder, records.release(work.folder, work.serving().current or 0))


def _readable(folder: StackFolder) -> bool:
    try:
        choices.read(folder)
    except HostError:
        return False
    return True


def since_choice(work: Work) -> int:
    """Return the seconds since something led to a replica that is too much now: a choice and a switch both end that."""
    moments = [work.serving().since, *(by.at for by in choices.read(work.folder).counted_by.values())]
    return int(clock.seconds_since(max(moments)))
