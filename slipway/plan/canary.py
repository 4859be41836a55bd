"""Plan a canary: a release that is whole but for its workers meets a share of the visitors, beside the one that serves.

Before the step `record` of its beginning it goes back like any release in the making. From there on it is a canary, until it is
promoted, which is the switch of an ordinary deploy, or aborted, which leads its visitors back at once.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ReleaseRefused
from ..model import Stack
from ..placement import Placed
from ..render import names
from . import commands, deploy, retire, traffic
from .deploy import Before
from .step import Step

if TYPE_CHECKING:
    from .resume import Facts

Place = tuple[str, str]


def begin(new: Placed, before: Before, site: str, shared_site: str, percent: int) -> list[Step]:
    """Return how a release becomes a canary; `site` is its own, `shared_site` that of the release that serves, with the share."""
    webs = commands.started_containers(new, new.stack.of_kind("web"))
    seconds = new.stack.canary.seconds if new.stack.canary else 0
    arguments = {"change": "shared", "number": new.number, "percent": percent, "seconds": seconds}
    why = f"record that release {new.number} is a canary for {percent} % of the visitors"
    return [
        *deploy.prepare(new, before, site),
        replace(traffic.check_site(shared_site), name="check-shared-site"),
        Step("write-shared-site", "write", "keep the site with its share", arguments={"files": {site_file(new): shared_site}}),
        Step("record", "record", why, arguments=arguments),
        traffic.share(new),
        _rule(webs),
        traffic.site(shared_site),
    ]


def site_file(canary: Placed) -> str:
    """Return where the site lies that leads a share to a canary."""
    return f"{names.release_folder(canary.stack.name, canary.number)}/canary.conf"


def _rule(webs: list[str]) -> Step:
    return commands.restart("restart-canary", webs, "unless-stopped", "bring the canary back after a power cut")


def promote(new: Placed, before: Before, site: str) -> list[Step]:
    """Return how a canary becomes the release that serves: what it lacks is started, then it is an ordinary switch."""
    return [
        *deploy.start_web(new),
        traffic.check_site(site),
        *deploy.start_workers(new),
        *deploy.go_live(new, before, site),
        traffic.forget_share(),
        *deploy.tasks(new, "released"),
    ]


def abort(canary: Placed, serving: Placed, site: str) -> list[Step]:
    """Return how a canary is taken back; it drains and goes like a release that served."""
    why = f"record that release {canary.number} is taken back and held"
    return [
        Step("record", "record", why, arguments={"change": "aborted", "number": canary.number}),
        traffic.share(canary, serving),
        deploy.release_from_duty(canary),
        traffic.site(site),
        traffic.forget_share(),
        *retire.stop_workers(canary),
    ]


def resume(canary: Placed, facts: "Facts") -> list[Step]:
    """Return what a canary lacks beside its slots; nothing waits for it: what serves comes first, and the watch judges."""
    webs = commands.started_containers(canary, canary.stack.of_kind("web"))
    workers = commands.all_containers(canary, canary.stack.of_kind("worker", "scheduler"))
    down = sorted(found.name for found in facts.containers if found.name in webs and not found.running)
    start = Step("start-canary", "run", f"start what release {canary.number} lacks", ("docker", "start", *down))
    stop = Step("stop-canary-workers", "stop", "workers stay old", ("docker", "stop", *workers), {"containers": workers})
    kept = {found.name for found in facts.containers if found.restart == "unless-stopped"}
    return [
        *([start] if down else []),
        *([_rule(webs)] if not set(webs) <= kept else []),
        *([stop] if facts.any_runs(workers) else []),
    ]


def judge(new: Stack, serving: Stack) -> None:
    """Raise ReleaseRefused where one site cannot lead to both releases."""
    if not new.of_kind("web"):
        raise ReleaseRefused(f"{new.name} has no routes, and a canary is a share of the visitors", _at_once(new))
    before, after = leads(serving), leads(new)
    differing = sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))
    if differing:
        shown = ", ".join(f"{domain}{path}" for domain, path in differing)
        cause = f"a canary of {new.name} and the release that serves share one site, and it would have to lead otherwise: {shown}"
        raise ReleaseRefused(cause, _at_once(new))


def _at_once(stack: Stack) -> str:
    return f"have it without a canary: fab deploy {stack.name} --canary 0"


def leads(stack: Stack) -> Mapping[Place, Any]:
    """Return where each path of each name leads, and in which manner."""
    return {
        (stack.domains[route.domain].name, route.path): (
            service.name,
            route.port,
            route.strip_path,
            route.websocket,
            route.buffering,
        )
        for service in stack.services.values()
        for route in service.routes
    }
