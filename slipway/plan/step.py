"""One thing the engine will do: an action with its arguments, a reason and a limit. Data only; `host/` carries it out.

What each action finds in `arguments` (absolute paths, JSON values) and what it must do:

`fit`           {"need": Need as JSON}  Fail where memory, connections or disk do not hold both generations (`plan/fit.py`); with
                `told` warn where it is memory or connections.
`run`           {}  Run `argv`; a code other than 0 is a failure.
`write`         {"files": {path: text}}  Write each file (temporary file, fsync, rename), making its folder.
`pull`          {"image": "name@sha256:…", "tags": [local tag]}  Run `argv` (`docker pull`) unless the image is there; tag it.
`start`         {"containers": [name]}  Run `argv` unless it is empty, then wait until every container is healthy or, where it
                has no health check, has run for 3 s. Fail at once when one exits, restarts, is out of memory or `unhealthy`.
`ask`           {"targets": ["address:port"], "health": Health as JSON, "service": name}  Ask until each target gave one good
                answer.
`task`          {"container": name}  Run `argv` (starts it detached), wait for its end, keep its output, remove it whatever
                happened. A code other than 0 is a failure, and so is the limit (then kill it first). One that `migrates` (an
                image) waits for a run of the same `task` by hand, and lets none begin.
`backup`        {"store": name, "container": name, "number": n, "point": name}  Dump each database of a Postgres store by `argv`
                and its name, read the dumps back, make the restore point. Whatever fails is a failure of the host.
`revision`      {"task": name, "number": n, "container": name, "file": path, "project": Compose project}  Run `argv` on that file
                as a task's container and keep what it prints as the revision of the schema; what fails is a warning.
`gate`          {"together": id}  Wait until whoever asked says that every host is prepared; fail where a host is not, or nothing
                is heard any more.
`record`        {"change": "begun"|"shared"|"aborted"|"switched"|"confirmed"|"taken back"|"returned"|"settled"|"retired"|
                "abandoned", "number": n}  Apply the transition of that name to the serving record as it is now, write it durably
                (the clock is the host's). `watch` beside `switched` is how many seconds the release is watched, 0 is never, and
                `together` what hosts call it that switch together; `freed` beside `settled` are numbers that are held no longer;
                `percent` beside `shared` is a canary's share, `seconds` its time, 0 is until a person decides. What containers
                may open outside follows (`render.egress`).
`switch`        {"targets": {"20001": ["10.213.1.2", 8000, masqueraded]}}  Keep these as the stack's slots, then load the map of
                all stacks (`render.switch.from_arguments`, `rules`). With `canary` they are kept beside the stack's own, as the
                slots of a canary; none at all forgets those.
`check-site`    {"text": nginx site}  Have nginx judge the text in place of the stack's site; change nothing. Empty text passes.
`site`          {"text": nginx site}  Put it in force and reload when it differs; empty text takes the site away. Certificates
                that do not exist yet get stop-gap ones first (both actions). Where nginx does not run, only write.
`certificates`  {"certificates": [{"domain": name, "names": [name]}]}  Issue what is missing; a failure is a warning.
`restart`       {"containers": [name], "policy": "no"|"unless-stopped"}  Run `argv` (`docker update`).
`stop`          {"containers": [name]}  Begin `argv` (`docker stop`, own signal and grace) without waiting for its end.
`ended`         {"containers": [name]}  Wait until none of them runs; at the limit kill. Journal their codes (137: lost work).
`choose`        {"counts": {service: n}, "who": who, "why": why}  Keep these counts as chosen, beside all else that was.
`drain`         {"containers": {name: [port]}}  Wait until no connection to these ports is open, at most the limit; both ends are
                fine.
`remove`        {"project": name, "grace_seconds": n}  Stop and remove the project's containers (anonymous volumes too) and
                networks by label; never named volumes or images. Nothing there is fine.

A container that an action names and that does not exist is a failure for `start` and `task` only; the others leave it out, of
`argv` too (names of containers are its last words), and do nothing where none is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal[
    "fit",
    "run",
    "write",
    "pull",
    "start",
    "ask",
    "task",
    "backup",
    "revision",
    "gate",
    "record",
    "switch",
    "check-site",
    "site",
    "certificates",
    "restart",
    "stop",
    "ended",
    "choose",
    "drain",
    "remove",
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
