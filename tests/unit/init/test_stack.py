"""A whole file of a team: what comes out is accepted as it stands, keeps what the team wrote, and gives no secret away."""

import json
import stat
from dataclasses import replace

import pytest

from slipway.init import report
from slipway.init.report import Outcome
from tests.unit.init.project import Project, said

TEAM = """\
version: "3.8"

x-app: &app
  build:
    context: .
    target: serve
  env_file: .env
  restart: unless-stopped # as long as it lives

services:
  # The way in.
  proxy:
    image: traefik:v3.1
    command: --providers.docker
    ports: ["80:80", "443:443"]
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro

  web:
    build: {context: ./web, target: dev}
    container_name: acme_web
    depends_on: [api, proxy]
    environment:
      - API_URL=http://acme_api:8000
    volumes:
      - ./web:/app
      - /app/node_modules
    labels:
      - traefik.enable=true
      - traefik.http.routers.web.rule=Host(`shop.test.example`) || Host(`www.shop.test.example`)
      - traefik.http.services.web.loadbalancer.server.port=3000
      - com.example.team=front

  api:
    <<: *app
    container_name: acme_api
    command: uvicorn app.main:app --host 0.0.0.0 --reload
    ports:
      - "8000:8000"
      - "9229:9229"
    links: [db, "cache:redis-alias"]
    depends_on:
      migrate: {condition: service_completed_successfully}
    environment:
      DATABASE_URL: postgresql://acme:planted-db@db/acme
      STRIPE_API_KEY: planted-stripe
      DEBUG: "true"
    volumes:
      - uploads:/var/uploads
      - ./conf/app.toml:/etc/app.toml:ro
    labels:
      traefik.http.routers.api.rule: "Host(`shop.test.example`) && PathPrefix(`/api`)"
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/healthz"]

  worker:
    <<: *app
    command: celery -A app.tasks worker -Q mails,images -c 4
    deploy: {replicas: 2}
    depends_on: [db, cache]

  beat:
    <<: *app
    command: celery -A app.tasks beat -s /tmp/beat

  migrate:
    <<: *app
    command: alembic upgrade head
    depends_on:
      db: {condition: service_healthy}

  # What must not be lost.
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: acme
      POSTGRES_PASSWORD: planted-db
    ports: ["5432:5432"]
    volumes:
      - ./pgdata:/var/lib/postgresql/data
      - ./conf/init.sh:/docker-entrypoint-initdb.d/init.sh:ro

  cache:
    image: redis:7.4-alpine
    command: redis-server --requirepass planted-redis --appendonly yes
    volumes: ["cache:/data"]
    networks: {default: {ipv4_address: 172.20.0.9}}
    healthcheck: {test: [CMD, redis-cli, -a, planted-redis, ping]}

  adminer:
    image: adminer
    ports: ["8081:8080"]

  seed:
    <<: *app
    profiles: [tools]
    command: python -m app.seed

networks:
  default: {driver: bridge, ipam: {config: [{subnet: 172.20.0.0/24}]}}

volumes:
  uploads: {name: acme_uploads}
  cache:
"""
ENV = "MAIL_FROM=hello@shop.example\nSESSION_SECRET=planted-session\nREDIS_URL=redis://:planted-redis@cache:6379/0\n"
PLANTED = "planted"


@pytest.fixture
def outcome(project: Project) -> Outcome:
    project.file(".env", ENV)
    project.file("web/package.json", "{}\n")
    project.file("conf/app.toml", "debug = false\n")
    project.file("conf/init.sh", "#!/bin/sh\ntrue\n")
    (project.folder / "team/conf/init.sh").chmod(0o755)
    return project.init(TEAM)


def test_it_is_accepted_as_it_stands(project: Project, outcome: Outcome) -> None:
    assert said(outcome) == []
    assert project.faults() == ()


def test_every_service_has_its_part(project: Project, outcome: Outcome) -> None:
    stack = project.stack()
    kinds = {name: service.kind for name, service in stack.services.items()}
    assert kinds == {
        "web": "web", "api": "web", "worker": "worker", "beat": "scheduler", "migrate": "task", "db": "store", "cache": "store",
    }  # fmt: skip
    assert stack.services["worker"].queue is not None
    assert (stack.services["worker"].queue.names, stack.services["worker"].queue.concurrency) == (("mails", "images"), 4)
    assert stack.services["migrate"].task is not None
    assert stack.services["migrate"].task.when == "migrate"


def test_routes_come_from_the_labels_and_the_question_from_the_healthcheck(project: Project, outcome: Outcome) -> None:
    stack = project.stack()
    assert {key: domain.name for key, domain in stack.domains.items()} == {"site": "shop.example"}
    assert stack.domains["site"].redirect_from == ("www.shop.example",)
    assert [(route.path, route.port) for route in stack.services["web"].routes] == [("/", 3000)]
    assert [(route.path, route.port) for route in stack.services["api"].routes] == [("/api", 8000)]
    assert stack.services["api"].health is not None
    assert stack.services["api"].health.path == "/healthz"


