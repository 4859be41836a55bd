"""What is told about a release: one message per verdict, in the words of the journal. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .settings import Severity

SCHEMA = 1
LOCK_HELD = 4  # whoever asked is told who holds it; nobody else has to hear of that

Event = Literal[
    "deployed",
    "canary",
    "rolled back",
    "refused",
    "incomplete",
    "interrupted",
    "failed",
    "passed",
    "returned",
    "not returned",
    "test",
]
SEVERITIES: Mapping[Event, Severity] = {
    "deployed": "info",
    "canary": "info",
    "passed": "info",
    "test": "info",
    "rolled back": "warn",
    "refused": "warn",
    "interrupted": "warn",
    "incomplete": "page",
    "failed": "page",
    "returned": "page",
    "not returned": "page",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What happened to a stack on a host; `release` is what it is about, `serves` what has the traffic now."""

    event: Event
    stack: str
    title: str
    text: str = ""
    release: int | None = None
    serves: int | None = None
    verdict: str = ""
    who: str = ""
    why: str = ""
    commit: str = ""
    seconds: float = 0.0
    numbers: Mapping[str, Any] = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    watch_until: str = ""
    schema: int = SCHEMA
    request: str = ""
    at: str = ""
    host: str = ""
    environment: str = ""

    @property
    def severity(self) -> Severity:
        """Return how urgent it is: the inventory says who hears of that."""
        return SEVERITIES[self.event]

    @property
    def subject(self) -> str:
        """Return it on one line."""
        return f"{self.stack} on {self.host} ({self.environment}): {self.title}" if self.stack else self.title


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for what; `verb` is empty for site.yml, `served` is the release that served before."""

    who: str = ""
    why: str = ""
    commit: str = ""
    verb: str = ""
    returns_to: int | None = None
    served: int | None = None


def of_result(stack: str, result: Mapping[str, Any], asked: Asked) -> Message | None:
    """Return what a run came to, or nothing where there is no other release for it."""
    verdict, release = str(result.get("verdict")), result.get("release")
    made = release is not None and release != asked.served
    if verdict == "serving" and made:
        return _told(_event(asked), stack, result, asked, _serves(release, asked), _changed(asked))
    if verdict == "canary" and result.get("changed"):
        return _told(
            "canary", stack, result, asked, f"release {release} is a canary", f"release {asked.served} serves the others"
        )
    if verdict == "aborted":
        return _told("rolled back", stack, result, asked, f"the canary was taken back, release {release} serves all", asked.why)
    if verdict == "incomplete" and made:
        return _told("incomplete", stack, result, asked, f"release {release} serves, but is not whole", str(result["error"]))
    if verdict == "refused" and result.get("code") != LOCK_HELD:
        kept = f"release {release} serves on" if release is not None else "nothing serves yet"
        return _told("refused", stack, result, asked, f"a release was refused, {kept}", str(result["error"]))
    return None


def _event(asked: Asked) -> Event:
    return "rolled back" if asked.verb == "rollback" else "deployed"


def _serves(release: int | None, asked: Asked) -> str:
    if asked.verb != "rollback":
        return f"release {release} serves"
    return f"rolled back to release {asked.returns_to}, as release {release}" if asked.returns_to else f"release {release} serves"


def _changed(asked: Asked) -> str:
    return f"release {asked.served} served before" if asked.served is not None else "it is the first"


def _told(event: Event, stack: str, result: Mapping[str, Any], asked: Asked, title: str, text: str) -> Message:
    refused = event == "refused"
    return Message(
        event,
        stack,
        title,
        text,
        release=None if refused else result.get("release"),
        serves=asked.served if event == "canary" else result.get("release"),
        verdict=str(result.get("verdict")),
        who=asked.who,
        why=asked.why,
        commit=asked.commit,
        seconds=float(result.get("seconds") or 0),
        urls=() if refused else tuple(result.get("urls") or ()),
        watch_until=str(result.get("watch_until") or ""),
    )


def passed(stack: str, release: int, text: str, verdict: str, numbers: Mapping[str, Any]) -> Message:
    """Return that a release passed its watch, also where there was too little traffic to judge."""
    title = f"release {release} passed its watch"
    return Message("passed", stack, title, text, release, release, verdict, numbers=numbers)


def returned(
    stack: str, bad: int, good: int, text: str, *, numbers: Mapping[str, Any] | None = None, seconds: float = 0
) -> Message:
    """Return that the host took a release back."""
    title = f"release {bad} was taken back, release {good} serves again"
    return Message("returned", stack, title, text, bad, good, "bad", numbers=numbers or {}, seconds=seconds)


def not_returned(stack: str, release: int, text: str, numbers: Mapping[str, Any]) -> Message:
    """Return that a bad release goes on serving, as the host has nothing better."""
    title = f"release {release} is bad and goes on serving"
    return Message("not returned", stack, title, text, release, release, "bad", numbers=numbers)


def interrupted(stack: str, text: str) -> Message:
    """Return that a run died before its end."""
    return Message("interrupted", stack, "a run died before its end", text, verdict="interrupted")


def failed(stack: str, text: str, serves: int | None) -> Message:
    """Return that a run ended in a fault of the engine itself."""
    return Message("failed", stack, "a run ended in a fault of the engine", text, serves=serves, verdict="failed")


def test(host: str, environment: str) -> Message:
    """Return a message that only shows that its receiver is reached."""
    title = f"Slipway on {host} reaches you about {environment}"
    return Message("test", "", title, "nothing happened: this is a test", host=host, environment=environment)
