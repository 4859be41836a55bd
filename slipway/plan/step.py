"""One thing the engine will do: an action with its arguments, a reason and a limit. Data only; `host/` carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal[
    "run",  # argv
    "write",  # a file of the release: path, text
    "start",  # argv starts containers, then wait until all are healthy: containers
    "ask",  # the health question from the host: targets [address:port], health
    "task",  # argv starts a task's container; wait for its end: container
    "record",  # replace the serving record: serving
    "switch",  # load the nftables map: rules
    "site",  # put the stack's nginx site in force: text
    "certificates",  # issue what is missing: names
    "drain",  # wait until connections to containers end: containers with their ports
    "remove",  # take a release's containers and networks away: project
]


@dataclass(frozen=True, slots=True)
class Step:
    """An action, why it is done, and how long it may take.

    `name` is unique within a plan, such as `migrate` or `start-web`; tests kill the engine at each by that name.
    `environment` says that the secrets must be in the process environment.
    """

    name: str
    action: Action
    why: str
    argv: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    limit_seconds: int = 60
    environment: bool = False
