"""What a service asks for, and what its words need."""

from typing import Any

from tests.unit.load.cases.case import API, DB, OWN, QUEUE, REDIS, SECRETS, WORKER, Case

TITLE = "Services and tasks"
LIMITS = f"{API}/deploy/resources"
MIGRATE = "services/migrate"
SCHEDULED = "services.worker.x-slipway.task"
SECOND = {"services/second": {**REDIS, "x-slipway": {**REDIS["x-slipway"], "store": {"engine": "postgres"}}}}


def task(**words: Any) -> dict[str, Any]:
    return {f"{WORKER}/x-slipway/task": words}


CASES = [
    Case(
        "memory below Docker's least",
        {f"{LIMITS}/limits/memory": "4m"},
        "services.api.deploy",
        "Docker refuses less than 6",
        {f"{LIMITS}/limits/memory": "6m"},
    ),
    Case(
        "two limits of memory",
        {f"{API}/mem_limit": "1g"},
        "services.api.mem_limit",
        "`mem_limit` is 1024 MiB",
        {f"{API}/mem_limit": "256m"},
    ),
    Case(
        "more reserved than allowed",
        {f"{LIMITS}/reservations": {"memory": "300m"}},
        "services.api.deploy.resources.reservations.memory",
        "300 MiB reserved, above the limit of 256",
        {f"{LIMITS}/reservations": {"memory": "200m"}},
    ),
    Case(
        "reservation above the limit",
        {f"{API}/mem_reservation": "1g"},
        "services.api.mem_reservation",
        "1024 MiB reserved",
        {f"{API}/mem_reservation": "64m"},
    ),
    Case(
        "processors",
        {f"{LIMITS}/limits/cpus": "2000"},
        "services.api.deploy.resources.limits.cpus",
        "is no number of processors",
        {f"{LIMITS}/limits/cpus": "0.5"},
    ),
    Case(
        "long stop",
        {f"{API}/stop_grace_period": "2h"},
        "services.api.stop_grace_period",
        "longer than an hour",
        {f"{API}/stop_grace_period": "1h"},
    ),
    Case(
        "many replicas",
        {f"{API}/deploy/replicas": 101},
        "services.api.deploy.replicas",
        "101 replicas where 0 to 100",
        {f"{API}/deploy/replicas": 100},
    ),
    Case(
        "more replicas than addresses",
        {f"{API}/deploy/replicas": 100, f"{WORKER}/deploy/replicas": 27},
        "services.api.deploy.replicas",
        "127 replicas on the network `default`",
        {f"{API}/deploy/replicas": 100, f"{WORKER}/deploy/replicas": 26},
    ),
    Case(
        "profile",
        {f"{WORKER}/profiles": ["extra"]},
        "services.worker.profiles",
        "on a service that always runs",
        {f"{MIGRATE}/profiles": ["tasks"]},
    ),
    Case(
        "health without a port",
        {f"{WORKER}/x-slipway/health": {"path": "/"}},
        "services.worker.x-slipway.health",
        "no route says which port",
        {f"{WORKER}/x-slipway/health": {"path": "/", "port": 8080}},
    ),
    Case(
        "nobody left",
        {f"{OWN}/scale": {"min": 0, "max": 2}},
        "services.api.x-slipway.scale.min",
        "answers nobody",
        {f"{WORKER}/x-slipway/scale": {"min": 0, "max": 2}},
    ),
    Case(
        "share of no CPU limit",
        {f"{OWN}/scale": {"min": 1, "max": 2, "cpu_ratio": 0.7}},
        "services.api.x-slipway.scale.cpu_ratio",
        "CPU limit that is not there",
        {f"{OWN}/scale": {"min": 1, "max": 2, "cpu_ratio": 0.7}, f"{LIMITS}/limits/cpus": "1"},
    ),
    Case(
        "drain of no queue",
        {f"{WORKER}/x-slipway/scale": {"min": 1, "max": 2, "queue_drain_seconds": 60}},
        "services.worker.x-slipway.scale.queue_drain_seconds",
        "a service without a queue",
        {
            f"{WORKER}/x-slipway": {"queue": QUEUE, "scale": {"min": 1, "max": 2, "queue_drain_seconds": 60}},
            "services/redis": REDIS,
        },
    ),
    Case(
        "queue without a name",
        {f"{WORKER}/x-slipway/queue": QUEUE | {"names": []}, "services/redis": REDIS},
        "services.worker.x-slipway.queue.names",
        "no name of a queue",
        {f"{WORKER}/x-slipway/queue": QUEUE, "services/redis": REDIS},
    ),
    Case(
        "name of a queue",
        {f"{WORKER}/x-slipway/queue": QUEUE | {"names": ["a,b"]}, "services/redis": REDIS},
        "services.worker.x-slipway.queue.names[0]",
        "is no name of a queue",
        {f"{WORKER}/x-slipway/queue": QUEUE | {"names": ["a", "b"]}, "services/redis": REDIS},
    ),
    Case(
        "hour of a schedule",
        task(when="schedule", schedule="0 24 * * *"),
        f"{SCHEDULED}.schedule",
        "hour 24, where 0 to 23 is wanted",
        task(when="schedule", schedule="0 23 * * *"),
    ),
    Case(
        "weekday of a schedule",
        task(when="schedule", schedule="0 3 * * tues"),
        f"{SCHEDULED}.schedule",
        "did you mean `tue`?",
        task(when="schedule", schedule="0 3 * * tue"),
    ),
    Case(
        "step of a schedule",
        task(when="schedule", schedule="*/0 * * * *"),
        f"{SCHEDULED}.schedule",
        "is no minute",
        task(when="schedule", schedule="*/5 * * * *"),
    ),
    Case(
        "day that never comes",
        task(when="schedule", schedule="0 3 31 2,4 *"),
        f"{SCHEDULED}.schedule",
        "never comes",
        task(when="schedule", schedule="0 3 31 1,2 *"),
    ),
    Case(
        "overlap",
        task(when="start", overlap="wait"),
        f"{SCHEDULED}.overlap",
        "is for `when: schedule`",
        task(when="demand", overlap="wait"),
    ),
    Case(
        "revision",
        {f"{MIGRATE}/x-slipway/task/contracts": ["a b"]},
        "services.migrate.x-slipway.task.contracts[0]",
        "is no revision",
        {f"{MIGRATE}/x-slipway/task/contracts": ["9f31c2ab"]},
    ),
    Case(
        "revision that nobody can tell",
        {f"{MIGRATE}/command": "rails db:migrate", f"{MIGRATE}/x-slipway/task/contracts": ["20260101"]},
        "services.migrate.x-slipway.task.contracts",
        "without `current`",
        {
            f"{MIGRATE}/command": "rails db:migrate",
            f"{MIGRATE}/x-slipway/task": {"when": "migrate", "contracts": ["20260101"], "current": "rails db:version"},
        },
    ),
    Case(
        "no command for the revision",
        {f"{MIGRATE}/x-slipway/task/current": ""},
        "services.migrate.x-slipway.task.current",
        "is empty",
        {f"{MIGRATE}/x-slipway/task/current": "alembic current"},
    ),
    Case(
        "no such command for the revision",
        {f"{MIGRATE}/x-slipway/task/current": "alembic 'current"},
        "services.migrate.x-slipway.task.current",
        "is no command: a quote or backslash is left open",
        {f"{MIGRATE}/x-slipway/task/current": "sh -c 'alembic current | tail -1'"},
    ),
    Case(
        "restore point of nothing",
        {
            f"{MIGRATE}/x-slipway/task/backup_first": True,
            f"{DB}/x-slipway": {"store": {"engine": "postgres"}, "exceptions": {"backup": "a copy"}},
        },
        "services.migrate.x-slipway.task.backup_first",
        "no store of the stack has a backup",
        {f"{MIGRATE}/x-slipway/task/backup_first": True},
    ),
    Case(
        "restore point without Postgres",
        {f"{MIGRATE}/x-slipway/task/backup_first": True, f"{DB}/x-slipway/store": {"engine": "other"}},
        "services.migrate.x-slipway.task.backup_first",
        "no store of the stack is Postgres",
        {f"{MIGRATE}/x-slipway/task/backup_first": True},
    ),
    Case(
        "restore point of one of two",
        {
            f"{MIGRATE}/x-slipway/task/backup_first": True,
            f"{MIGRATE}/depends_on": [],
            **SECOND,
        },
        "services.migrate.x-slipway.task.backup_first",
        "names none of several Postgres stores",
        {
            f"{MIGRATE}/x-slipway/task/backup_first": True,
            f"{MIGRATE}/depends_on": ["db"],
            **SECOND,
        },
    ),
    Case(
        "destructive by itself",
        task(when="released", destructive=True),
        f"{SCHEDULED}.destructive",
        "would run it unasked",
        task(when="demand", destructive=True),
    ),
    Case(
        "waiting for a task on demand",
        {**task(when="demand"), f"{API}/depends_on": {"worker": {"condition": "service_completed_successfully"}}},
        "services.api.depends_on.worker",
        "does not run before this service starts",
        {**task(when="start"), f"{API}/depends_on": {"worker": {"condition": "service_completed_successfully"}}},
    ),
    Case(
        "secret as a target that is not yours",
        {f"{API}/secrets": [{"source": "s", "uid": "0"}], "secrets": {"s": {"environment": "S"}}},
        "services.api.secrets[0].uid",
        "is not yours to set",
        {f"{API}/secrets": ["s"], "secrets": {"s": {"environment": "S"}}},
        SECRETS,
    ),
]
