"""Every key of a Compose service: what is harmless, what needs a grant, what no request may hold."""

import re
from pathlib import Path
from typing import Any

import pytest

from slipway.codec import from_json, to_json
from slipway.load import keys
from slipway.model import Service, Stack
from slipway.policy.compose import RULES, keys_of
from slipway.policy.grants import Policy, policy_of
from slipway.policy.judge import breaches
from tests.compose import corpus

ROOT = Path(__file__).resolve().parents[3]
LIMITS = {"resources": {"limits": {"memory": str(64 << 20), "cpus": 0.5, "pids": 100}}}
NOTHING = object()

# Key -> what passes without a grant (NOTHING: no value does) and what does not.
CASES: dict[str, tuple[Any, Any]] = {
    "annotations": (NOTHING, {"org.systemd.property.TasksMax": "1"}),
    "attach": (True, "yes"),
    "blkio_config": (NOTHING, {"device_read_bps": [{"path": "/dev/sda", "rate": "1"}]}),
    "cap_add": ([], ["SYS_ADMIN"]),
    "cap_drop": (["ALL"], [{"a": 1}]),
    "cgroup": ("private", "host"),
    "cgroup_parent": (NOTHING, "/system.slice"),
    "command": (["sh", "-c", "echo ${DB_PASSWORD}"], {"file": "/etc/shadow"}),
    "cpu_period": (100_000, "x"),
    "cpu_quota": (50_000, -1),
    "cpu_rt_period": (NOTHING, 1000),
    "cpu_rt_runtime": (NOTHING, 950),
    "cpu_shares": (512, "x"),
    "cpus": (0.5, "${CPUS}"),
    "cpuset": ("0-1,3", "0/../1"),
    "deploy": (LIMITS, {"resources": {}, "mode": "global"}),
    "deploy.limits": (LIMITS, {"resources": {"limits": {"memory": str(64 << 20), "pids": -1}}}),
    "deploy.reservations": (
        {**LIMITS, "resources": {**LIMITS["resources"], "reservations": {"cpus": 0.1}}},
        {"resources": {**LIMITS["resources"], "reservations": {"memory": "all"}}},
    ),
    "deploy.reservations.devices": (
        NOTHING,
        {"resources": {**LIMITS["resources"], "reservations": {"devices": [{"capabilities": ["gpu"], "count": -1}]}}},
    ),
    "deploy.reservations.generic_resources": (
        NOTHING,
        {
            "resources": {
                **LIMITS["resources"],
                "reservations": {"generic_resources": [{"discrete_resource_spec": {"kind": "x"}}]},
            }
        },
    ),
    "device_cgroup_rules": ([], ["a *:* rwm"]),
    "devices": ([], ["/dev/sda:/dev/sda:rwm"]),
    "dns": (["192.0.2.53"], ["unix:/run/x"]),
    "dns_opt": (["ndots:2"], ["a b"]),
    "dns_search": (["example.org"], ["a b"]),
    "domainname": ("example.org", "a b"),
    "entrypoint": (["/bin/app"], [1]),
    "environment": ({"A": "${DB_PASSWORD}"}, {"A": None}),
    "expose": (["8000"], [{"a": 1}]),
    "extra_hosts": (["db.example=192.0.2.7"], ["db.example=host-gateway"]),
    "group_add": ([], ["docker"]),
    "healthcheck": ({"test": ["CMD", "true"], "interval": "5s", "retries": 3}, {"test": ["CMD", "true"], "exec": "host"}),
    "hostname": ("shop", "a b"),
    "init": (True, "true"),
    "ipc": ("private", "host"),
    "labels": ({"team": "shop"}, {"com.docker.compose.project": "other"}),
    "logging": (
        {"driver": "json-file", "options": {"max-size": "10m"}},
        {"driver": "fluentd", "options": {"fluentd-address": "unix:///var/run/docker.sock"}},
    ),
    "mem_limit": (str(64 << 20), "-1"),
    "mem_reservation": ("1048576", "-1"),
    "mem_swappiness": ("10", "101"),
    "memswap_limit": ("134217728", "-1"),
    "network_mode": ("none", "host"),
    "oom_kill_disable": (False, True),
    "oom_score_adj": (500, -1000),
    "pid": (NOTHING, "host"),
    "pids_limit": (100, -1),
    "platform": ("linux/amd64", "a b"),
    "ports": ([], [{"mode": "ingress", "target": 5432, "published": "5432", "host_ip": "192.0.2.7"}]),
    "privileged": (False, True),
    "read_only": (True, "no"),
    "runtime": (NOTHING, "runc-of-mine"),
    "security_opt": (["no-new-privileges:true"], ["seccomp=unconfined"]),
    "shm_size": ("67108864", "-1"),
    "stdin_open": (False, 1),
    "stop_signal": ("SIGTERM", "a b"),
    "storage_opt": ({}, {"size": "120G"}),
    "sysctls": ({}, {"kernel.core_pattern": "|/tmp/x"}),
    "tmpfs": (["/scratch", "/run:size=64m,mode=1777,noexec"], ["/dev:dev"]),
    "tty": (True, None),
    "ulimits": ({"nofile": {"soft": 1024, "hard": 2048}}, {"rtprio": 99}),
    "use_api_socket": (False, True),
    "user": ("1000:1000", "root"),
    "userns_mode": (NOTHING, "host"),
    "uts": (NOTHING, "host"),
    "working_dir": ("/app", ["/app"]),
}
GRANTABLE = sorted(key for key, rule in RULES.items() if rule.grantable)
INSIDE = sorted(set(RULES) - set(GRANTABLE))
REFUSED = sorted(keys.SERVICE - {"deploy"} - set(RULES))


