"""Stores, and those who use them."""

from typing import Any

from tests.unit.load.cases.case import API, DB, OWN, QUEUE, REDIS, WORKER, Case

TITLE = "Stores and backups"
STORE = "services.db.x-slipway.store"
S3: dict[str, Any] = {"services/files": REDIS | {"x-slipway": {"store": {"engine": "s3"}, "backup": {}}}}


def store(**words: Any) -> dict[str, Any]:
    return {f"{DB}/x-slipway/store": {"engine": "postgres", **words}}


def files(**words: Any) -> dict[str, Any]:
    return {"services/files": REDIS | {"x-slipway": {"store": {"engine": "s3", **words}, "backup": {}}}}


CASES = [
    Case(
        "queue in a database",
        {f"{WORKER}/x-slipway/queue": QUEUE | {"store": "db"}},
        "services.worker.x-slipway.queue.store",
        "which holds no queue",
        {f"{WORKER}/x-slipway/queue": QUEUE, "services/redis": REDIS},
    ),
    Case(
        "connections to files",
        {**S3, f"{OWN}/connections": {"files": 2}},
        "services.api.x-slipway.connections.files",
        "counts no connections",
        {**S3, f"{OWN}/connections": {"db": 2}},
    ),
    Case(
        "SQL for a cache",
        {"services/redis": REDIS, "x-slipway/metrics": {"m": {"store": "redis", "sql": "SELECT 1"}}},
        "x-slipway.metrics.m.store",
        "which answers no SQL",
        {"x-slipway/metrics": {"m": {"store": "db", "sql": "SELECT 1"}}},
    ),
    Case(
        "extensions of a cache",
        {"services/redis": REDIS | {"x-slipway": {"store": {"engine": "redis", "extensions": ["x"]}, "backup": {}}}},
        "services.redis.x-slipway.store.extensions",
        "it is for postgres",
        store(extensions=["pg_stat_statements"]),
    ),
    Case(
        "buckets of a database", store(buckets={"photos": {}}), f"{STORE}.buckets", "it is for s3", files(buckets={"photos": {}})
    ),
    Case(
        "name of a bucket",
        files(buckets={"My_Photos": {}}),
        "services.files.x-slipway.store.buckets.My_Photos",
        "no name for a bucket",
        files(buckets={"my-photos": {}}),
    ),
    Case(
        "origin of a bucket",
        files(buckets={"photos": {"cors_origins": ["a.example.org"]}}),
        "services.files.x-slipway.store.buckets.photos.cors_origins[0]",
        "is no origin",
        files(buckets={"photos": {"cors_origins": ["https://a.example.org"]}}),
    ),
    Case(
        "name of an extension",
        store(extensions=["pg stat"]),
        f"{STORE}.extensions[0]",
        "is no extension",
        store(extensions=["uuid-ossp"]),
    ),
    Case(
        "no way to the store",
        {f"{API}/networks": ["front"], "networks": {"front": {}}, f"{OWN}/connections": {"db": 2}},
        "services.api.x-slipway.connections.db",
        "shares no network with `db`; join one: `db` is on default",
        {f"{API}/networks": ["front", "default"], "networks": {"front": {}}, f"{OWN}/connections": {"db": 2}},
    ),
    Case(
        "connections said twice",
        {f"{DB}/command": "postgres -c max_connections=50"},
        "services.db.command",
        "`max_connections` is 50 here and 100 under `x-slipway.store`",
        {f"{DB}/command": "postgres -c max_connections=200", **store(max_connections=200)},
    ),
    Case(
        "memory of Redis",
        {"services/redis": REDIS | {"command": "redis-server --maxmemory 64mb"}},
        "services.redis.command",
        "is not below the container's limit of 64 MiB",
        {"services/redis": REDIS | {"command": "redis-server --maxmemory 32mb"}},
    ),
    Case(
        "copy of nothing",
        {f"{OWN}/backup": {}},
        "services.api.x-slipway.backup",
        "nothing to copy",
        {f"{OWN}/backup": {}, f"{API}/volumes": ["up:/up"], "volumes/up": {}},
    ),
    Case(
        "no copy kept",
        {f"{DB}/x-slipway/backup": {"keep_days": 0, "keep_weeks": 0}},
        "services.db.x-slipway.backup",
        "keeps no copy at all",
        {f"{DB}/x-slipway/backup": {"keep_days": 0, "keep_weeks": 1}},
    ),
    Case(
        "drill",
        {f"{DB}/x-slipway/backup": {"drill": "never"}},
        "services.db.x-slipway.backup.drill",
        "one of `daily`, `weekly`, `monthly`",
        {f"{DB}/x-slipway/backup": {"drill": "daily"}},
    ),
]
