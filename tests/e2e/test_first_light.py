"""The demo stack on a converged host, as its visitors and its operator find it."""

import concurrent.futures
import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.connection import Connection

from slipway import lab

from .demo_site import ROOT, Site

SILENT_SECONDS = 65

Silent = tuple[Connection, float]


@pytest.fixture(scope="module", autouse=True)
def silent_since(site: Site) -> Iterator[Silent]:
    """Open a WebSocket that the edge is reloaded under, and return it with the moment of its last word."""
    with site.websocket("/ws/echo?ticks=false") as socket:
        socket.send("hello")
        assert json.loads(socket.recv(timeout=10))["echo"] == "hello"
        site.shell("systemctl reload nginx")
        yield socket, time.monotonic()


def test_every_domain_answers_over_tls_of_the_acme_authority(site: Site) -> None:
    for part, path in (("", "/"), ("api", "/"), ("files", "/photos/")):
        assert site.client(part).get(path).status_code in (200, 403)
    issuers = {domain["certificate"] for domain in site.status()["domains"]}
    assert all("pebble" in issuer.lower() for issuer in issuers), issuers


def serial(site: Site) -> str:
    link = socket.create_connection(("127.0.0.1", site.host.https_port), timeout=10)
    with site.tls().wrap_socket(link, server_hostname=site.domain("")) as wrapped:
        found = wrapped.getpeercert()
    assert found
    return str(found["serialNumber"])


def test_images_are_pulled_side_by_side(site: Site) -> None:
    entries = [json.loads(line) for line in site.shell("cat /var/lib/slipway/demo/journal.jsonl").splitlines()]
    assert [entry["state"] for entry in entries if entry.get("name") == "fetch"][:3] == ["begun"] * 3


def test_a_lost_certificate_and_a_lost_account_are_replaced(site: Site) -> None:
    """The authority forgets every account when it restarts, as if somebody had removed ours."""
    before = serial(site)
    lab.reboot("acme", print)
    name = site.domain("")
    site.shell(f"rm -rf /etc/letsencrypt/live/{name} /etc/letsencrypt/archive/{name} /etc/letsencrypt/renewal/{name}.conf")
    site.shell(f"rm -rf /etc/ssl/slipway/{name}")
    site.playbook().done()  # unless the timer was faster
    assert serial(site) != before
    assert "pebble" in " ".join(domain["certificate"] for domain in site.status()["domains"]).lower()


@pytest.mark.feature("F07")
def test_a_renewed_certificate_is_served_at_once(site: Site) -> None:
    before = serial(site)
    renew = f"certbot renew --cert-name {site.domain('')} --force-renewal --no-random-sleep-on-renew"
    site.shell(f"REQUESTS_CA_BUNDLE=/etc/slipway/acme-ca.pem {renew}")
    deadline = time.monotonic() + 10
    while serial(site) == before:
        assert time.monotonic() < deadline, "the old certificate is still served"
        time.sleep(0.5)


@pytest.mark.feature("F07")
def test_plain_http_is_redirected_and_the_port_is_kept(site: Site) -> None:
    answer = site.plain("/notes?page=2", "api")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{site.domain('api')}:{site.host.https_port}/notes?page=2"
    assert site.client().get("/").headers["strict-transport-security"].startswith("max-age=31536000")


def test_unknown_names_get_no_handshake_and_no_answer(site: Site) -> None:
    stranger = site.client()
    with pytest.raises(Exception, match=r"(?i)ssl|unrecognized"):
        stranger.http.get(f"https://127.0.0.1:{site.host.https_port}/", extensions={"sni_hostname": "stranger.example"})
    foreign = stranger.http.get(
        f"https://127.0.0.1:{site.host.https_port}/",
        headers={"Host": "stranger.example"},
        extensions={"sni_hostname": stranger.name},
    )
    assert foreign.status_code == 421


