"""Shut a stack at the edge while people work on it, and open it again; nothing of the stack itself is touched.

What was chosen stands in `choices.json`, the page beside it. The edge's file is made of both, so that a resume can make it anew.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import HostError, LockHeld, SlipwayError
from ..printable import one_line
from ..render import maintenance as rendered
from . import choices, clock, files, lock, policy, records
from .choices import Maintenance
from .layout import StackFolder
from .machine import Machine, Work

NGINX = Path(__file__).resolve().parents[2] / "nginx"
TEMPLATE, OUR_PAGE = NGINX / "maintenance.conf.j2", NGINX / "maintenance.html"
PAGE, UNDER_WAY = "maintenance.html", "maintenance.under-way"
BYPASS = re.compile(r"[A-Za-z0-9_-]{16,64}")
LARGEST_PAGE = 256 << 10
LONGEST_SECONDS = 86400
LONGEST_CLAIM = 1000
LOCK_SECONDS = 120


class BadWish(SlipwayError):
    """What was asked for cannot be."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """How a stack is to be shut: what visitors see, when they may come again, and the word that lets the team through."""

    bypass: str
    who: str = ""
    why: str = ""
    page: str = ""
    retry_seconds: int = 600


def wish_of(data: Mapping[str, Any]) -> Wish:
    """Return a controller's wish, whole and bounded: its words stand in nginx's settings."""
    bypass, seconds, page = data.get("bypass"), data.get("retry_seconds", 600), data.get("page", "")
    if not isinstance(bypass, str) or not BYPASS.fullmatch(bypass):
        raise records.OtherVersion("the word that lets the team through is missing", records.SAME_VERSION)
    if type(seconds) is not int or not 1 <= seconds <= LONGEST_SECONDS:
        raise BadWish(f"visitors cannot be told to come again in {seconds!r} seconds", f"from 1 to {LONGEST_SECONDS}")
    if not isinstance(page, str) or len(page.encode()) > LARGEST_PAGE:
        raise BadWish("the page is no text, or larger than 256 KiB", "make it smaller: everything it needs stands in it")
    who, why = (one_line(str(data.get(name, "")))[:LONGEST_CLAIM] for name in ("who", "why"))
    return Wish(bypass, who, why, page, seconds)


def asked(machine: Machine, name: str, wanted: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Do what was asked for: `on`, `off`, or only `show` how a stack stands."""
    if wanted == "on":
        return on(machine, name, wish_of(data))
    if wanted == "off":
        return off(machine, name, str(data.get("who", "")))
    return state(machine, _permitted(machine, name).folder)


def on(machine: Machine, name: str, wish: Wish) -> dict[str, Any]:
    """Shut a stack, or shut it anew with other words; return how it stands."""
    work = _permitted(machine, name)
    if rendered.included(name) not in machine.nginx.site(name):
        raise HostError(
            f"{name} has no site here that could be shut",
            "deploy it first; a site of an earlier version is made anew by site.yml",
        )
    chosen = Maintenance(clock.now(), machine.asker.signed(wish.who), wish.bypass, wish.why, wish.retry_seconds)
    before = choices.read(work.folder).maintenance, _page(work.folder)
    _choose(work.folder, chosen.who, chosen, wish.page)
    try:
        _put_in_force(work)
    except SlipwayError:
        _choose(work.folder, chosen.who, *before)  # else the next boot would shut what nobody believes to be shut
        files.remove(work.folder.path / UNDER_WAY)
        raise
    work.note({"event": "maintenance", "state": "on", "who": chosen.who, "why": chosen.why})
    return state(machine, work.folder)


def off(machine: Machine, name: str, who: str) -> dict[str, Any]:
    """Open a stack again; return how it stands."""
    work, by = _permitted(machine, name), machine.asker.signed(one_line(who)[:LONGEST_CLAIM])
    before = choices.read(work.folder).maintenance
    choices.change(work.folder, by, lambda found: replace(found, maintenance=None))
    _put_in_force(work)
    if before:
        seconds = int(clock.seconds_since(before.at))
        work.note({"event": "maintenance", "state": "off", "who": by, "seconds": seconds})
    return {**state(machine, work.folder), "was": "on" if before else "off"}


def _choose(folder: StackFolder, who: str, chosen: Maintenance | None, page: str) -> None:
    files.write(folder.path / PAGE, page or OUR_PAGE.read_text(encoding="utf-8"), 0o640)
    choices.change(folder, who, lambda found: replace(found, maintenance=chosen))


def follow(work: Work) -> None:
    """Have the edge follow what was chosen, where a run was killed in between or somebody changed its file.

    What keeps it from that keeps no release from coming back: the edge stays as it is.
    """
    try:
        wanted = _wanted(work.folder)
        if wanted != work.machine.nginx.shutting(work.folder.name) or (work.folder.path / UNDER_WAY).is_file():
            _put_in_force(work)
    except (HostError, LockHeld) as error:
        work.warn(str(error))


def state(machine: Machine, folder: StackFolder) -> dict[str, Any]:
    """Return how a stack stands, with the links that let a browser past."""
    chosen = choices.read(folder).maintenance
    if chosen is None:
        return {"stack": folder.name, "state": "off"}
    return {
        "stack": folder.name,
        "state": "on",
        "since": chosen.at,
        "who": chosen.who,
        "why": chosen.why,
        "retry_seconds": chosen.retry_seconds,
        "bypass": chosen.bypass,
        "links": _links(machine, folder, chosen.bypass),
    }


def told(folder: StackFolder) -> list[str]:
    """Return a sentence for a plan where visitors see a page; choices that cannot be read are told with the counts."""
    try:
        found = choices.read(folder).maintenance
    except HostError:
        return []
    why = f": {found.why}" if found and found.why else ""
    return [f"visitors see a page since {found.at[:16]}Z, by {found.who}{why}"] if found else []


def _permitted(machine: Machine, name: str) -> Work:
    policy.check_stack(machine.layout, name, machine.asker)
    folder = machine.layout.stack(name)
    if folder not in machine.layout.stacks():
        raise HostError(f"nothing was ever deployed of {name} here", f"fab deploy {name}")
    return Work(machine, folder)


def _put_in_force(work: Work) -> None:
    """Write the edge's files and reload; the mark tells a resume that this was begun."""
    folder, nginx, mark = work.folder, work.machine.nginx, work.folder.path / UNDER_WAY
    with lock.held(folder.path / "maintenance.lock", "a maintenance", LOCK_SECONDS, work.machine.say):
        files.write(mark, "", 0o640)
        nginx.shut(folder.name, *_wanted(folder))
        files.remove(mark)


def _wanted(folder: StackFolder) -> tuple[str, str]:
    """Return what shuts the stack and the page it shows, empty where nobody wants that."""
    chosen = choices.read(folder).maintenance
    if chosen is None:
        return "", ""
    text = rendered.text(folder.name, chosen.bypass, chosen.retry_seconds, TEMPLATE.read_text(encoding="utf-8"))
    return text, _page(folder) or OUR_PAGE.read_text(encoding="utf-8")


def _page(folder: StackFolder) -> str:
    path = folder.path / PAGE
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _links(machine: Machine, folder: StackFolder, bypass: str) -> list[str]:
    number = Work(machine, folder).serving().current
    domains = records.release(folder, number).stack.domains if number is not None else {}
    return [rendered.link(machine.edge.address(domains[key].name), bypass) for key in sorted(domains)]
