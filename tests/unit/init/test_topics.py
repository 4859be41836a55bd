"""What is proposed for each construct that teams write."""

from dataclasses import replace

import pytest

from slipway.init import report
from tests.unit.init.project import Project, said

WEB = "services:\n  web:\n    image: acme/web:1\n    ports: ['8000:8000']\n"
BEAT = "celery -A app beat -s /var/beat/schedule"


def service(project: Project, words: str, more: str = "") -> str:
    """Write a stack of a web service and one with these words; return the stack file."""
    project.init(f"{WEB}  other:\n{words}{more}")
    return project.written("compose/shop/compose.yml")


@pytest.mark.parametrize(
    ("labels", "name", "routes"),
    [
        ("labels: {traefik.http.routers.r.rule: 'Host(`a.example`)'}", "shop.example", [("/", 8000, False)]),
        ("labels: ['traefik.frontend.rule=Host:a.example']", "shop.example", [("/", 8000, False)]),
        ("labels: {caddy: a.example, caddy.reverse_proxy: '{{upstreams 9000}}'}", "shop.example", [("/", 9000, False)]),
        ("environment: {VIRTUAL_HOST: a.example, VIRTUAL_PORT: 7000}", "shop.example", [("/", 7000, False)]),
        (
            "labels: ['traefik.http.routers.r.rule=PathPrefix(`/v1`)', 'traefik.http.middlewares.m.stripprefix.prefixes=/v1']",
            "shop.example",
            [("/v1", 8000, True)],
        ),
    ],
)
def test_routes_are_read_from_the_labels_of_other_edges(
    project: Project, labels: str, name: str, routes: list[tuple[str, int, bool]]
) -> None:
    project.init(f"{WEB}    {labels}\n")
    stack = project.stack()
    assert stack.domains["site"].name == name
    assert [(route.path, route.port, route.strip_path) for route in stack.services["web"].routes] == routes
    assert "a.example" not in project.written("compose/shop/compose.yml")


def test_a_name_of_today_is_the_domain_where_none_is_given_and_others_follow_it(project: Project) -> None:
    today = replace(project, order=replace(project.order, domain=""))
    rules = {"web": "shop.test.example", "api": "api.shop.test.example", "blog": "blog.example"}
    text = "".join(f"  {name}:\n    image: a:1\n    environment: {{VIRTUAL_HOST: {host}}}\n" for name, host in rules.items())
    today.init(f"services:\n{text}")
    assert {key: domain.name for key, domain in today.stack().domains.items()} == {
        "site": "shop.test.example", "api": "api.shop.test.example", "blog": "blog.example",
    }  # fmt: skip
    assert 'name: "api.${DOMAIN:?}"' in today.written("compose/shop/compose.yml")
    assert today.names()["variables"] == {"DOMAIN": "shop.test.example", "BLOG_DOMAIN": "blog.example"}


def test_a_port_without_http_stays_for_a_person_to_decide(project: Project) -> None:
    outcome = project.init("services:\n  git:\n    image: acme/git:1\n    ports: ['3000:3000', '222:22']\n")
    assert said(outcome) == ["services.git.ports: only the edge answers from outside"]
    assert "22/tcp: no HTTP" in report.as_text(outcome)
    assert project.override()["services"]["git"]["ports"] == ["3000:3000"]


@pytest.mark.parametrize("name", ["prometheus", "flower", "jaeger"])
def test_what_has_no_login_of_its_own_gets_no_route_by_a_guess(project: Project, name: str) -> None:
    project.init(f"{WEB}  inner:\n    image: acme/{name}:1\n    ports: ['9090:9090']\n    healthcheck: {{test: [CMD, 'true']}}\n")
    assert project.service("inner").kind == "worker"


def test_where_nothing_is_published_the_port_that_is_listened_on_gets_the_route(project: Project) -> None:
    worker = "  worker:\n    image: a:1\n    healthcheck: {test: [CMD, 'true']}\n"
    project.init(f"services:\n{worker}  app:\n    image: a:1\n    expose: [3000]\n")
    assert [route.port for route in project.service("app").routes] == [3000]