def test_the_same_value_is_the_same_secret_and_no_value_is_written_or_shown(project: Project, outcome: Outcome) -> None:
    stack = project.stack()
    environment = stack.services["api"].compose["environment"]
    assert environment["DATABASE_URL"] == "postgresql://acme:${POSTGRES_PASSWORD}@db/acme"
    assert environment["REDIS_URL"] == "redis://:${REDIS_PASSWORD}@cache:6379/0"
    assert environment["MAIL_FROM"] == "hello@shop.example"
    assert stack.secret_names == ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SESSION_SECRET", "STRIPE_API_KEY")
    shown = report.as_text(outcome) + json.dumps(report.as_json(outcome))
    files = [path.read_text() for path in project.root.rglob("*") if path.is_file()]
    assert PLANTED not in shown
    assert not [text for text in files if PLANTED in text]


def test_redis_gets_its_password_where_no_process_list_shows_it(project: Project, outcome: Outcome) -> None:
    cache = project.service("cache")
    assert cache.compose["command"] == [
        "sh", "-c", "exec docker-entrypoint.sh redis-server - --appendonly yes <<EOF\nrequirepass $$REDIS_PASSWORD\nEOF\n",
    ]  # fmt: skip
    assert cache.compose["environment"] == {"REDIS_PASSWORD": "${REDIS_PASSWORD}"}
    assert cache.compose["healthcheck"]["test"] == ["CMD-SHELL", "redis-cli -a $$REDIS_PASSWORD ping"]


def test_names_that_others_call_stay_as_aliases(project: Project, outcome: Outcome) -> None:
    assert project.service("api").networks == {"default": ("acme_api",)}
    assert project.service("cache").networks == {"default": ("redis-alias",)}
    assert project.service("web").networks == {"default": ()}


def test_data_becomes_volumes_and_files_are_shipped_with_their_rights(project: Project, outcome: Outcome) -> None:
    stack = project.stack()
    assert ("db-pgdata", "/var/lib/postgresql/data") in [(mount.source, mount.target) for mount in stack.services["db"].mounts]
    assert set(stack.volumes) == {"uploads", "cache", "db-pgdata"}
    assert stack.files["conf/app.toml"] == "debug = false\n"
    assert (project.root / "compose/shop/conf/init.sh").stat().st_mode & stat.S_IXUSR
    assert stack.services["api"].backup is not None


def test_what_belongs_to_the_laptop_is_in_the_override_and_leads_back(project: Project, outcome: Outcome) -> None:
    services = project.override()["services"]
    assert set(services) == {"proxy", "web", "api", "worker", "beat", "migrate", "db", "cache", "adminer", "seed"} - {"cache"}
    assert services["web"]["build"] == {"context": "../../../team/web", "target": "dev"}
    assert services["web"]["volumes"] == ["../../../team/web:/app", "/app/node_modules"]
    assert services["api"]["ports"] == ["8000:8000", "9229:9229"]
    assert services["api"]["env_file"] == ["../../../team/.env"]
    assert services["web"]["labels"]["traefik.enable"] == "true"
    assert services["adminer"] == {"image": "adminer", "ports": ["8081:8080"]}
    assert "POSTGRES_PASSWORD=laptop-only\n" in project.written("compose/shop/.env")
    assert "RELEASE=dev\n" in project.written("compose/shop/.env")


def test_the_team_s_words_stay_as_they_are(project: Project, outcome: Outcome) -> None:
    text = project.written("compose/shop/compose.yml")
    for line in (
        "# What must not be lost.",
        "  restart: unless-stopped # as long as it lives",
        'version: "3.8"',
    ):
        assert line in text
    assert "com.example.team=front" in text
    assert "# The way in." not in text  # it went with its service
    assert [text.index(f"\n  {name}:") for name in ("web", "api", "worker", "beat", "migrate", "db", "cache")] == sorted(
        text.index(f"\n  {name}:") for name in ("web", "api", "worker", "beat", "migrate", "db", "cache")
    )
    assert (project.folder / "team/docker-compose.yml").read_text() == TEAM


def test_services_of_one_build_share_one_image(project: Project, outcome: Outcome) -> None:
    stack = project.stack()
    assert {stack.services[name].image for name in ("api", "worker", "beat", "migrate")} == {
        "registry.example.com/acme/shop/api:1.4.2"
    }
    assert stack.services["web"].image == "registry.example.com/acme/shop/web:1.4.2"


def test_the_report_tells_the_reason_the_patch_and_the_guesses(outcome: Outcome) -> None:
    text = report.as_text(outcome)
    assert "shop: 10 services in " in text
    assert "services.db.ports" in text
    assert '        -    ports: ["5432:5432"]' in text
    assert "Nothing is left to decide" in text
    assert "? services.api.command: `--reload` belongs to the laptop" in text
    data = report.as_json(outcome)
    assert data["written"] is True
    assert data["secrets"] == ["POSTGRES_PASSWORD", "REDIS_PASSWORD", "SESSION_SECRET", "STRIPE_API_KEY"]
    assert {"line", "path", "why"} == set(data["changes"][0])


def test_what_the_command_line_does_not_say_is_asked_for(project: Project) -> None:
    bare = replace(project, order=replace(project.order, domain="", registry="", release=""))
    text = "services:\n  web:\n    build: .\n    ports: ['3000:3000']\n"
    outcome = bare.init(text)
    assert {path.partition(": ")[2].split(" is ")[0] for path in said(outcome)} == {
        "variable `DOMAIN`", "variable `REGISTRY`", "variable `RELEASE`",
    }  # fmt: skip
    assert len(bare.faults()) == sum(len(decision.faults) for decision in outcome.decisions)
    assert project.names()["variables"] == {"DOMAIN": "", "REGISTRY": "", "RELEASE": ""}
