"""Build what a controller asks of a host's engine, and read the engine's answer. Pure but for `origin`, which asks git."""

import getpass
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from shlex import quote
from typing import Any

from .codec import to_json
from .errors import HostError, SlipwayError
from .model import Stack

SCHEMA = 1
ENGINE = "/usr/local/sbin/slipway"
NO_ENGINE = 96
CHANGES_FOUND = 6
OTHER_VERSION, NO_DOCKER = "other version", "no docker"
NEW, NOT_JUDGED = "new", "not judged"  # verdicts of a check that no engine could make
Run = Callable[[Sequence[str]], str]


class BadNumber(SlipwayError):
    """A release was named by something else than its number."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, and from which commit; empty where the tree is no repository."""

    who: str
    commit: str = ""


def origin(run: Run) -> Origin:
    """Return who works here and on what."""
    try:
        head = run(("git", "rev-parse", "--short", "HEAD")).strip()
        changed = run(("git", "status", "--porcelain", "--untracked-files=no")).strip()
    except (OSError, SlipwayError):
        head, changed = "", ""
    return Origin(f"{getpass.getuser()}@{platform.node()}", f"{head}+changes" if changed else head)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose: the verb (empty for site.yml), what it pins, and what it insists on.

    `again_of` is the number of the one held release that is let through; `again` lets any through. `together` is what several
    hosts call it that switch at once. `canary` is the share of the visitors that meets the release first, None for what the
    stack file says, 0 for none.
    """

    verb: str = ""
    pinned: Mapping[str, str] = field(default_factory=dict)
    again: bool = False
    again_of: int | None = None
    together: str = ""
    canary: int | None = None


def number_of(word: object) -> int | None:
    """Return the release that `-e again=NUMBER` names, nothing where it was not given."""
    text = str(word or "").strip()
    if text and not (text.isascii() and text.isdecimal()):
        raise BadNumber(f"`again` names a release by its number, not by {text[:40]!r}", "write for example `-e again=42`")
    return int(text) if text else None


def request(
    stack: Stack, secrets: Mapping[str, str], asked_by: Origin, why: str, *, base: bool, choice: Choice | None = None
) -> dict[str, Any]:
    """Return a request; it holds secret values and goes by standard input only."""
    return {
        **asdict(choice or Choice()),
        "schema": SCHEMA,
        "stack": to_json(stack),
        "secrets": dict(secrets),
        "who": asked_by.who,
        "commit": asked_by.commit,
        "why": why,
        "base": base,
    }


def command(stack: str, *, check: bool) -> str:
    """Return the command for the host's shell; a host without an engine answers with a code of its own."""
    verb = "plan" if check else "submit"
    return f"if [ -x {ENGINE} ]; then {ENGINE} {verb} {quote(stack)}; else exit {NO_ENGINE}; fi"


def word(stack: str, called: str, said: str, why: str = "") -> str:
    """Return the command for the host's shell that says a word about a release of several hosts."""
    return f"{ENGINE} together {quote(stack)} {quote(called)} {quote(said)} --why={quote(why)}"


def read_answer(stack: str, code: int, output: str, errors: str, *, check: bool) -> dict[str, Any]:
    """Return the engine's answer as the result of a task; a failure's message begins with its cause."""
    if code == NO_ENGINE:
        return _without_engine(stack, check=check)
    answer = _last_line(output)
    if answer is None:
        said = (errors or output).strip()[-2000:]
        return {"failed": True, "msg": f"the engine ended with {code} and no result for {stack}:\n{said}", "exit_code": code}
    if check and answer["verdict"] == NO_DOCKER:
        return _not_judged(f"{stack}: Docker does not answer on this host, the role `docker` starts it first")
    if check and answer["verdict"] == OTHER_VERSION:
        return _not_judged(f"{stack}: the engine of this host has another version, the role `stack` brings it up to date first")
    return _result(stack, code, answer)


def _result(stack: str, code: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("changed", "release", "verdict", "steps", "urls", "seconds", "watch_until", "saved")
    result: dict[str, Any] = {name: answer.get(name) for name in kept}
    result["exit_code"] = code
    if answer.get("identity"):
        result["identity"] = answer["identity"]
    if "found" in answer:
        result["found"] = {**answer["found"], "notes": answer["warnings"]}
    if answer.get("warnings"):
        result["warnings"] = [f"{stack}: {text}" for text in answer["warnings"]]
    if answer.get("error"):
        return {**result, "failed": True, "msg": f"{stack}: {answer['error']}"}
    if result["changed"] and result["release"]:
        lost = "".join(f"- {loss['kind']} {loss['name']} {loss['what']}\n" for loss in answer.get("found", {}).get("lost", []))
        steps = "".join(f"+ {step['why']}\n" for step in answer.get("steps", []))
        result["diff"] = [{"prepared": f"release {answer['release']} of {stack}\n{lost}{steps}"}]
    return result


def _without_engine(stack: str, *, check: bool) -> dict[str, Any]:
    if check:
        return {**_not_judged(f"{stack}: this host has no engine yet"), "verdict": NEW}
    error = HostError(f"{stack}: {ENGINE} is missing on this host", "run site.yml with the tag `stack`, which installs it")
    return {"failed": True, "msg": str(error), "exit_code": error.exit_code}


def _not_judged(why: str) -> dict[str, Any]:
    return {"changed": True, "verdict": NOT_JUDGED, "not_judged": [why], "warnings": [f"not judged: {why}"]}


def _last_line(output: str) -> dict[str, Any] | None:
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and "verdict" in found else None
