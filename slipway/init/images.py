"""Public images whose part in a stack is known by name: stores, edges, tools of the laptop, ports and health of web images."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Engine = Literal["postgres", "redis", "s3", "pooler", "other"]


@dataclass(frozen=True, slots=True)
class KnownStore:
    """A stateful image: what it is, where its data lies, how it is asked, and the memory to begin with."""

    engine: Engine
    memory_mb: int
    data: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    keeps: bool = True


POSTGRES = KnownStore("postgres", 512, ("/var/lib/postgresql/data", "/var/lib/postgresql", "/bitnami/postgresql"))
REDIS = KnownStore("redis", 192, ("/data", "/bitnami/redis"), ("redis-cli", "ping"))
VALKEY = KnownStore("redis", 192, ("/data",), ("valkey-cli", "ping"))
MYSQL = KnownStore("other", 768, ("/var/lib/mysql",), ("mysqladmin", "ping", "-h", "127.0.0.1", "--silent"))
MARIADB = KnownStore(
    "other", 512, ("/var/lib/mysql", "/bitnami/mariadb"), ("healthcheck.sh", "--connect", "--innodb_initialized")
)
MONGO = KnownStore("other", 768, ("/data/db", "/data/configdb"), ("mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok"))
SEARCH_CHECK = ("curl", "-fsS", "http://127.0.0.1:9200/_cluster/health")

STORES: Mapping[str, KnownStore] = {
    r"postgres(ql)?|postgis|timescaledb(-ha)?|pgvector|supabase-postgres|postgres-.*db|pg[0-9]+": POSTGRES,
    r"redis(?!.*(commander|insight|exporter|browser|sentinel)).*|keydb|dragonfly": REDIS,
    r"valkey": VALKEY,
    r"minio": KnownStore("s3", 512, ("/data", "/export"), ("mc", "ready", "local")),
    r"rustfs|seaweedfs|garage|radosgw|s3mock": KnownStore("s3", 512, ("/data",)),
    r"pgbouncer|pgcat|odyssey": KnownStore("pooler", 64, keeps=False),
    r"mysql(-server)?|percona(-server)?": MYSQL,
    r"mariadb(-galera)?": MARIADB,
    r"mongo|mongodb|mongodb-community-server": MONGO,
    r"rabbitmq": KnownStore("other", 512, ("/var/lib/rabbitmq",), ("rabbitmq-diagnostics", "-q", "ping")),
    r"elasticsearch(-oss)?": KnownStore("other", 2048, ("/usr/share/elasticsearch/data",), SEARCH_CHECK),
    r"opensearch": KnownStore("other", 2048, ("/usr/share/opensearch/data",), SEARCH_CHECK),
    r"clickhouse(-server)?": KnownStore("other", 2048, ("/var/lib/clickhouse",), ("clickhouse-client", "--query", "SELECT 1")),
    r"memcached": KnownStore("other", 128, keeps=False),
    r"meilisearch": KnownStore("other", 512, ("/meili_data",), ("curl", "-fsS", "http://127.0.0.1:7700/health")),
    r"qdrant": KnownStore("other", 512, ("/qdrant/storage",)),
    r"typesense": KnownStore("other", 512, ("/data",)),
    r"influxdb": KnownStore("other", 512, ("/var/lib/influxdb2", "/var/lib/influxdb"), ("influx", "ping")),
    r"couchdb": KnownStore("other", 512, ("/opt/couchdb/data",), ("curl", "-fsS", "http://127.0.0.1:5984/_up")),
    r"cassandra|scylla": KnownStore("other", 2048, ("/var/lib/cassandra",), ("cqlsh", "-e", "describe keyspaces")),
    r"neo4j": KnownStore("other", 1024, ("/data",)),
    r"(cp-)?kafka|cp-server": KnownStore("other", 1024, ("/var/lib/kafka/data", "/bitnami/kafka")),
    r"(cp-)?zookeeper": KnownStore("other", 512, ("/data", "/var/lib/zookeeper/data")),
    r"nats": KnownStore("other", 128, ("/data",)),
    r"etcd": KnownStore("other", 256, ("/etcd-data",), ("etcdctl", "endpoint", "health")),
    r"weaviate|milvus|solr|questdb|surrealdb|rethinkdb|arangodb|cockroach|ravendb|server-mssql|mssql-server|server": KnownStore(
        "other", 1024
    ),
}
AMBIGUOUS = {"server": "mcr.microsoft.com/mssql/server", "nats": "nats", "garage": "dxflrs/garage"}

EDGES = frozenset(
    (
        "acme-companion",
        "autoheal",
        "caddy-docker-proxy",
        "caddy-gen",
        "certbot",
        "docker-gen",
        "docker-letsencrypt-nginx-proxy-companion",
        "https-portal",
        "letsencrypt-nginx-proxy-companion",
        "nginx-proxy",
        "nginx-proxy-manager",
        "ouroboros",
        "swag",
        "traefik",
        "watchtower",
    )
)
TOOLS = frozenset(
    (
        "adminer",
        "akhq",
        "cloudbeaver",
        "dbgate",
        "dozzle",
        "kafdrop",
        "localstack",
        "mailcatcher",
        "maildev",
        "mailhog",
        "mailpit",
        "mongo-express",
        "pgadmin",
        "pgadmin4",
        "phpmyadmin",
        "phpredisadmin",
        "portainer",
        "portainer-ce",
        "redis-commander",
        "redisinsight",
    )
)

INTERNAL = re.compile(
    r"prometheus|alertmanager|pushgateway|loki|tempo|cadvisor|.*[-_]exporter|jaeger|all-in-one|zipkin|otel.*|opentelemetry.*|flower"
    r"|selenium|standalone-chrome.*|chrome|browserless|gotenberg|tika|imgproxy"
)
INTERNAL_NAME = re.compile(r"(.*[-_])?(worker|workers|scheduler|consumer|beat|cron|exporter|backup|flower)([-_].*)?")
WGET_CHECKS: Mapping[str, str] = {
    "prometheus": "http://127.0.0.1:9090/-/healthy", "alertmanager": "http://127.0.0.1:9093/-/healthy",
    "pushgateway": "http://127.0.0.1:9091/-/healthy", "node-exporter": "http://127.0.0.1:9100/",
    "cadvisor": "http://127.0.0.1:8080/healthz",
}  # fmt: skip
WEB_PORTS = (80, 8080, 3000, 8000, 5000, 4000, 8081, 9000, 8888, 5173, 4200, 8443, 443)
# Ports that speak something else than HTTP.
OTHER_PORTS = frozenset((
    20, 21, 22, 23, 25, 53, 67, 68, 69, 88, 110, 111, 123, 135, 137, 138, 139, 143, 161, 162, 179, 389, 445, 465, 500, 514,
    587, 636, 853, 873, 989, 990, 993, 995, 1194, 1433, 1521, 1812, 1813, 1883, 2049, 2181, 3306, 3389, 3478, 4222, 4369,
    4433, 5060, 5061, 5222, 5269, 5349, 5432, 5671, 5672, 5900, 6379, 6667, 6697, 6881, 7687, 8883, 9042, 9092, 9093, 10000,
    11211, 19132, 22000, 25565, 25575, 27017, 51413, 51820, 64738,
))  # fmt: skip
DEBUG_PORTS = frozenset((5005, 5858, 9003, 9229, 9230, 24678, 35729, 40000))

HEALTH_PATHS: Mapping[str, tuple[str, int | None]] = {
    "grafana": ("/api/health", 3000),
    "prometheus": ("/-/healthy", 9090),
    "alertmanager": ("/-/healthy", 9093),
    "n8n": ("/healthz", 5678),
    "kibana": ("/api/status", 5601),
    "metabase": ("/api/health", 3000),
    "gitea": ("/api/healthz", 3000),
    "uptime-kuma": ("/", 3001),
    "vaultwarden": ("/alive", 80),
    "keycloak": ("/health/ready", 9000),
    "hasura": ("/healthz", 8080),
    "graphql-engine": ("/healthz", 8080),
    "flower": ("/healthcheck", 5555),
    "adguardhome": ("/", 80),
}
IMAGE_PORTS: Mapping[str, int] = {
    **{image: port for image, (_, port) in HEALTH_PATHS.items() if port and image != "keycloak"},
    "keycloak": 8080, "nginx": 80, "httpd": 80, "caddy": 80, "wordpress": 80, "ghost": 2368, "nextcloud": 80, "drupal": 80,
}  # fmt: skip


def base_name(image: str) -> str:
    """Return an image's last name: `postgres` of `docker.io/library/postgres:17@sha256:…`."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()


def known_store(image: str) -> KnownStore | None:
    """Return what a stateful image is, or nothing."""
    name, repository = base_name(image), image.partition("@")[0].lower()
    if name in AMBIGUOUS and AMBIGUOUS[name] not in repository:
        return None
    return next((store for pattern, store in STORES.items() if re.fullmatch(pattern, name)), None)


def store_by_target(target: str) -> KnownStore | None:
    """Return the store whose data lies at a path that says enough."""
    telling = {"/var/lib/postgresql/data": POSTGRES, "/var/lib/mysql": MYSQL, "/data/db": MONGO}
    return telling.get(target.rstrip("/"))
