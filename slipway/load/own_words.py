"""What a single service says with words of ours, and what must fit together in it."""

from collections.abc import Iterator

from .faults import nearest, short
from .refusals import cpus, has_healthcheck
from .rule import Found, ServiceRule
from .service import Draft, X

EXCEPTIONS = ("privileged", "docker_socket", "host_namespaces", "backup", "root", "writable_root", "capabilities")
MOST_REPLICAS = 100
BY_ITSELF = ("start", "migrate", "verify", "released", "returned", "schedule")


def exceptions(draft: Draft) -> Iterator[Found]:
    """An exception names a rule and has a reason."""
    for rule, reason in draft.service.exceptions.items():
        if rule not in EXCEPTIONS:
            yield (
                draft.at(X, "exceptions", rule),
                f"no rule `{short(rule)}`",
                nearest(rule, EXCEPTIONS) or f"rules: {', '.join(EXCEPTIONS)}",
            )
        elif not reason.strip():
            yield draft.at(X, "exceptions", rule), "an exception without a reason", "say why in one sentence"


def health(draft: Draft) -> Iterator[Found]:
    """Nothing takes traffic, or counts as started, unasked."""
    own = draft.own
    if own.get("routes") and "health" not in own:
        yield draft.at(X, "routes"), "a routed service without `health`", f"write `{X}.health: {{path: /health}}`"
    if not own.get("routes") and "task" not in own and not has_healthcheck(draft.service):
        yield (
            draft.at("healthcheck"),
            "no `healthcheck`, and no route to ask it by",
            "write `healthcheck: {test: [CMD, …], interval: 10s}`",
        )


def health_port(draft: Draft) -> Iterator[Found]:
    """A question needs a port, and somebody who asks."""
    found = draft.service.health
    if found is not None and found.port is None and "task" not in draft.own and not draft.own.get("routes"):
        yield draft.at(X, "health"), "no route says which port to ask", "add `port`, or use `healthcheck` alone"


def replicas(draft: Draft) -> Iterator[Found]:
    """A number has one place."""
    own = draft.own
    if "scale" in own and "replicas" in draft.at("deploy")[0].mapping:
        yield draft.at("deploy", "replicas"), "`replicas` beside `scale`", f"keep one: `{X}.scale` has `min` and `max`"
    for word in ("store", "task"):
        if word in own and draft.service.replicas_max > 1:
            yield draft.at("deploy"), f"a {word} with more than one replica", "write `replicas: 1`"
    if not 0 <= draft.service.replicas <= MOST_REPLICAS:
        yield draft.at("deploy", "replicas"), f"{draft.service.replicas} replicas where 0 to {MOST_REPLICAS} are wanted", ""


def task(draft: Draft) -> Iterator[Found]:
    """A task runs to its end and answers nobody."""
    found = draft.service.task
    for word in ("routes", "queue", "scale", "store", "health"):
        if "task" in draft.own and word in draft.own:
            yield draft.at(X, word), f"`{word}` on a task", "a task runs to its end: remove one of the two"
    if found is None:
        return
    if (found.when == "schedule") != (found.schedule is not None):
        yield draft.at(X, "task"), "`schedule` and `when: schedule` go together", 'write {when: schedule, schedule: "0 3 * * *"}'
    if "overlap" in draft.own["task"].mapping and found.when not in ("schedule", "demand"):
        yield draft.at(X, "task", "overlap"), "`overlap` is for `when: schedule` and `when: demand`", "remove it"
    for word in ("contracts", "current", "backup_first"):
        if word in draft.own["task"].mapping and found.when != "migrate":
            yield draft.at(X, "task", word), f"`{word}` is for `when: migrate`", "remove it"


def revision(draft: Draft) -> Iterator[Found]:
    """Whoever lists revisions says how the database tells its own."""
    found = draft.service.task
    if found is None or not found.contracts or "current" in draft.own["task"].mapping:
        return
    if not any("alembic" in str(word) for word in draft.service.compose.get("command", ())):
        hint = "write the command that prints the database's revision; without it `alembic current` is asked"
        yield draft.at(X, "task", "contracts"), "`contracts` without `current` in a migration that is not Alembic's", hint


def scale(draft: Draft) -> Iterator[Found]:
    """Rules of scaling have what they need."""
    found = draft.service.scale
    if found is None:
        return
    if draft.own.get("routes") and found.min < 1:
        yield draft.at(X, "scale", "min"), "a routed service with no replica answers nobody", "write `min: 1` or more"
    if found.cpu_ratio is not None and cpus(draft.service) is None:
        hint = 'write `deploy: {resources: {limits: {cpus: "1"}}}`'
        yield draft.at(X, "scale", "cpu_ratio"), "a share of a CPU limit that is not there", hint
    if found.queue_drain_seconds is not None and "queue" not in draft.own:
        hint = f"say what it consumes: `{X}.queue`"
        yield draft.at(X, "scale", "queue_drain_seconds"), "a service without a queue", hint


def queue(draft: Draft) -> Iterator[Found]:
    """A worker consumes something."""
    found = draft.service.queue
    if found is not None and not found.names:
        yield draft.at(X, "queue", "names"), "no name of a queue", "write `names: [celery]`"


def profiles(draft: Draft) -> Iterator[Found]:
    """A profile keeps a service from starting, which only a task can do without."""
    if draft.service.profiles and "task" not in draft.own:
        hint = f"remove it; give it `{X}.task`; or write the service into compose.override.yml, for the laptop"
        yield draft.at("profiles"), "`profiles` on a service that always runs", hint


def destructive(draft: Draft) -> Iterator[Found]:
    """What destroys data waits for a person."""
    found = draft.service.task
    if found is not None and found.destructive and found.when in BY_ITSELF:
        yield draft.at(X, "task", "destructive"), f"`when: {found.when}` would run it unasked", "write `when: demand`"


RULES: tuple[ServiceRule, ...] = (
    exceptions,
    health,
    health_port,
    replicas,
    task,
    revision,
    scale,
    queue,
    profiles,
    destructive,
)