@pytest.mark.parametrize(
    ("image", "engine", "test"),
    [
        ("postgis/postgis:16-3.4", "postgres", "pg_isready"),
        ("valkey/valkey:8", "redis", "valkey-cli"),
        ("minio/minio:RELEASE.2025-01-01", "s3", "mc"),
        ("mariadb:11", "other", "healthcheck.sh"),
        ("rabbitmq:4", "other", "rabbitmq-diagnostics"),
        ("mongo:7", "other", "mongosh"),
    ],
)
def test_stores_are_known_by_their_image(project: Project, image: str, engine: str, test: str) -> None:
    service(project, f"    image: {image}\n    volumes: ['data:/somewhere']\n", "volumes: {data: }\n")
    other = project.service("other")
    assert other.store is not None
    assert other.store.engine == engine
    assert other.compose["healthcheck"]["test"][1] == test
    assert other.backup is not None


def test_a_database_without_a_volume_gets_one(project: Project) -> None:
    service(project, "    image: postgres:18\n")
    assert [(mount.source, mount.target) for mount in project.service("other").mounts] == [("other-data", "/var/lib/postgresql")]


def test_a_scheduler_never_runs_twice_and_is_asked_by_its_file(project: Project) -> None:
    service(project, f"    image: acme/app:1\n    command: {BEAT}\n")
    beat = project.service("other")
    assert (beat.order, beat.replicas) == ("stop-first", 1)
    assert beat.compose["healthcheck"]["test"] == ["CMD-SHELL", 'test -n "$$(find /var/beat -name "schedule*" -mmin -5)"']


@pytest.mark.parametrize(
    ("command", "when"),
    [
        ("alembic upgrade head", "migrate"),
        ("python manage.py migrate", "migrate"),
        ("npx prisma migrate deploy", "migrate"),
        ("bundle exec rails db:migrate", "migrate"),
    ],
)
def test_migrations_are_tasks(project: Project, command: str, when: str) -> None:
    service(project, f"    image: acme/app:1\n    command: {command}\n")
    task = project.service("other").task
    assert task is not None
    assert task.when == when


def test_a_second_migration_runs_at_the_start(project: Project) -> None:
    task = "    image: acme/app:1\n    command: alembic upgrade head\n"
    service(project, f"{task}  second:\n{task}")
    found = [project.service(name).task for name in ("other", "second")]
    assert [task.when for task in found if task] == ["migrate", "start"]


def test_a_service_that_migrates_while_it_starts_is_pointed_at(project: Project) -> None:
    outcome = project.init(f"{WEB}    command: sh -c 'alembic upgrade head && uvicorn app:app'\n")
    assert "migrates while it starts" in report.as_text(outcome)


@pytest.mark.parametrize("tag", ["", ":latest", ":alpine"])
def test_a_version_is_asked_for(project: Project, tag: str) -> None:
    outcome = project.init(WEB.replace("acme/web:1", f"acme/web{tag}"))
    assert len(said(outcome)) == 1
    assert outcome.decisions[0].after == "image: acme/web:<version>"


def test_a_profile_that_sleeps_goes_to_the_laptop_and_one_that_is_woken_stays(project: Project) -> None:
    text = WEB + "".join(
        f"  {n}:\n    image: a:1\n    profiles: [{n}]\n    healthcheck: {{test: [CMD, 'true']}}\n" for n in ("x", "y")
    )
    project.file(".env", "COMPOSE_PROFILES=y\n")
    project.init(text)
    assert set(project.stack().services) == {"web", "y"}
    assert set(project.override()["services"]) == {"web", "x"}


def test_what_merges_a_web_service_gets_no_route_by_that(project: Project) -> None:
    heir = "  worker:\n    <<: *web\n    command: work\n    ports: []\n    healthcheck: {test: [CMD, 'true']}\n"
    project.init(WEB.replace("web:\n", "web: &web\n", 1) + heir)
    assert project.service("worker").kind == "worker"


