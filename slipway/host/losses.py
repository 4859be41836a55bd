"""Name what somebody took from the release that serves, or put beside it: containers and the site, told from the records."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from ..placement import Placed
from ..plan import commands
from ..plan.resume import Facts, Found, release_number
from ..render import names
from ..serving import Serving
from . import resume
from .machine import Work

SHOWN_LINES = 20


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is not as the records say; `lines` tell more, the host's own marked with `+`."""

    kind: str
    name: str
    what: str
    lines: tuple[str, ...] = ()


def losses(work: Work) -> list[Loss]:
    """Return what differs from the records of a stack that serves."""
    serving, facts = work.serving(), resume.facts(work)
    current = facts.releases.get(serving.current or 0)
    if current is None:
        return []
    return [*containers(serving, facts, current), *_site(work, facts), *_certificates(work, current)]


def containers(serving: Serving, facts: Facts, current: Placed) -> list[Loss]:
    """Return the containers that are gone, down, would stay down after a power cut, or that no record names. Pure."""
    there = {found.name: found for found in facts.containers}
    stores = [names.store_container(serving.stack, name) for name in sorted((facts.base or {}).get("services", {}))]
    services = commands.started_containers(current, current.stack.of_kind(*commands.RUNNING))
    wanting = [(name, _fault(there.get(name), kept=name in services)) for name in (*stores, *services)]
    strays = [(found.name, fault) for found in facts.containers if (fault := _stray(found, serving))]
    return [Loss("container", name, fault) for name, fault in (*wanting, *sorted(strays)) if fault]


def _fault(found: Found | None, *, kept: bool) -> str:
    if found is None:
        return "is gone"
    if not found.running:
        return "does not run"
    return (
        f"would not come back after a power cut (restart rule {found.restart})"
        if kept and found.restart != "unless-stopped"
        else ""
    )


def _stray(found: Found, serving: Serving) -> str:
    if found.project == serving.stack:
        return "" if found.kind == "store" else "was started beside the release"
    number = release_number(serving.stack, found.project)
    return f"is of release {number}, which no record names" if number is not None and number not in serving.present else ""


def _site(work: Work, facts: Facts) -> Iterator[Loss]:
    there = work.machine.nginx.site(work.folder.name)
    if there == facts.site:
        return
    path = str(work.machine.layout.sites / f"{work.folder.name}.conf")
    found = unified_diff(facts.site.splitlines(), there.splitlines(), n=0, lineterm="")
    lines = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    yield Loss("site", path, "is not the one that was put in force" if there else "is gone", tuple(lines[:SHOWN_LINES]))


def _certificates(work: Work, current: Placed) -> Iterator[Loss]:
    for domain in sorted(domain.name for domain in current.stack.domains.values()):
        if not work.machine.certificates.present(domain):
            yield Loss("certificate", domain, "is gone")