def stack(**compose: Any) -> Stack:
    service = Service(name="web", image="registry.example/web:1", compose={"deploy": LIMITS, **compose}, memory_mb=64)
    return Stack(name="shop", services={"web": service})


def said(key: str, value: Any) -> Stack:
    return stack(**{"deploy" if key.startswith("deploy") else key: value})


def judged(policy: Policy, asked: Stack) -> list[str]:
    """Judge as a host does: both have been JSON."""
    return breaches(from_json(Policy, to_json(policy)), from_json(Stack, to_json(asked)), {})


BARE = policy_of({"shop": stack()})


def test_each_key_of_compose_has_a_case() -> None:
    assert set(CASES) == {*RULES, "deploy"}
    assert keys.SERVICE - set(REFUSED) - {"deploy"} == {key for key in RULES if "." not in key}


@pytest.mark.parametrize("key", sorted(key for key in CASES if CASES[key][0] is not NOTHING))
def test_what_stays_inside_the_container_needs_no_grant(key: str) -> None:
    assert judged(BARE, said(key, CASES[key][0])) == []


@pytest.mark.parametrize("key", sorted(CASES))
def test_what_reaches_beyond_is_refused_by_its_name(key: str) -> None:
    found = judged(BARE, said(key, CASES[key][1]))
    assert found
    assert f"`{key}" in found[-1]


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("max-size", ["10m", "1g", "500000", 4096, "10MB"], ["-1", "0", "0m", "999g", "10x", ""]),
        ("max-file", ["3", 1], ["0", "-1"]),
    ],
)
def test_a_log_stays_within_bounds(option: str, good: list[Any], bad: list[Any]) -> None:
    def found(value: Any) -> list[str]:
        return judged(BARE, said("logging", {"driver": "json-file", "options": {option: value}}))

    assert [value for value in good if found(value)] == []
    assert [value for value in bad if not found(value)] == []


@pytest.mark.parametrize("key", GRANTABLE)
def test_what_an_admin_ran_passes_and_nothing_else_does(key: str) -> None:
    granted = policy_of({"shop": said(key, CASES[key][1])})
    assert judged(granted, said(key, CASES[key][1])) == []
    assert judged(granted, stack()) == [], "less is always possible"
    assert judged(granted, said(key, {"slipway.other": "x"})) != []


@pytest.mark.parametrize("key", INSIDE)
def test_a_form_that_compose_does_not_take_is_granted_by_nobody(key: str) -> None:
    assert judged(policy_of({"shop": said(key, CASES[key][1])}), said(key, CASES[key][1])) != []


@pytest.mark.parametrize("key", REFUSED)
@pytest.mark.parametrize("value", ["x", True, {"file": "/etc/shadow"}, ["other"]])
def test_a_key_that_no_stack_file_leads_to_is_refused_whoever_asks(key: str, value: Any) -> None:
    assert f"service web: `{key}` is not a key that a stack file leads to" in judged(
        policy_of({"shop": said(key, value)}), said(key, value)
    )


@pytest.mark.parametrize("key", ["<<", "x-slipway", "unknown_of_a_later_compose", "Privileged", ""])
def test_an_unknown_key_is_refused(key: str) -> None:
    assert judged(BARE, stack(**{key: {"privileged": True}})) != []


@pytest.mark.parametrize("key", ["cap_add", "devices", "security_opt", "group_add"])
def test_what_a_secret_fills_in_is_granted_by_nobody(key: str) -> None:
    asked = said(key, ["${DB_PASSWORD}"])
    assert judged(policy_of({"shop": asked}), asked) != []


def test_a_grant_is_of_one_service_only() -> None:
    granted = policy_of({"shop": said("cap_add", ["NET_ADMIN"])})
    other = Service(
        name="api", image="registry.example/web:2", compose={"deploy": LIMITS, "cap_add": ["NET_ADMIN"]}, memory_mb=64
    )
    asked = Stack(name="shop", services={"api": other})
    assert judged(granted, asked) == ["service api: `cap_add: NET_ADMIN`: it gives the container a right of root"]


def test_every_part_that_goes_too_far_is_told() -> None:
    found = judged(BARE, stack(cap_add=["SYS_ADMIN", "NET_RAW"], privileged=True, pid="host"))
    assert len(found) == 4


@pytest.mark.parametrize("name", sorted(corpus.accepted()))
def test_whatever_a_stack_file_leads_to_can_be_granted(name: str) -> None:
    for service, asked in corpus.reading(corpus.accepted()[name]).config["services"].items():
        passed = {key: value for key, value in asked.items() if key in RULES}
        deploy = {"resources": asked["deploy"]["resources"]} if "resources" in asked["deploy"] else {}
        for key, value in keys_of({**passed, **({"deploy": deploy} if deploy else {})}):
            assert RULES[key].beyond(value, value if RULES[key].grantable else None) == [], f"{service}: {key}"


def test_the_guide_names_every_key() -> None:
    words = set(
        re.findall(r"`([a-z_.]+)`", (ROOT / "docs/trust.md").read_text(encoding="utf-8").replace("deploy.resources.", "deploy."))
    )
    assert {key for key in RULES if not key.startswith("deploy.reservations.")} <= words
