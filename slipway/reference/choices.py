"""What each choice of a word means, the rules that can be excused, and example lines."""

from collections.abc import Mapping

from ..load import force
from ..load.built_in import NUMBERS
from .entries import Page

Texts = Mapping[str, str]
LATER = " (not in force yet)"

CHOICES: Mapping[tuple[Page, str], Texts] = {
    ("root", "watch.standby"): {
        "warm": "they run on: going back takes moments, and memory for both generations",
        "cold": "they are stopped: going back waits for their start",
    },
    ("root", "alerts.<name>.severity"): {
        "page": "wakes somebody",
        "warn": "is read the same day",
        "info": "is read some day",
    },
    ("service", "routes.[].sticky"): {
        "none": "each request goes to the least busy replica",
        "address": "by the client's address",
        "cookie": "by a cookie that the edge sets",
    },
    ("service", "task.when"): {
        "start": "at every deploy, before the migration: making buckets, waiting for others",
        "migrate": "once per release, before any new code runs",
        "verify": "after the new release is up and before traffic moves; a failure keeps the old one",
        "released": "after traffic moved",
        "returned": "after the way back to an earlier release, by the host itself or by a person, in place of `released`",
        "schedule": "by the clock, see `schedule`",
        "demand": "when a person asks for it",
    },
    ("service", "task.overlap"): {"skip": "it is left out", "wait": "it waits until the first has ended"},
    ("service", "store.engine"): {
        "postgres": "PostgreSQL",
        "redis": "Redis or Valkey",
        "s3": "an object store that speaks S3",
        "pooler": "a connection pooler in front of a database",
        "other": "anything else that keeps data",
    },
    ("inventory", "deploy_order"): {
        "one-by-one": "one host after another, by name: migrations never run side by side",
        "all": "the first host by name, then all others at once",
    },
    ("inventory", "docker.source"): {"distribution": "Debian's or Ubuntu's packages", "docker": "Docker's own repository"},
}

EXCEPTIONS: Texts = {
    "privileged": "the container may run `privileged`",
    "docker_socket": "the container may reach the Docker socket, which makes it root on the host",
    "host_namespaces": "the container may share a namespace of the host, such as `pid: host`",
    "backup": "the service's data or volume needs no backup",
    "root": "its processes may run as root",
    "writable_root": "its root file system may be written to",
    "capabilities": "it may have more rights than the least",
}

