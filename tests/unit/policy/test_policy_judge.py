"""What a host was told against what a request asks."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from slipway.codec import from_json, to_json
from slipway.load import load_environment
from slipway.model import Access, Domain, Mount, Service, Stack
from slipway.policy.grants import Policy, policy_of
from slipway.policy.judge import breaches

ROOT = Path(__file__).resolve().parents[3]
INVENTORIES = ("inventory/lab", "inventory/fleet", "inventory/systems", "molecule/inventory/test")
LIMITS = {"deploy": {"resources": {"limits": {"memory": str(64 << 20)}}}}
WEB = Service(name="web", image="registry.example/shop/web:1", compose=LIMITS, memory_mb=64)
STACK = Stack(
    name="shop",
    services={"web": WEB},
    secret_names=("DB_PASSWORD",),
    files={"conf/a": "x"},
    domains={"site": Domain("shop.example", access=Access(("10.0.0.0/8", "192.0.2.7")))},
)
POLICY = policy_of({"shop": STACK})


def web(**changes: object) -> Stack:
    return replace(STACK, services={"web": replace(WEB, **changes)})  # type: ignore[arg-type] # fields by name


def domain(**changes: object) -> Stack:
    return replace(STACK, domains={"site": replace(STACK.domains["site"], **changes)})  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize("inventory", [name for name in INVENTORIES if (ROOT / name).is_dir()])
def test_what_an_admin_ran_passes_as_it_is(inventory: str) -> None:
    stacks = load_environment(ROOT / inventory, ROOT / "compose").stacks
    policy = from_json(Policy, to_json(policy_of(stacks)))
    assert stacks
    assert [breaches(policy, from_json(Stack, to_json(stack)), {}) for stack in stacks.values()] == [[]] * len(stacks)


def test_a_new_version_with_new_words_for_the_container_passes() -> None:
    new = replace(
        WEB,
        image="registry.example/shop/web:2.0",
        compose={**LIMITS, "command": ["serve"], "environment": {"A": "1"}, "labels": {"team": "shop"}},
        replicas=3,
    )
    job = replace(new, name="job", replicas=1)
    assert breaches(POLICY, replace(STACK, services={"web": new, "job": job}, volumes=("new",)), {"DB_PASSWORD": "x"}) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (replace(STACK, name="other"), "no stack called 'other'"),
        (replace(STACK, production=True), "`production: true`"),
        (replace(STACK, secret_names=("DB_PASSWORD", "API_KEY")), "secret API_KEY"),
        (web(image="evil.example/shop/web:1"), "image evil.example/shop/web:1: granted are registry.example/shop/web"),
        (web(image="registry.example/shop/web/more:1"), "image registry.example/shop/web/more:1"),
        (web(image="slipway.local/other/api:r3"), "image slipway.local"),
        (web(mounts=(Mount("bind", "/s", "/var/run/docker.sock"),)), "mount /var/run/docker.sock: it is a path of the host"),
        (web(mounts=(Mount("bind", "/s", "conf"),)), "mount conf: it may be changed from inside"),
        (web(exceptions={"backup": "no need"}), "exception `backup`"),
        (domain(name="bank.example"), "bank.example was not granted"),
        (domain(redirect_from=("bank.example",)), "bank.example was not granted"),
        (domain(access=Access()), "it was granted for 10.0.0.0/8, 192.0.2.7 only"),
        (domain(access=Access(("0.0.0.0/0",))), "only"),
        (domain(access=Access(("10.0.0.0/8",), password="DB_PASSWORD")), "its password"),
        (replace(STACK, egress_ports=(25,)), "`egress_ports: 25`"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_what_was_not_granted_is_refused(asked: Stack, said: str) -> None:
    found = breaches(POLICY, asked, {})
    assert len(found) == 1
    assert said in found[0]


def test_less_than_what_was_granted_passes() -> None:
    assert breaches(POLICY, domain(access=Access(("192.0.2.7",))), {}) == []
    assert breaches(POLICY, replace(STACK, egress_ports=(443,), secret_names=()), {}) == []


def test_what_an_admin_let_reach_beyond_passes_for_that_service() -> None:
    mounts = (Mount("bind", "/s", "/var/run/docker.sock"), Mount("bind", "/c", "conf"))
    asked = web(mounts=mounts, exceptions={"docker_socket": "it watches"})
    assert breaches(policy_of({"shop": asked}), asked, {}) == []


def test_outgoing_ports_never_grow() -> None:
    granted = policy_of({"shop": replace(STACK, egress_ports=(443, 25))})
    assert breaches(granted, replace(STACK, egress_ports=(443,)), {}) == []
    assert breaches(granted, replace(STACK, egress_ports=(443, 80)), {}) == ["`egress_ports: 80`: it was not granted"]
    assert breaches(granted, STACK, {}) == ["`egress_ports` is empty: it was granted for 25, 443"]


def test_a_breach_is_one_printable_line() -> None:
    ugly = "a\x1b[31m\nb" + "x" * 500
    found = breaches(POLICY, replace(domain(name=ugly), services={ugly: WEB}, secret_names=(ugly,)), {})
    assert len(found) > 4
    assert all(line.isprintable() and len(line) <= 400 for line in found)


# A new word must be decided upon: does it reach beyond the stack's own containers?
DECIDED = {
    Stack: "name services networks volumes secret_files secret_names variables pins files programs production domains watch "
    "canary metrics alerts egress_ports mask_query",
    Service: "name image compose networks mounts secrets depends_on profiles replicas order stop_grace_seconds memory_mb routes "
    "health assets public scale queue connections scrape task store backup exceptions",
    Domain: "name redirect_from cors headers access",
    Mount: "type target source read_only options",
}


@pytest.mark.parametrize("kind", DECIDED)
def test_every_word_of_a_stack_was_decided_upon(kind: type) -> None:
    assert {spec.name for spec in fields(kind)} == set(DECIDED[kind].split())
