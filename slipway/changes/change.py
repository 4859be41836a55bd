"""One difference of a stack, in the words of its file."""

from dataclasses import dataclass

TOPICS = (
    *("service", "image", "replicas", "limit", "schedule", "task", "route", "domain", "variable", "environment"),
    *("secret", "secret file", "file", "volume", "network", "metric", "alert", "setting", "schema"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is not the same any more.

    `topic` is one of TOPICS; `of` names the services, or the one thing, it is about; `what` is a key of the stack file, empty
    where the whole thing comes or goes; `old` and `new` are None on the side that has nothing.
    """

    topic: str
    of: tuple[str, ...]
    what: str = ""
    old: str | None = None
    new: str | None = None
