"""Shut a stack for visitors and open it again: the page comes from the stack's folder, the way past it is made here."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import SlipwayError
from ..load import survey_environment
from . import releasing
from .hosts import Host
from .operation import BadOption
from .releasing import ENGINE, Doors, Place
from .silence import told

PAGE = "pages/maintenance.html"
LARGEST_PAGE = 256 << 10
LONGEST_SECONDS = 86400
BYPASS_BYTES = 18
STATES = ("on", "off", "")


class PageUnusable(SlipwayError):
    """The page of a stack's folder cannot be shown."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants: on, off, or (empty) only to know; why, and when visitors may come again."""

    state: str = ""
    why: str = ""
    retry_seconds: int = 600


@dataclass(frozen=True, slots=True)
class Standing:
    """How a stack stands on a host; `page` is the file that visitors see, empty for Slipway's own."""

    host: str
    said: Mapping[str, Any]
    page: str = ""


def maintain(where: Place, stack: str, wish: Wish, doors: Doors) -> list[Standing]:
    """Do it on each host; all hosts take the same word, so that a link works wherever it leads."""
    data, page = words(where, stack, wish), ""
    if wish.state == "on":
        file = page_of(where, stack)
        data |= {"bypass": secrets.token_urlsafe(BYPASS_BYTES), "page": read_page(file) if file else ""}
        page = releasing.shown(file, where.root)
    return [Standing(host.name, _asked(host, stack, wish, data, doors), page) for host in where.hosts]


def words(where: Place, stack: str, wish: Wish) -> dict[str, Any]:
    """Return what the host must know; raise for what nobody can mean."""
    if wish.state not in STATES:
        raise BadOption(f"{wish.state!r} is neither on nor off", f"fab maintenance {stack} on")
    if not 1 <= wish.retry_seconds <= LONGEST_SECONDS:
        raise BadOption(f"--retry-seconds is {wish.retry_seconds}", f"from 1 to {LONGEST_SECONDS}")
    return {"who": releasing.origin(where).who, "why": wish.why, "retry_seconds": wish.retry_seconds}


def page_of(where: Place, stack: str) -> Path | None:
    """Return the page of a stack's folder, if it has one; faults of the stack file are no matter."""
    environment = survey_environment(where.inventory, where.compose).environment
    releasing.known(stack, environment)
    folder = where.compose / environment.instances[stack].compose
    file = folder / PAGE
    if file.is_file() and not file.resolve().is_relative_to(where.compose.resolve() / folder.name):
        raise PageUnusable(f"{file} leads out of the stack's folder", "copy the page into the folder")
    return file if file.is_file() else None


def read_page(file: Path) -> str:
    """Return a page's text, bounded: it travels with the verb."""
    with file.open("rb") as stream:
        data = stream.read(LARGEST_PAGE + 1)
    if len(data) > LARGEST_PAGE:
        raise PageUnusable(f"{file} is larger than 256 KiB", "make it smaller: everything it needs stands in it")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise PageUnusable(f"{file} is not UTF-8 text", "save it as UTF-8") from None
    if not text.strip():
        raise PageUnusable(f"{file} is empty", "write a page, or remove the file: then visitors see Slipway's own")
    return text


def _asked(host: Host, stack: str, wish: Wish, data: Mapping[str, Any], doors: Doors) -> Mapping[str, Any]:
    command = [*ENGINE, "maintenance", stack, wish.state or "show"]
    answer = doors.converse(host, command, json.dumps(data).encode(), lambda _: None)
    if answer.code:
        told(host, answer)
    said: Mapping[str, Any] = json.loads(answer.output.splitlines()[-1])
    return said


def as_json(found: Sequence[Standing]) -> list[dict[str, Any]]:
    """Return it for machines."""
    return [asdict(one) for one in found]


def as_text(found: Sequence[Standing]) -> str:
    """Return it for people."""
    return "\n".join(line for one in found for line in _lines(one))


def _lines(one: Standing) -> list[str]:
    said = one.said
    stack = said["stack"]
    if said["state"] == "off":
        again = "again" if said.get("was") == "on" else "as before"
        return [f"{one.host}: visitors see {stack}{f' {again}' if 'was' in said else ''}"]
    why = f": {said['why']}" if said["why"] else ""
    who = f"since {said['since'][:16]}Z, by {said['who']}{why}"
    return [
        f"{one.host}: visitors of {stack} see {one.page or 'a page'} {who}",
        *(f"  past it    {link}" for link in said["links"]),
        f"  in scripts the header X-Slipway-Bypass: {said['bypass']}",
        f"  end it     fab maintenance {stack} off",
    ]
