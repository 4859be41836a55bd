"""The queue: jobs for workers, and the ticks that beat sends. `celery -A app.worker worker|beat`."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery, Task
from celery.signals import beat_init, before_task_publish, heartbeat_sent, setup_logging, worker_ready

from app import faults, logs
from app.settings import REPLICA, optional, required

ALIVE = Path("/tmp/alive")
TICK_SECONDS = 2

app = Celery("demo", broker=required("REDIS_URL"))
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_connect_timeout": 2, "visibility_timeout": 300},  # five times the longest job
    task_acks_late=True,  # a job whose worker died is done by another one
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    beat_schedule={"tick": {"task": "tick", "schedule": TICK_SECONDS, "args": [REPLICA]}},
)


def ask(sql: str, *values: Any) -> None:
    with psycopg.connect(required("DATABASE_URL"), autocommit=True, connect_timeout=5) as connection:
        connection.execute(sql, values)


@app.task(name="do_job")
def do_job(number: str, seconds: float) -> None:
    """Count the start, work, count the end: a lost job shows as one start and no end, a doubled one as two ends."""
    ask("UPDATE jobs SET starts = starts + 1, worker = %s WHERE id = %s", REPLICA, number)
    time.sleep(seconds)
    ask("UPDATE jobs SET finishes = finishes + 1, finished_at = now() WHERE id = %s", number)


@app.task(name="tick", bind=True)
def tick(task: Task, scheduler: str) -> None:
    """Keep when a scheduler sent a tick and which one, for a day."""
    sent_at = datetime.fromtimestamp(task.request.get("sent_at"), UTC)
    ask(
        "WITH expired AS (DELETE FROM ticks WHERE sent_at < now() - interval '1 day')"
        " INSERT INTO ticks (sent_at, scheduler, worker) VALUES (%s, %s, %s)",
        *(sent_at, scheduler, REPLICA),
    )


@before_task_publish.connect
def note_sending(sender: str, headers: dict[str, Any], **_: Any) -> None:
    headers["sent_at"] = time.time()
    if sender == "tick":
        ALIVE.touch()


@beat_init.connect
def begin_scheduler(**_: Any) -> None:
    ALIVE.touch()


@worker_ready.connect
def begin_worker(**_: Any) -> None:
    app.faults = faults.ActiveFaults(faults.parse(optional("FAULT")))


@heartbeat_sent.connect
def show_life(**_: Any) -> None:
    if not faults.parse(optional("FAULT")).never_healthy:
        ALIVE.touch()


@setup_logging.connect
def write_json_lines(**_: Any) -> None:
    logs.configure("celery")