def test_health_asks_postgres_and_redis_and_says_what_is_wrong(site: Site) -> None:
    api = site.client()
    healthy = api.get("/health")
    assert (healthy.status_code, healthy.json()["database"], healthy.json()["redis"]) == (200, "connected", "connected")
    redis = next(name for name in site.containers() if "redis" in name)
    site.shell(f"docker pause {redis}")
    try:
        sick = api.get("/health")
        assert sick.status_code == 503
        assert "redis" in sick.text
    finally:
        site.shell(f"docker unpause {redis}")


@pytest.mark.feature("F06")
def test_names_and_paths_lead_to_their_services(site: Site) -> None:
    assert "text/html" in site.client("").get("/").headers["content-type"]
    assert site.client("api").get("/").headers["content-type"] == "application/json"
    assert site.client("files").get("/photos/").headers["content-type"].endswith("xml")
    assert site.client("files").get("/elsewhere/").status_code == 404


@pytest.mark.feature("F09")
def test_each_address_has_its_own_limit_and_gets_429_with_retry_after_above_it(site: Site) -> None:
    api = site.client()
    url = f"https://{site.domain('api')}/whoami?[1-60]"
    ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}\n", "--resolve", f"{site.domain('api')}:443:{site.host.address}"]
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(21) as pool:
        elsewhere = pool.submit(on_probe, [*ask, url])
        answers = list(pool.map(lambda _: api.get("/whoami"), range(80)))
    seconds = time.monotonic() - started
    refused = [answer for answer in answers if answer.status_code == 429]
    for admitted in (len(answers) - len(refused), elsewhere.result().split().count("200")):
        assert 21 <= admitted <= 1 + 20 + 10 * seconds + 1, (admitted, seconds)
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["error"] == "rate_limited"
    time.sleep(3)
    assert api.get("/whoami").status_code == 200


@pytest.mark.feature("F10")
def test_only_listed_origins_are_allowed_at_the_edge(site: Site) -> None:
    def preflight(origin: str) -> httpx.Response:
        wanted = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return site.client().request("OPTIONS", "/notes", headers=wanted)

    right = preflight(f"https://{site.domain('')}")
    assert right.status_code in (200, 204)
    assert right.headers["access-control-allow-origin"] == f"https://{site.domain('')}"
    assert right.headers["access-control-allow-credentials"] == "true"
    assert "POST" in right.headers["access-control-allow-methods"]
    for wrong in ("https://stranger.example", f"https://staging.{site.domain('')}"):
        assert "access-control-allow-origin" not in preflight(wrong).headers


@pytest.mark.feature("F11")
def test_security_headers_are_on_every_answer(site: Site) -> None:
    time.sleep(3)  # the test before used up this address' burst
    api = site.client()
    answers = [api.get("/health"), api.get("/nothing-here"), api.post("/notes", content=b"x" * (2 * 1024 * 1024))]
    assert [answer.status_code for answer in answers] == [200, 404, 413]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        limited = next(a for a in pool.map(lambda _: api.get("/whoami"), range(80)) if a.status_code == 429)
    web = next(name for name in site.containers() if "-web-" in name)
    site.shell(f"docker stop {web}")
    try:
        down = site.client("").get("/")
    finally:
        site.shell(f"docker start {web}")
    assert down.status_code in (502, 504)
    for answer in (*answers, limited, down):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"].upper() == "DENY"
        assert "content-security-policy" in answer.headers
        assert "strict-transport-security" in answer.headers


