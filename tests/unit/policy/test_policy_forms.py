"""A stack is JSON from whoever may deploy: each name and path that becomes a file, a command or a site stays inside."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.codec import from_json, to_json
from slipway.model import (
    Access,
    Assets,
    Cors,
    Domain,
    Headers,
    Health,
    Mount,
    Public,
    Rate,
    Route,
    Scale,
    SecretUse,
    Service,
    Stack,
    Store,
    Task,
)
from slipway.policy.judge import malformed

LIMITS = {"deploy": {"resources": {"limits": {"memory": str(64 << 20)}}}}
WEB = Service(
    name="web",
    image="registry.example/web:1",
    compose=LIMITS,
    networks={"app": ("www",)},
    mounts=(
        Mount("bind", "/etc/app.conf", "conf/app.conf", read_only=True),
        Mount("volume", "/data", "data", options={"nocopy": True, "subpath": "a/b"}),
        Mount("tmpfs", "/scratch", options={"size": "1048576"}),
    ),
    secrets=(SecretUse("password", "/run/secrets/password"),),
    depends_on={"db": "service_healthy"},
    memory_mb=64,
    routes=(Route(domain="site", port=8000, path="/api/", strip_path=True, rate=Rate(by="header:X-Api-Key")),),
    health=Health(path="/health?full=1", port=8001),
    assets=Assets("/app/static", "/static/"),
    public=Public("/env.js", {"A": "b"}),
)
DB = Service(name="db", image="postgres:17", compose=LIMITS, networks={"app": ()}, memory_mb=64, store=Store("postgres"))
JOB = Service(name="job", image="a/b:1", compose=LIMITS, memory_mb=64, task=Task("schedule", schedule="*/5 0 1-7 * mon"))
STACK = Stack(
    name="shop",
    services={"web": WEB, "db": DB, "job": JOB},
    volumes=("data",),
    secret_files={"password": "DB_PASSWORD"},
    secret_names=("DB_PASSWORD",),
    variables={"RELEASE": "1"},
    pins={"registry.example/web:1": f"sha256:{'0' * 64}"},
    files={"conf/app.conf": "x", "conf/run.sh": "x"},
    programs=("conf/run.sh",),
    domains={
        "site": Domain("shop.example", ("www.shop.example",), Cors(("https://a.example", "*")), access=Access(("10.0.0.0/8",)))
    },
)
UP = "../../../../etc/cron.d/x"


def web(**changes: Any) -> Stack:
    return replace(STACK, services={**STACK.services, "web": replace(WEB, **changes)})


def mounted(kind: Any, target: str, source: str = "", **options: Any) -> Stack:
    return web(mounts=(Mount(kind, target, source, options=options, read_only=True),))


def routed(**changes: Any) -> Stack:
    return web(routes=(replace(WEB.routes[0], **changes),))


def domain(**changes: Any) -> Stack:
    return replace(STACK, domains={"site": replace(STACK.domains["site"], **changes)})


def judged(stack: Stack) -> list[str]:
    """Judge as a host does: it came as JSON."""
    return malformed(from_json(Stack, to_json(stack)), {})


def test_a_stack_as_it_should_be_passes() -> None:
    assert judged(STACK) == []


@pytest.mark.parametrize("name", ["shop-rs7-eu", "guards", "my-files", "r7", "shop-r7x"])
def test_names_that_only_look_taken_pass(name: str) -> None:
    assert judged(replace(STACK, name=name)) == []


@pytest.mark.parametrize("text", ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "10.0.0.0/255.0.0.0"])
def test_networks_and_addresses_pass(text: str) -> None:
    assert judged(domain(access=Access((text,)))) == []


def test_numbers_within_their_ranges_pass() -> None:
    assert judged(web(health=Health("/", timeout_seconds=60, start_seconds=3600, interval_seconds=1, json={"age": -1}))) == []


@pytest.mark.parametrize("name", ["API_PATH", "HOME_URL", "MY_DOCKER_TOKEN", "PATHS", "LDAP_PASSWORD", "COMPOSER"])
def test_names_of_secrets_that_only_look_like_programs_words_pass(name: str) -> None:
    assert judged(replace(STACK, secret_names=("DB_PASSWORD", name))) == []


BAD = {
    "a stack's name that climbs": replace(STACK, name="../shop"),
    "a stack's name of a release": replace(STACK, name="shop-r7"),
    "a stack's name with a release in it": replace(STACK, name="shop-r7-eu"),
    "a stack's name of the guard's folder": replace(STACK, name="guard"),
    "a stack's name of the files' folder": replace(STACK, name="files"),
    "a service that calls itself another": web(name="other"),
    "a service's name that climbs": replace(STACK, services={"../x": replace(WEB, name="../x", depends_on={})}),
    "a service's name with an option": replace(STACK, services={"--all": replace(WEB, name="--all", depends_on={})}),
    "a volume's name that climbs": replace(STACK, volumes=("data", "../other")),
    "a volume's name with an option": replace(STACK, volumes=("data", "a b --driver x")),
    "a network's name that climbs": web(networks={"../x": ()}),
    "an alias with a blank": web(networks={"app": ("a b",)}),
    "a secret's file that climbs": replace(STACK, secret_files={UP: "DB_PASSWORD"}),
    "a secret's file that is a folder": replace(STACK, secret_files={"..": "DB_PASSWORD"}),
    "a secret's name that is no variable": replace(STACK, secret_names=("DB_PASSWORD", "A=B")),
    "a secret that chooses Docker's host": replace(STACK, secret_names=("DB_PASSWORD", "DOCKER_HOST")),
    "a secret that chooses Compose's files": replace(STACK, secret_names=("DB_PASSWORD", "COMPOSE_FILE")),
    "a secret that loads a library": replace(STACK, secret_names=("DB_PASSWORD", "LD_PRELOAD")),
    "a secret that chooses programs": replace(STACK, secret_names=("DB_PASSWORD", "PATH")),
    "a secret that chooses Docker's settings": replace(STACK, secret_names=("DB_PASSWORD", "HOME")),
    "a secret's file of a secret nobody declared": replace(STACK, secret_files={"password": "NOSUCH"}),
    "a secret nobody declared": web(secrets=(SecretUse("other", "/run/secrets/x"),)),
    "a secret that is put beside": web(secrets=(SecretUse("password", "/run/../etc/x"),)),
    "a file that climbs": replace(STACK, files={**STACK.files, f"conf/{UP}": "* * * * * root sh"}),
    "a file with an absolute path": replace(STACK, files={**STACK.files, "/etc/cron.d/x": "x"}),
    "a file that begins at home": replace(STACK, files={**STACK.files, "": "x"}),
    "a file with a dot": replace(STACK, files={**STACK.files, "conf/./x": "x"}),
    "a file with a line break": replace(STACK, files={**STACK.files, "conf/a\nb": "x"}),
    "a file a secret names": replace(STACK, files={**STACK.files, "conf/${X}": "x"}),
    "a program that is no file": replace(STACK, programs=("bin/sh",)),
    "a mount that climbs": mounted("bind", "/x", "../../secrets"),
    "a mount that climbs late": mounted("bind", "/x", "conf/../../../../secrets"),
    "a mount of the host": mounted("bind", "/x", "/etc"),
    "a mount of the stack's own folder": mounted("bind", "/x", "."),
    "a mount of what is not shipped": mounted("bind", "/x", "other"),
    "a mount a secret names": mounted("bind", "/x", "${DB_PASSWORD}"),
    "a mount onto a path that climbs": mounted("bind", "/x/../../etc", "conf"),
    "a mount onto no path": mounted("bind", "x", "conf"),
    "a mount with options": mounted("bind", "/x", "conf", propagation="shared"),
    "another stack's volume": mounted("volume", "/x", "other_pg"),
    "a volume by its path": mounted("volume", "/x", "/var/lib/docker"),
    "a volume's driver": mounted("volume", "/x", "data", driver_opts={"device": "/"}),
    "a volume's folder that climbs": mounted("volume", "/x", "data", subpath="../../x"),
    "a tmpfs with a source": mounted("tmpfs", "/x", "/etc"),
    "a link in the making": web(
        mounts=(Mount("bind", "/a", "conf"), Mount("bind", "/b", "conf/app.conf", read_only=True)), secrets=()
    ),
    "an image that is an option": web(image="--help"),
    "an image with a blank": web(image="a:1 b"),
    "a pin that is no digest": replace(STACK, pins={"a:1": "sha256:1 --x"}),
    "a pin of an option": replace(STACK, pins={"--x": f"sha256:{'0' * 64}"}),
    "a wait for nobody": web(depends_on={"nobody": "service_healthy"}),
    "a condition of its own": web(depends_on={"db": "service_hacked"}),
    "a route's path that ends a line": routed(path='/a"; include /etc/shadow; #'),
    "a route's path with a line break": routed(path="/a\n"),
    "a route's path without slash": routed(path="api"),
    "a route to nobody's domain": routed(domain="other"),
    "a route's port": routed(port=0),
    "a limit's key that is nginx": routed(rate=Rate(by="header:x; alias /etc/; #")),
    "a limit of nothing": routed(rate=Rate(requests=0)),
    "a body of less than nothing": routed(body_mb=-1),
    "a health path with a line break": web(health=Health("/\r\nHost: x")),
    "a health port": web(health=Health("/", port=70000)),
    "assets that climb": web(assets=Assets("/app/../../etc", "/static/")),
    "assets' path": web(assets=Assets("/app", '/"')),
    "a public path": web(public=Public('/a"b', {})),
    "a schedule with a command": replace(
        STACK, services={**STACK.services, "job": replace(JOB, task=Task("schedule", schedule="* * * * * root sh"))}
    ),
    "a task without an end": replace(
        STACK, services={**STACK.services, "job": replace(JOB, task=Task("demand", timeout_seconds=10**9))}
    ),
    "too many replicas": web(scale=Scale(1, 10_000)),
    "a question that waits less than nothing": web(health=Health("/", timeout_seconds=-5)),
    "a start without an end": web(health=Health("/", start_seconds=10**9)),
    "questions without a pause": web(health=Health("/", interval_seconds=0)),
    "a share of more than all": web(scale=Scale(1, 2, cpu_ratio=7)),
    "a stop without an end": web(stop_grace_seconds=10**9),
    "no memory limit": web(compose={}),
    "a memory limit that Docker is not told": web(memory_mb=32),
    "a memory limit in words": web(compose={"deploy": {"resources": {"limits": {"memory": "64m"}}}}),
    "two memory limits": web(compose={**LIMITS, "mem_limit": str(1 << 40)}),
    "a domain that ends a line": domain(name="shop.example; include x"),
    "a domain that climbs": domain(name="a/../b"),
    "a redirect that ends a line": domain(redirect_from=("a; b",)),
    "an origin": domain(cors=Cors(('https://a"; b',))),
    "a method": domain(cors=Cors(methods=("GET; x",))),
    "a header": domain(headers=Headers(content_security_policy="a\nb")),
    "a header with a variable": domain(headers=Headers(permissions_policy="$request_body")),
    "a network that ends a line": domain(access=Access(("10.0.0.0/8; allow all",))),
    "a network with a card's name": domain(access=Access(("fe80::1%x;allow",))),
    "a network in words": domain(access=Access(("all",))),
    "a network that is too wide": domain(access=Access(("10.0.0.0/33",))),
    "a password's name": domain(access=Access(password="a b")),
    "a query value to hide": replace(STACK, mask_query=('a"; x',)),
    "a port to open": replace(STACK, egress_ports=(0,)),
    "a variable's name": replace(STACK, variables={"A\x1b[2J": "x"}),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_what_leads_out_of_a_stack_is_refused_whoever_asks(what: str) -> None:
    assert judged(BAD[what]) != []


def test_a_folder_may_be_changed_from_inside_where_nothing_below_it_is_mounted() -> None:
    both = (Mount("bind", "/a", "conf"), Mount("bind", "/b", "conf"))
    assert judged(web(mounts=both)) == []


def test_secrets_that_nobody_declared_are_refused() -> None:
    assert malformed(STACK, {"DB_PASSWORD": "x"}) == []
    assert malformed(STACK, {"LD_PRELOAD": "/x.so"}) == ["the secret 'LD_PRELOAD' came along without being declared"]


def test_half_a_character_pair_is_refused_and_a_whole_one_passes() -> None:
    whole, half = "\U0001f600", "\ud83d"
    assert judged(replace(STACK, variables={"A": whole})) == []
    assert judged(replace(STACK, variables={"A": half})) == ["one of its texts, or a secret, is no Unicode text"]
    assert malformed(STACK, {"DB_PASSWORD": half}) == ["one of its texts, or a secret, is no Unicode text"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(judged(replace(web(image="--x", networks={"..": ()}), name="..", volumes=("..", "data")))) == 4
