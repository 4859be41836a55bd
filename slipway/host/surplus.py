"""Replicas of the release that serves beyond what was chosen: they lose nothing, and leave behind whatever else is done."""

from ..errors import HostError
from ..placement import Placed
from ..plan import scale
from ..plan.resume import Found
from ..plan.step import Step
from . import choices, clock, counts, records
from .docker import PROJECT, Container
from .layout import StackFolder
from .machine import Work


def leave(work: Work) -> list[Step]:
    """Return the way out of replicas that are too much; without their drain where it is over."""
    found = present(work)
    return scale.leave(_serving(work), found, since_choice(work)) if found else []


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