EXAMPLES: Mapping[tuple[Page, str], str] = {
    ("root", "domains"): """\
domains:
  site: {name: "${SITE_DOMAIN:?}", redirect_from: [www.shop.example]}
  api: {name: "${API_DOMAIN:?}", cors: {origins: ["https://${SITE_DOMAIN:?}"], credentials: true}}
""",
    ("root", "watch"): "watch: {error_ratio: {over: 0.05, for_seconds: 60}, p95_ms: {over: 1000, for_seconds: 120}}\n",
    ("root", "canary"): "canary: {percent: 10, seconds: 600}\n",
    ("root", "metrics"): """\
metrics:
  pending_reviews: {store: db, sql: "SELECT count(*) FROM reviews WHERE state = 'pending'"}
""",
    ("root", "alerts"): "alerts: {review-backlog: {metric: pending_reviews, over: 50, for_seconds: 1800}}\n",
    ("root", "egress_ports"): "egress_ports: [443, 587]\n",
    ("root", "mask_query"): "mask_query: [token, key, signature, code]\n",
    ("service", "routes"): """\
routes:
  - {domain: api, path: /, port: 8000, rate: {requests: 10, per_seconds: 1, burst: 20}}
  - {domain: api, path: /upload, port: 8000, body_mb: 10, timeout_seconds: 120}
  - {domain: api, path: /ws/, port: 8000, websocket: true, idle_seconds: 120, drain_seconds: 300}
""",
    ("service", "health"): "health: {path: /health, json: {status: healthy, database: connected}}\n",
    ("service", "assets"): "assets: {directory: /app/.next/static, path: /_next/static/}\n",
    ("service", "public"): 'public: {path: /env.js, values: {API_URL: "https://${API_DOMAIN:?}"}}\n',
    ("service", "scale"): 'scale: {min: "${API_MIN:?}", max: 10, cpu_ratio: 0.7}\n',
    ("service", "queue"): "queue: {store: redis, system: celery, names: [celery], concurrency: 2}\n",
    ("service", "connections"): "connections: {db: 6}\n",
    ("service", "scrape"): "scrape: {port: 9100}\n",
    ("service", "task"): "task: {when: migrate, timeout_seconds: 120, contracts: [9f31c2ab], backup_first: true}\n",
    ("service", "store"): "store: {engine: postgres, max_connections: 150, extensions: [pg_stat_statements]}\n",
    ("service", "backup"): "backup: {rpo_seconds: 300, rto_seconds: 3600}\n",
    ("service", "exceptions"): "exceptions: {backup: the cache is made anew}\n",
    ("inventory", "production"): "production: true\n",
    ("inventory", "stacks"): """\
stacks:
  shop:
    compose: shop
    variables: {SITE_DOMAIN: shop.example, API_MIN: 2}
    secrets: {DB_PASSWORD: vault, SECRET_KEY: {command: [doppler, secrets, get, SECRET_KEY, --plain]}}
""",
    ("inventory", "releases"): 'releases: {shop: {variables: {RELEASE: "1.4.2"}}}\n',
    ("inventory", "admins"): "admins: {ann: {keys: [~/.ssh/ann.pub], expires: 2027-01-31}}\n",
    ("inventory", "deployers"): "deployers: {pipeline: {keys: [~/.ssh/pipeline.pub]}}\n",
    ("inventory", "openings"): "openings: [{port: 9100, sources: [203.0.113.0/24], why: the company's monitoring}]\n",
    ("inventory", "ssh"): "ssh: {older_clients: false, tcp_forwarding: true}\n",
    ("inventory", "acme"): "acme: {server: letsencrypt, email: ops@shop.example}\n",
    ("inventory", "docker"): """\
docker:
  registries: {registry.example.com: {user: deploy, secret: REGISTRY_PASSWORD}}
""",
    ("inventory", "public_ports"): "public_ports: {http: 8080, https: 8443}\n",
    ("inventory", "updates"): "updates: {automatic: true, window: 03:00-05:00, reboot: true}\n",
    ("inventory", "addresses"): "addresses: {db1: 10.0.0.11, db2: 10.0.0.12}\n",
    ("inventory", "notices"): "notices: {page: [pager, chat], warn: [chat], info: [mail]}\n",
    ("inventory", "receivers"): """\
receivers:
  pager: {webhook: https://pager.example/events, token: PAGER_TOKEN}
  chat: {slack: CHAT_URL}
  mail: {mail: [team@shop.example]}
""",
    ("inventory", "mail_server"): """\
mail_server: {host: smtp.shop.example, user: slipway, secret: MAIL_PASSWORD, sender: slipway@shop.example}
""",
}


def choices_of(page: Page, path: tuple[str, ...]) -> Texts:
    """Return choice -> meaning of a word, where its choices need words."""
    if (page, path) == ("service", ("exceptions",)):
        return EXCEPTIONS
    if (page, path) == ("root", ("alerts", "<name>", "metric")):
        return {name: text[0].lower() + text[1:].removesuffix(".") for name, text in NUMBERS.items()}
    found = CHOICES.get((page, ".".join(path)), {})
    if (page, path) == ("service", ("task", "when")):
        return {choice: f"{text}{LATER if choice == force.TASK_TO_COME else ''}" for choice, text in found.items()}
    return found


def example(page: Page, path: tuple[str, ...]) -> str:
    """Return lines that show a word, or nothing."""
    return EXAMPLES.get((page, ".".join(path)), "")
