"""Every rule trips, and its good neighbour passes."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.load.project import Patch, Project

API = "services/api"
WORKER = "services/worker"
DB = "services/db"
OWN = "services/api/x-slipway"
REDIS: dict[str, Any] = {
    "image": "redis:8",
    "healthcheck": {"test": ["CMD", "redis-cli", "ping"]},
    "deploy": {"resources": {"limits": {"memory": "64m"}}},
    "x-slipway": {"store": {"engine": "redis"}, "backup": {}},
}
QUEUE = {"store": "redis", "system": "celery", "names": ["celery"]}
SECRETS = {"stacks/shop/secrets": {"S": {"command": ["echo", "x"]}}}


@dataclass(frozen=True)
class Rule:
    name: str
    bad: Patch
    path: str
    says: str
    good: Patch = field(default_factory=dict)
    inventory: Patch = field(default_factory=dict)
    good_inventory: Patch | None = None


RULES = [
    Rule("no tag", {f"{API}/image": "acme/api"}, "services.api.image", "has no tag"),
    Rule("latest", {f"{API}/image": "acme/api:latest"}, "services.api.image", "floating tag"),
    Rule(
        "tag without a digit",
        {f"{API}/image": "acme/api:stable"},
        "services.api.image",
        "floating tag",
        {f"{API}/image": "host:5000/acme/api:v2"},
    ),
    Rule(
        "no tag behind a port",
        {f"{API}/image": "host:5000/acme/api"},
        "services.api.image",
        "has no tag",
        {f"{API}/image": f"a/b@sha256:{'a' * 64}"},
    ),
    Rule("no image", {f"{API}/image": ..., f"{API}/build": "."}, "services.api", "`image` is missing", {f"{API}/build": "."}),
    Rule("image in capitals", {f"{API}/image": "Acme/API:1"}, "services.api.image", "is no image"),
    Rule(
        "password",
        {f"{API}/environment": {"DB_PASSWORD": "hunter2"}},
        "services.api.environment.DB_PASSWORD",
        "a secret in plain text",
        {f"{API}/environment": {"DB_PASSWORD": "${S}"}},
        good_inventory=SECRETS,
    ),
    Rule(
        "password in a list",
        {f"{API}/environment": ["A=1", "API_TOKEN=hunter2"]},
        "services.api.environment[1]",
        "a secret in plain text",
        {f"{API}/environment": ["API_TOKEN_FILE=/x"]},
    ),
    Rule(
        "password as a default",
        {f"{API}/environment": {"SECRET_KEY": "${NOPE:-hunter2}"}},
        "services.api.environment.SECRET_KEY",
        "a secret in plain text",
        {f"{API}/environment": {"SECRET_KEY": ""}},
    ),
    Rule(
        "key",
        {f"{API}/environment": {"STRIPE_API_KEY": "hunter2"}},
        "services.api.environment.STRIPE_API_KEY",
        "a secret in plain text",
        {f"{API}/environment": {"ALLOW_EMPTY_PASSWORD": "no", "SSH_KEY": "/run/secrets/k"}},
    ),
    Rule(
        "userinfo",
        {f"{API}/environment": {"URL": "redis://me:hunter2@redis/0"}},
        "services.api.environment.URL",
        "a password in a URL",
        {f"{API}/environment": {"URL": "redis://me@redis/0"}},
    ),
    Rule(
        "userinfo in a command",
        {f"{API}/command": "run redis://:hunter2@redis"},
        "services.api.command",
        "a password in a URL",
        {f"{API}/command": "run http://host:80/a@b"},
    ),
    Rule(
        "secret in a command",
        {f"{API}/command": "run ${S}"},
        "services.api.command",
        "secret `S` in `command`",
        {f"{API}/environment": {"S": "${S}"}},
        SECRETS,
    ),
    Rule(
        "secret in a label",
        {f"{API}/labels": {"a": "${S}"}},
        "services.api.labels.a",
        "secret `S` in `labels`",
        {f"{API}/environment": ["S"]},
        SECRETS,
    ),
    Rule(
        "secret in a typed word",
        {f"{OWN}/health": {"path": "/${S}"}},
        "services.api.x-slipway.health.path",
        "in a word that is no secret",
        {f"{API}/environment": ["S"]},
        SECRETS,
    ),
    Rule(
        "container_name", {f"{API}/container_name": "api"}, "services.api.container_name", "refused", {f"{API}/hostname": "api"}
    ),
    Rule("env_file", {f"{API}/env_file": ".env"}, "services.api.env_file", "refused"),
    Rule("extends", {f"{API}/extends": {"service": "db"}}, "services.api.extends", "refused"),
    Rule("include", {"include": ["x.yml"]}, "include", "refused"),
    Rule("links", {f"{API}/links": ["db"]}, "services.api.links", "refused"),
    Rule("scale key", {f"{API}/scale": 2}, "services.api.scale", "write `deploy.replicas`", {f"{API}/deploy/replicas": 2}),
    Rule("configs", {"configs": {"a": {"file": "x"}}}, "configs", "refused"),
    Rule(
        "privileged",
        {f"{API}/privileged": True},
        "services.api.privileged",
        "root on the host",
        {f"{API}/privileged": True, f"{OWN}/exceptions": {"privileged": "it mounts"}},
    ),
    Rule(
        "docker socket",
        {f"{API}/volumes": ["/var/run/docker.sock:/var/run/docker.sock:ro"]},
        "services.api.volumes[0]",
        "the Docker socket",
        {f"{API}/volumes": ["/var/run/docker.sock:/d.sock"], f"{OWN}/exceptions": {"docker_socket": "it watches"}},
    ),
    Rule(
        "privileged as a word",
        {f"{API}/privileged": "on"},
        "services.api.privileged",
        "root on the host",
        {f"{API}/privileged": "no"},
    ),
    Rule(
        "api socket",
        {f"{API}/use_api_socket": True},
        "services.api.use_api_socket",
        "the Docker socket",
        {f"{API}/use_api_socket": False},
    ),
    Rule(
        "host network",
        {f"{WORKER}/network_mode": "host"},
        "services.worker.network_mode",
        "takes the walls",
        {f"{WORKER}/network_mode": "host", f"{WORKER}/x-slipway/exceptions": {"host_namespaces": "it measures"}},
    ),
    Rule(
        "host network on a route",
        {f"{API}/network_mode": "host", f"{OWN}/exceptions": {"host_namespaces": "why not"}},
        "services.api.network_mode",
        "on a routed service",
        {f"{WORKER}/network_mode": "none"},
    ),
    Rule(
        "shared namespace",
        {f"{WORKER}/pid": "service:api"},
        "services.worker.pid",
        "ties two containers",
        {f"{WORKER}/pid": "host", f"{WORKER}/x-slipway/exceptions": {"host_namespaces": "it measures"}},
    ),
    Rule(
        "unknown exception",
        {f"{OWN}/exceptions": {"privilege": "x"}},
        "services.api.x-slipway.exceptions.privilege",
        "did you mean `privileged`?",
        {f"{OWN}/exceptions": {"root": "the image wants it"}},
    ),
    Rule(
        "empty reason",
        {f"{OWN}/exceptions": {"root": " "}},
        "services.api.x-slipway.exceptions.root",
        "without a reason",
        {f"{OWN}/exceptions": {"root": "y"}},
    ),
    Rule(
        "ports on an app",
        {f"{API}/ports": ["127.0.0.1:8000:8000"]},
        "services.api.ports",
        "only the edge answers",
        {f"{API}/expose": ["8000"]},
    ),
    Rule(
        "open port of a store",
        {f"{DB}/ports": ["5432:5432"]},
        "services.db.ports[0]",
        "answers from outside",
        {f"{DB}/ports": ["127.0.0.1:5432:5432", "[::1]:5433:5432"]},
    ),
    Rule(
        "anonymous volume",
        {f"{API}/volumes": ["/data"]},
        "services.api.volumes[0]",
        "anonymous volume",
        {f"{API}/hostname": "api"},
    ),
    Rule("windows drive", {f"{API}/volumes": ["v:/data"], "volumes/v": {}}, "services.api.volumes[0]", "Windows drive"),
    Rule("bind outside", {f"{API}/volumes": ["../other:/data"]}, "services.api.volumes[0]", "not below the stack's folder"),
    Rule("bind of the host", {f"{API}/volumes": ["/etc:/data:ro"]}, "services.api.volumes[0]", "not below the stack's folder"),
    Rule(
        "bind of nothing",
        {f"{API}/volumes": ["./nope:/data"]},
        "services.api.volumes[0]",
        "does not exist beside",
        {f"{API}/volumes": ["./compose.yml:/c.yml:ro"]},
    ),
    Rule(
        "mount option",
        {f"{API}/volumes": ["./compose.yml:/c:rshared"]},
        "services.api.volumes[0]",
        "`rshared` is not supported",
        {f"{API}/volumes": ["./compose.yml:/c:ro,z"]},
    ),
    Rule("undeclared volume", {f"{DB}/volumes": ["pgs:/x"]}, "services.db.volumes", "did you mean `pg`?"),
    Rule(
        "undeclared network",
        {f"{API}/networks": ["front"]},
        "services.api.networks",
        "`front` is not declared",
        {f"{API}/networks": ["front"], "networks": {"front": {}}},
    ),
    Rule(
        "undeclared secret",
        {f"{API}/secrets": ["s"]},
        "services.api.secrets",
        "`s` is not declared",
        {f"{API}/secrets": ["s"], "secrets": {"s": {"environment": "S"}}},
        good_inventory=SECRETS,
    ),
    Rule(
        "secret without a source",
        {"secrets": {"s": {"environment": "X_SECRET"}}},
        "secrets.s",
        "has no source",
        {"secrets": {"s": {"environment": "S"}}},
        good_inventory=SECRETS,
    ),
    Rule("secret from a file", {"secrets": {"s": {"file": "./s"}}}, "secrets.s.file", "not supported"),
    Rule(
        "static address",
        {f"{API}/networks": {"default": {"ipv4_address": "10.0.0.2"}}},
        "services.api.networks.default.ipv4_address",
        "not supported",
        {f"{API}/networks": {"default": {"aliases": ["a"]}}},
    ),
    Rule("external volume", {"volumes/pg": {"external": True}}, "volumes.pg.external", "not supported"),
    Rule(
        "network driver",
        {"networks": {"n": {"driver": "overlay"}}},
        "networks.n.driver",
        "only the driver `bridge`",
        {"networks": {"n": {"driver": "bridge"}}},
    ),
    Rule(
        "no memory limit",
        {f"{API}/deploy": ...},
        "services.api.deploy",
        "no memory limit",
        {f"{API}/deploy": ..., f"{API}/mem_limit": "1g"},
    ),
    Rule(
        "no size",
        {f"{API}/deploy/resources/limits/memory": "lots"},
        "services.api.deploy.resources.limits.memory",
        "no size of memory",
        {f"{API}/deploy/resources/limits/memory": "1.5GiB"},
    ),
    Rule("no health", {f"{OWN}/health": ...}, "services.api.x-slipway.routes", "without `health`"),
    Rule(
        "no healthcheck",
        {f"{WORKER}/healthcheck": ...},
        "services.worker.healthcheck",
        "no `healthcheck`",
        {f"{API}/healthcheck": {"disable": True}},
    ),
    Rule("disabled healthcheck", {f"{WORKER}/healthcheck": {"disable": True}}, "services.worker.healthcheck", "no `healthcheck`"),
    Rule(
        "healthcheck's key",
        {f"{WORKER}/healthcheck/intervall": "5s"},
        "services.worker.healthcheck",
        "did you mean `interval`?",
        {f"{WORKER}/healthcheck/interval": "5s"},
    ),
    Rule(
        "healthcheck's duration",
        {f"{WORKER}/healthcheck/interval": "5"},
        "services.worker.healthcheck.interval",
        "is no duration",
        {f"{WORKER}/healthcheck/interval": "1m30s"},
    ),
    Rule(
        "grace",
        {f"{API}/stop_grace_period": "soon"},
        "services.api.stop_grace_period",
        "is no duration",
        {f"{API}/stop_grace_period": "1m"},
    ),
    Rule(
        "scheduler",
        {f"{WORKER}/command": "celery -A app beat"},
        "services.worker.command",
        "two at once",
        {f"{WORKER}/command": "celery -A app beat", f"{WORKER}/deploy/update_config": {"order": "stop-first"}},
    ),
    Rule(
        "rq scheduler",
        {f"{WORKER}/command": ["/usr/bin/rqscheduler"]},
        "services.worker.command",
        "two at once",
        {f"{WORKER}/command": ["rq", "worker"]},
    ),
    Rule(
        "two schedulers",
        {f"{WORKER}/deploy/replicas": 2, f"{WORKER}/deploy/update_config": {"order": "stop-first"}},
        "services.worker.deploy",
        "never two at once",
        {f"{WORKER}/deploy/replicas": 2},
    ),
    Rule(
        "stop-first on a route",
        {f"{API}/deploy/update_config": {"order": "stop-first"}},
        "services.api.deploy.update_config",
        "would cut requests",
        {f"{API}/deploy/update_config": {"order": "start-first"}},
    ),
    Rule(
        "order",
        {f"{API}/deploy/update_config": {"order": "start-frist"}},
        "services.api.deploy.update_config.order",
        "did you mean `start-first`?",
    ),
    Rule(
        "replicas and scale",
        {f"{API}/deploy/replicas": 2, f"{OWN}/scale": {"min": 1, "max": 2}},
        "services.api.deploy.replicas",
        "beside `scale`",
        {f"{OWN}/scale": {"min": 1, "max": 2}},
    ),
    Rule("min above max", {f"{OWN}/scale": {"min": 3, "max": 2}}, "services.api.x-slipway.scale", "`min` 3 is above `max` 2"),
    Rule(
        "replicated store",
        {f"{DB}/deploy/replicas": 2},
        "services.db.deploy",
        "store with more than one replica",
        {f"{DB}/deploy/replicas": 1},
    ),
    Rule(
        "service name",
        {"services/API": {"image": "a:1", "mem_limit": "1g", "healthcheck": {"test": "x"}}},
        "services.API",
        "no name for a service",
        {"services/api2": {"image": "a:1", "mem_limit": "1g", "healthcheck": {"test": "x"}}},
    ),
    Rule(
        "unknown domain",
        {f"{OWN}/routes": [{"domain": "sit", "port": 1}]},
        "services.api.x-slipway.routes[0]",
        "did you mean `site`?",
    ),
    Rule(
        "same place",
        {f"{OWN}/routes": [{"domain": "site", "port": 1}, {"domain": "site", "port": 2}]},
        "services.api.x-slipway.routes[1]",
        "also leads to `api`",
        {f"{OWN}/routes": [{"domain": "site", "port": 1}, {"domain": "site", "port": 2, "path": "/b"}]},
    ),
    Rule(
        "path",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "path": "api"}]},
        "services.api.x-slipway.routes[0].path",
        "is no path; write `/api`",
    ),
    Rule(
        "path with a brace",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "path": "/a;}"}]},
        "services.api.x-slipway.routes[0].path",
        "is no path",
    ),
    Rule("port", {f"{OWN}/routes": [{"domain": "site", "port": 70000}]}, "services.api.x-slipway.routes[0].port", "1 to 65535"),
    Rule(
        "drain",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "drain_seconds": 3601}]},
        "services.api.x-slipway.routes[0].drain_seconds",
        "0 to 3600",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "drain_seconds": 3600}]},
    ),
    Rule(
        "rate by",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"by": "cookie"}}]},
        "services.api.x-slipway.routes[0].rate.by",
        "header:<name>",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"by": "header:X-Key"}}]},
    ),
    Rule(
        "per_seconds",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"per_seconds": 5}}]},
        "services.api.x-slipway.routes[0].rate.per_seconds",
        "one of `1`, `60`",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"requests": 60, "per_seconds": 60}}]},
    ),
    Rule(
        "throttled health",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"requests": 5, "per_seconds": 60}}]},
        "services.api.x-slipway.health",
        "would throttle",
        {f"{OWN}/routes": [{"domain": "site", "port": 1, "rate": {"requests": 12, "per_seconds": 60}}]},
    ),
    Rule("domain name", {"x-slipway/domains/site/name": "Shop"}, "x-slipway.domains.site.name", "no domain name"),
    Rule(
        "domain twice",
        {"x-slipway/domains/b": {"name": "shop.example.org"}},
        "x-slipway.domains.b.name",
        "also a name of `site`",
        {"x-slipway/domains/b": {"name": "b.example.org", "redirect_from": ["www.b.example.org"]}},
    ),
    Rule(
        "password of a domain",
        {"x-slipway/domains/site/access": {"password": "S"}},
        "x-slipway.domains.site.access.password",
        "cannot ask for a password yet",
        {"x-slipway/domains/site/access": {"allow": ["192.0.2.0/24"]}},
    ),
    Rule(
        "network",
        {"x-slipway/domains/site/access": {"allow": ["everybody"]}},
        "x-slipway.domains.site.access.allow[0]",
        "is no network",
    ),
    Rule(
        "dependency",
        {f"{API}/depends_on": ["dbs"]},
        "services.api.depends_on.dbs",
        "did you mean `db`?",
        {f"{API}/depends_on": ["db"]},
    ),
    Rule(
        "condition",
        {f"{API}/depends_on": {"db": {"condition": "healthy"}}},
        "services.api.depends_on.db",
        "is no condition",
        {f"{API}/depends_on": {"db": {"condition": "service_healthy"}}},
    ),
    Rule(
        "waiting for an end",
        {f"{API}/depends_on": {"db": {"condition": "service_completed_successfully"}}},
        "services.api.depends_on.db",
        "is no task",
        {f"{API}/depends_on": {"migrate": {"condition": "service_completed_successfully"}}},
    ),
    Rule(
        "waiting for health",
        {f"{WORKER}/depends_on": {"api": {"condition": "service_healthy"}}},
        "services.worker.depends_on.api",
        "has no `healthcheck`",
        {f"{WORKER}/depends_on": {"api": {"condition": "service_started"}}},
    ),
    Rule("store waits for an app", {f"{DB}/depends_on": ["api"]}, "services.db.depends_on.api", "stores outlive releases"),
    Rule(
        "circle",
        {f"{API}/depends_on": ["worker"], f"{WORKER}/depends_on": ["api"]},
        "services.api.depends_on",
        "api -> worker -> api",
        {f"{API}/depends_on": ["worker"]},
    ),
    Rule(
        "store without a backup",
        {f"{DB}/x-slipway/backup": ...},
        "services.db.x-slipway.store",
        "without a backup",
        {f"{DB}/x-slipway/backup": ..., f"{DB}/x-slipway/exceptions": {"backup": "a cache"}},
    ),
    Rule(
        "volume without a backup",
        {f"{API}/volumes": ["up:/up"], "volumes/up": {}},
        "services.api.volumes",
        "volume `up` without a backup",
        {f"{API}/volumes": ["up:/up"], "volumes/up": {}, f"{OWN}/backup": {}},
    ),
    Rule(
        "queue's store",
        {f"{WORKER}/x-slipway/queue": QUEUE},
        "services.worker.x-slipway.queue.store",
        "no store `redis`",
        {f"{WORKER}/x-slipway/queue": QUEUE, "services/redis": REDIS},
    ),
    Rule(
        "connections to nothing",
        {f"{OWN}/connections": {"dbs": 1}},
        "services.api.x-slipway.connections.dbs",
        "did you mean `db`?",
        {f"{OWN}/connections": {"db": 1}},
    ),
    Rule(
        "too many connections",
        {f"{OWN}/connections": {"db": 51}},
        "services.db.x-slipway.store",
        "102 connections at the worst moment",
        {f"{OWN}/connections": {"db": 50}},
    ),
    Rule(
        "eviction",
        {
            f"{WORKER}/x-slipway/queue": QUEUE,
            "services/redis": REDIS | {"command": "redis-server --maxmemory-policy allkeys-lru"},
        },
        "services.redis.command",
        "throws jobs",
        {f"{WORKER}/x-slipway/queue": QUEUE, "services/redis": REDIS | {"command": "redis-server --maxmemory-policy noeviction"}},
    ),
    Rule(
        "memory that cannot be used",
        {"x-slipway/watch": {"memory_mb": {"over": 256, "for_seconds": 60}}},
        "x-slipway.watch.memory_mb",
        "the highest limit is 256",
        {"x-slipway/watch": {"memory_mb": {"over": 250, "for_seconds": 60}}},
    ),
    Rule(
        "threshold",
        {"x-slipway/watch": {"p95_ms": {"for_seconds": 60}}},
        "x-slipway.watch.p95_ms",
        "needs `over` or `under`",
        {"x-slipway/watch": {"p95_ms": {"under": 5, "for_seconds": 60}}},
    ),
    Rule(
        "ratio",
        {f"{OWN}/scale": {"min": 1, "max": 2, "cpu_ratio": 70}},
        "services.api.x-slipway.scale.cpu_ratio",
        "between 0 and 1",
        {f"{OWN}/scale": {"min": 1, "max": 2, "cpu_ratio": 0.7}},
    ),
    Rule(
        "metric",
        {"x-slipway/metrics": {"m": {"sql": "select 1"}}},
        "x-slipway.metrics.m",
        "needs one source",
        {"x-slipway/metrics": {"m": {"sql": "select 1", "store": "db"}}},
    ),
    Rule(
        "watched metric",
        {"x-slipway/watch": {"metrics": {"m": {"over": 1, "for_seconds": 1}}}},
        "x-slipway.watch.metrics.m",
        "no metric `m`",
    ),
    Rule(
        "alert's service",
        {"x-slipway/alerts": {"a": {"service": "apis"}}},
        "x-slipway.alerts.a.service",
        "did you mean `api`?",
        {"x-slipway/alerts": {"a": {"service": "api"}}},
    ),
    Rule(
        "route to a task",
        {"services/migrate/x-slipway/routes": [{"domain": "site", "port": 1, "path": "/m"}]},
        "services.migrate.x-slipway.routes",
        "`routes` on a task",
    ),
    Rule(
        "two migrations",
        {f"{WORKER}/x-slipway/task": {"when": "migrate"}},
        "services.migrate.x-slipway.task.when",
        "a second migration beside `worker`",
        {f"{WORKER}/x-slipway/task": {"when": "start"}},
    ),
    Rule(
        "schedule without a time",
        {f"{WORKER}/x-slipway/task": {"when": "schedule"}},
        "services.worker.x-slipway.task",
        "go together",
        {f"{WORKER}/x-slipway/task": {"when": "schedule", "schedule": "*/5 0-6 * * mon-fri"}},
    ),
    Rule(
        "cron",
        {f"{WORKER}/x-slipway/task": {"when": "schedule", "schedule": "daily"}},
        "services.worker.x-slipway.task.schedule",
        "no cron expression",
    ),
    Rule(
        "contracts",
        {f"{WORKER}/x-slipway/task": {"when": "start", "contracts": ["a"]}},
        "services.worker.x-slipway.task.contracts",
        "is for `when: migrate`",
        {"services/migrate/x-slipway/task": {"when": "migrate", "contracts": ["a"]}},
    ),
    Rule(
        "when", {f"{WORKER}/x-slipway/task": {"when": "started"}}, "services.worker.x-slipway.task.when", "did you mean `start`?"
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_trips(project: Project, rule: Rule) -> None:
    project.base(rule.bad, rule.inventory)
    faults = project.faults()
    assert any(f": {rule.path}: " in fault and rule.says in fault for fault in faults), "\n".join(faults)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_good_neighbour_passes(project: Project, rule: Rule) -> None:
    project.base(rule.good, rule.inventory if rule.good_inventory is None else rule.good_inventory)
    assert project.faults() == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_shows_a_secret(project: Project, rule: Rule) -> None:
    project.base(rule.bad, rule.inventory)
    assert "hunter2" not in "\n".join(project.faults())