@pytest.mark.feature("F12")
def test_uploads_pass_up_to_their_limit_and_not_above(site: Site) -> None:
    api = site.client()
    fits = api.post("/upload", files={"file": ("photo.bin", b"x" * (10 * 1024 * 1024 - 4096))})
    assert fits.status_code in (200, 201), fits.text
    assert api.post("/upload", content=b"x" * (10 * 1024 * 1024)).status_code == 422, "past the edge, no form to the application"
    assert api.post("/upload", content=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413
    assert api.post("/upload", files={"file": ("photo.bin", b"x" * (10 * 1024 * 1024 + 1))}).status_code == 413


@pytest.mark.feature("F13")
def test_the_application_sees_the_true_address_however_it_is_forged(site: Site) -> None:
    seen = site.client().get("/whoami", headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    assert "203.0.113.9" not in seen.text
    assert site.host.address.rsplit(".", 1)[0] in seen.text


def test_websockets_are_refused_where_no_route_allows_them(site: Site) -> None:
    with pytest.raises(InvalidStatus), site.websocket("/whoami"):
        pass


def test_migrations_ran_once_before_the_application(site: Site) -> None:
    journal = [json.loads(line) for line in site.shell("cat /var/lib/slipway/demo/journal.jsonl").splitlines()]
    first = next(entry["release"] for entry in journal if entry.get("name") == "task-migrate" and entry["state"] == "done")
    done = [entry["name"] for entry in journal if entry["release"] == first and entry.get("state") == "done"]
    assert done.count("task-migrate") == 1
    assert done.index("task-migrate") < done.index("start-web")


@pytest.mark.feature("F03")
def test_eight_services_run_healthy_and_the_one_shot_made_its_bucket(site: Site) -> None:
    assert {"api", "web", "worker", "beat", "db", "redis", "objects"} == {
        service["name"] for service in site.status()["services"]
    }
    deadline = time.monotonic() + 60
    while any(service["healthy"] < service["replicas"] for service in site.status()["services"]):
        assert time.monotonic() < deadline, site.status()["services"]
        time.sleep(1)
    upload = site.client().post("/upload", files={"file": ("bucket.txt", b"there")})
    assert upload.status_code in (200, 201)


def test_a_job_is_done_by_a_worker(site: Site) -> None:
    api = site.client()
    job = api.post("/jobs", json={}).json()["id"]
    deadline = time.monotonic() + 20
    while (state := api.get(f"/jobs/{job}").json()["state"]) != "done" and time.monotonic() < deadline:
        time.sleep(0.5)
    assert state == "done"


@pytest.mark.feature("F04")
def test_no_process_of_the_application_runs_as_root(site: Site) -> None:
    for name in site.containers():
        if re.match(r"demo-r\d+-", name):
            users = set(site.shell(f"docker top {name} -eo pid,uid | tail -n +2 | awk '{{print $2}}'").split())
            assert "0" not in users, name


def test_only_the_declared_ports_answer_from_another_host(site: Site) -> None:
    image = f"slipway.local/demo/api:r{site.serving()['current']}"
    site.shell(f"docker run -d --rm --name planted -p 0.0.0.0:5432:8000 {image} python3 -m http.server 8000")
    try:
        ports = [*range(1, 1025), 2375, 3000, 5000, 5432, 6379, 8000, 8080, 9000, 20001, 20002]
        program = (
            "import socket, concurrent.futures as f\n"
            "def ask(p):\n"
            "    s = socket.socket(); s.settimeout(2)\n"
            f"    return p if s.connect_ex(('{site.host.address}', p)) == 0 else 0\n"
            f"print(sorted(filter(None, f.ThreadPoolExecutor(200).map(ask, {ports!r}))))"
        )
        seen = json.loads(on_probe(["python3", "-c", program]))
    finally:
        site.shell("docker rm -f planted")
    assert seen == [22, 80, 443]


@pytest.mark.feature("F05")
def test_stores_cannot_be_reached_from_another_host_by_route(site: Site) -> None:

    database = next(name for name in site.containers() if "-db" in name)
    inspect = json.loads(site.shell(f"docker inspect {database}"))[0]
    address = next(iter(inspect["NetworkSettings"]["Networks"].values()))["IPAddress"]
    on_probe(["ip", "route", "replace", address, "via", site.host.address])
    program = f"import socket; s = socket.socket(); s.settimeout(3); print(s.connect_ex(('{address}', 5432)))"
    assert on_probe(["python3", "-c", program]).strip() != "0"
    image = f"slipway.local/demo/api:r{site.serving()['current']}"
    sibling = site.shell(f'docker run --rm {image} python3 -c "{program}"')
    assert sibling.strip() != "0"


@pytest.mark.feature("F18")
def test_secrets_are_in_no_argv_log_or_record(site: Site) -> None:
    values = [(lab.folder() / "secrets" / name).read_text().strip() for name in ("SECRET_KEY", "DB_PASSWORD", "S3_SECRET")]
    assert all(values)
    patterns = " ".join(f"-e '{value}'" for value in values)
    own = "--exclude='runc-process*'"  # what Docker hands to a health check while it starts, root's and gone at once
    files = site.shell(
        f"grep -rlF {own} {patterns} /var/lib/slipway /var/log /etc/nginx /usr/local/lib/slipway /tmp", check=False
    )
    assert not files.strip(), files
    spoken = site.shell("journalctl --no-pager -o cat; for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$p; done", check=False)
    assert spoken
    assert not [value for value in values if value in spoken]
    for value in values:
        assert not subprocess.run(
            ["git", "log", "--all", "--oneline", f"-S{value}"], cwd=ROOT, capture_output=True, check=True
        ).stdout
    assert site.shell("find /etc/slipway/secrets -type f -not -perm -400 -o -type f -perm /022").strip() == ""
    assert site.shell("stat -c '%a %U' /etc/slipway/secrets").split() == ["700", "root"]


def test_the_deploy_user_has_a_key_and_nothing_of_docker(site: Site) -> None:
    groups = site.shell("id -nG deploy").split()
    assert "docker" not in groups
    assert "sudo" not in groups
    assert site.shell("getent group docker | cut -d: -f4").strip() == ""
    denied = site.shell("su -s /bin/sh deploy -c 'sudo -n id; docker ps' 2>&1", check=False)
    assert "uid=0" not in denied


@pytest.mark.feature("F17")
def test_a_missing_variable_or_secret_is_refused_by_name_and_nothing_changes(site: Site, tmp_path: Path) -> None:
    before = site.serving()
    for kind, name in (
        ("variables", "SITE_DOMAIN"),
        ("variables", "RELEASE"),
        ("secrets", "DB_PASSWORD"),
        ("secrets", "SECRET_KEY"),
    ):
        run = site.varied(tmp_path / name, {f"stacks.demo.{kind}.{name}": None}).playbook()
        assert run.code != 0
        assert f"`{name}` has no value" in run.output
        assert "no host was touched" in run.output
    assert site.serving() == before


def test_a_second_run_changes_nothing_and_a_check_shows_nothing(site: Site) -> None:
    assert site.playbook().done().changed == 0
    check = site.playbook("--check", "--diff").done()
    assert check.changed == 0
    assert "--- before" not in check.output


def test_tls_is_modern_only(site: Site) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", site.host.https_port), timeout=10) as link, pytest.raises(ssl.SSLError):
        old.wrap_socket(link, server_hostname=site.domain("api"))


def on_probe(argv: list[str]) -> str:

    run = subprocess.run(
        ["docker", "exec", lab.HOSTS["probe"].container, *argv], capture_output=True, text=True, check=False, timeout=120
    )
    return run.stdout


@pytest.mark.feature("F08")
def test_a_websocket_outlives_a_silent_minute_and_an_edge_reload_and_keeps_its_close_code(silent_since: Silent) -> None:
    """Opened before the other tests of this file, so that the minute passes beside them."""
    socket, opened = silent_since
    time.sleep(max(0.0, opened + SILENT_SECONDS - time.monotonic()))
    socket.send("still there")
    assert json.loads(socket.recv(timeout=10))["echo"] == "still there"
    socket.send("close:1008")
    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=10)
    assert socket.close_code == 1008