def test_env_files_that_two_services_share_become_one_anchor(project: Project) -> None:
    project.file("app.env", "MODE=fast # really\nexport LEVEL='3'\nAPI_TOKEN=planted\n")
    second = "  b:\n    image: a:1\n    env_file: app.env\n    healthcheck: {test: [CMD, 'true']}\n"
    project.init(f"{WEB}    env_file: [app.env]\n{second}")
    text = project.written("compose/shop/compose.yml")
    assert text.count("API_TOKEN: ${API_TOKEN:?}") == 1
    assert project.service("b").compose["environment"] == {"MODE": "fast", "LEVEL": "3", "API_TOKEN": "${API_TOKEN}"}
    assert project.names()["variables"]["LEVEL"] == "3"


def test_an_env_file_that_is_not_there_is_a_question(project: Project) -> None:
    outcome = project.init(WEB + "    env_file: gone.env\n")
    assert said(outcome) == ["services.web.env_file: `env_file` is refused"]


def test_configs_and_secret_files_become_mounts_and_names(project: Project) -> None:
    project.file("app.toml", "a = 1\n")
    project.file("key.txt", "planted\n")
    text = (
        WEB
        + "    configs: [{source: app, target: /etc/app.toml}]\n    secrets: [{source: api-key, mode: 0400}]\n"
        + "configs: {app: {file: ./app.toml}}\nsecrets:\n  api-key:\n    file: key.txt\n"
    )
    project.init(text)
    stack = project.stack()
    assert stack.secret_files == {"api-key": "API_KEY"}
    assert stack.files == {"configs/app.toml": "a = 1\n"}
    assert [mount.target for mount in stack.services["web"].mounts] == ["/etc/app.toml"]


@pytest.mark.parametrize("name", ["tls.key", ".env.production", "htpasswd"])
def test_files_that_look_like_secrets_are_not_copied(project: Project, name: str) -> None:
    project.file(name, "planted\n")
    outcome = project.init(WEB + f"    volumes: ['./{name}:/etc/x/{name}:ro']\n")
    assert "looks like a secret" in report.as_text(outcome)
    assert not (project.root / "compose/shop" / name).exists()
    assert said(outcome)


def test_options_that_slipway_sets_itself_are_taken_out(project: Project) -> None:
    text = (
        WEB
        + "    networks: {front: {ipv4_address: 172.20.0.3}, default: }\n"
        + "    volumes: ['data:/d']\n    links: [web]\n    scale: 2\n"
        + "networks: {front: {external: true, name: x}}\nvolumes: {data: {external: true}}\n"
    )
    project.init(text)
    web = project.service("web")
    assert (set(web.networks), web.replicas) == ({"front", "default"}, 2)


def test_what_has_no_value_anywhere_is_taken_out(project: Project) -> None:
    project.file(".env", "KNOWN=1\n")
    outcome = project.init(WEB + "    environment: [KNOWN, UNKNOWN]\n")
    assert project.service("web").compose["environment"] == {"KNOWN": "1"}
    assert "UNKNOWN: set by the caller or unset" in report.as_text(outcome)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("    privileged: true\n", "`privileged` makes the container root on the host"),
        ("    volumes: ['/var/run/docker.sock:/s']\n", "the Docker socket makes the container root on the host"),
        ("    network_mode: host\n", "`network_mode: host` on a routed service"),
        ("    volumes: ['/dev/ttyUSB0:/dev/ttyUSB0']\n", "is not below the stack's folder"),
        ("    extends: {service: web}\n", "`extends` is refused"),
    ],
)
def test_what_only_a_person_can_decide_is_left_and_listed(project: Project, words: str, rule: str) -> None:
    outcome = project.init(WEB + words)
    assert [text for text in said(outcome) if rule in text]
    assert sorted(map(str, project.faults())) == sorted(
        str(fault).replace("compose/shop", f"{project.root}/compose/shop") if fault.file.startswith("compose") else str(fault)
        for decision in outcome.decisions
        for fault in decision.faults
    )


def test_an_image_that_another_service_builds_is_built_by_you_too(project: Project) -> None:
    project.init(
        "services:\n  web:\n    build: .\n    image: acme/shop:latest\n    ports: ['8000:8000']\n"
        "  worker:\n    image: acme/shop:latest\n    command: celery -A shop worker\n"
    )
    assert project.service("worker").image == project.service("web").image == "acme/shop:1.4.2"
