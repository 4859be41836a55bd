"""Who may deploy may do nothing else: escapes over a deployer's own SSH session, each refused and nothing changed."""

import copy
import hashlib
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from slipway import lab, local_command, request
from slipway.codec import to_json
from slipway.load import load_environment
from slipway.load.secrets import secret_values
from slipway.policy.grants import policy_of

from .demo_site import ROOT, Site
from .test_deploy import put_files_in_charge

Words = dict[str, Any]
CLAIM = "root@somewhere"
UP = "../../../../../.."
# What a deployer must not be able to change: root's files, but for its records of releases and certificates that become due ...
FILES = (
    r"find /etc /root /home /usr/local /var/spool -xdev \( -path /etc/slipway/secrets -o -path /etc/letsencrypt "
    r"-o -path /etc/ssl \) -prune -o ! -type d ! -name '*.pyc' -printf '%p %s %C@ %m %u\n'"
)
# ... and what runs: an old release may still go, but nothing comes.
RUNS = (
    "docker ps --all --no-trunc --format {{.ID}}_{{.Names}}; docker volume ls --quiet; docker network ls --quiet;"
    "grep -v -e overlay -e ' /run/user/' -e ' /run/docker/netns/' /proc/mounts; grep current /var/lib/slipway/demo/serving.json"
)


def as_deployer(
    site: Site, command: str, *options: str, words: Mapping[str, Any] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Send a command to the host over the deploy user's SSH, words of a request on standard input."""
    fixed = (
        "BatchMode=yes",
        "ControlPath=none",
        "ConnectTimeout=8",
        "IdentitiesOnly=yes",
        f"UserKnownHostsFile={lab.known_hosts()}",
    )
    argv = ["ssh", "-F", "none", "-i", str(lab.folder() / "id_ed25519"), "-p", str(site.host.ssh_port), *options]
    argv += [word for option in fixed for word in ("-o", option)]
    said = json.dumps(words) if words is not None else ""
    return subprocess.run(
        [*argv, "deploy@127.0.0.1", command], input=said, capture_output=True, text=True, check=False, timeout=600
    )


def answer(run: "subprocess.CompletedProcess[str]") -> Words:
    """Return the engine's answer: the last line."""
    found: Words = json.loads(run.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def asked(site: Site) -> Words:
    """Return the request for what serves, as a deployer's controller would make it."""
    environment = load_environment(site.inventory, ROOT / "compose")
    run = partial(local_command.ask_all, folder=ROOT)
    values = secret_values(environment, "demo", None, run)
    return request.request(environment.stacks["demo"], values, request.Origin(CLAIM), "an escape", base=False)


@pytest.fixture
def untouched(site: Site) -> Iterator[None]:
    """Hold the host to what it was before."""
    files, runs = (set(site.shell(command).splitlines()) for command in (FILES, RUNS))
    yield
    assert set(site.shell(FILES).splitlines()) == files
    assert set(site.shell(RUNS).splitlines()) <= runs


def beat(words: Words) -> Words:
    """Return the service that is easiest to change: it has no route."""
    found: Words = words["stack"]["services"]["beat"]
    return found


def says(**compose: Any) -> Callable[[Words], None]:
    """Return the change that puts Compose keys on a service."""
    return lambda words: beat(words)["compose"].update(compose)


def mounts(kind: str, source: str, **more: Any) -> Callable[[Words], None]:
    """Return the change that mounts something more."""
    return lambda words: beat(words)["mounts"].append({"type": kind, "target": "/mnt", "source": source, **more})


def ships(path: str, text: str = "* * * * * root touch /root/owned\n") -> Callable[[Words], None]:
    """Return the change that ships a file, mounted so that it is written."""

    def change(words: Words) -> None:
        words["stack"]["files"] = {"conf/app.conf": "x", path: text}
        mounts("bind", "conf", read_only=True)(words)

    return change


def secret_at(path: str) -> Callable[[Words], None]:
    """Return the change that has a secret's value written to a path."""

    def change(words: Words) -> None:
        words["stack"]["secret_files"][path] = "DB_PASSWORD"
        beat(words)["secrets"] = [{"source": path, "target": "/run/secrets/x"}]

    return change


def steers(name: str, value: str) -> Callable[[Words], None]:
    """Return the change that hands root's commands a variable of the environment."""

    def change(words: Words) -> None:
        words["secrets"][name] = value
        words["stack"]["secret_names"] = sorted([*words["stack"]["secret_names"], name])

    return change


def routes(**route: Any) -> Callable[[Words], None]:
    """Return the change of a route's words."""
    return lambda words: words["stack"]["services"]["web"]["routes"][0].update(route)


def renamed(words: Words) -> None:
    """Have a service climb out of the stack's folder."""
    services = words["stack"]["services"]
    services["../../x"] = {**services.pop("beat"), "name": "../../x"}


ESCAPES: dict[str, tuple[Callable[[Words], None], str]] = {
    "a folder of the host": (mounts("bind", "/etc"), "not shipped with the stack"),
    "a right of root": (says(cap_add=["SYS_ADMIN"]), "`cap_add: SYS_ADMIN`"),
    "privileged": (says(privileged=True), "`privileged: True`"),
    "the host's network": (says(network_mode="host"), "`network_mode: host`"),
    "the host's processes": (says(pid="host"), "`pid: host`"),
    "the Docker socket": (mounts("bind", "/var/run/docker.sock"), "a path of the host"),
    "the Docker socket by its own word": (says(use_api_socket=True), "`use_api_socket: True`"),
    "the Docker socket as a log": (
        says(logging={"driver": "fluentd", "options": {"fluentd-address": "unix:///var/run/docker.sock"}}),
        "this driver writes",
    ),
    "another stack's volume": (mounts("volume", "other_pg"), "is not one of the stack's own"),
    "a folder as a volume": (lambda words: words["stack"]["volumes"].append("../../etc"), "is no name for a volume"),
    "another registry": (lambda words: beat(words).update(image="10.212.0.10:5000/slipway-demo/app:1.0.0"), "image 10.212.0.10"),
    "another stack's image": (lambda words: beat(words).update(image="slipway.local/other/api:r1"), "image slipway.local"),
    "an option for an image": (lambda words: beat(words).update(image="--help"), "is no image"),
    "a device": (says(devices=["/dev/sda:/dev/sda:rwm"]), "`devices: /dev/sda"),
    "a seccomp profile": (says(security_opt=["seccomp=unconfined"]), "`security_opt: seccomp"),
    "a build": (says(build={"context": "/"}), "`build` is not a key"),
    "another file's service": (says(extends={"file": "/etc/passwd"}), "`extends` is not a key"),
    "a command outside": (says(post_start=[{"command": "x", "privileged": True}]), "`post_start` is not a key"),
    "a cron job as a file": (ships(f"conf/{UP}/etc/cron.d/owned"), "is no path below"),
    "the policy as a file": (ships(f"conf/{UP}/etc/slipway/policy.json", "{}"), "is no path below"),
    "a cron job as a secret": (secret_at(f"{UP}/etc/cron.d/owned"), "is no name for a secret's file"),
    "a library for root's commands": (steers("LD_PRELOAD", "/mnt/x.so"), "'LD_PRELOAD' is no name for a secret"),
    "another engine for root's commands": (steers("DOCKER_HOST", "tcp://192.0.2.7:1"), "'DOCKER_HOST' is no name for a secret"),
    "words for nginx in a path": (routes(path='/x"; include /etc/shadow; #', strip_path=True), "is no path of a URL"),
    "words for nginx in a limit": (routes(rate={"by": "header:x; include /etc/shadow; #"}), "is no key of a limit"),
    "another domain": (lambda words: words["stack"]["domains"]["site"].update(name="api.spare.localhost"), "was not granted"),
    "mail to the world": (lambda words: words["stack"].update(egress_ports=[25]), "`egress_ports: 25`"),
    "a service that climbs": (renamed, "is no name for a service"),
    "another stack": (lambda words: words["stack"].update(name="../demo"), "is no name for a stack"),
    "stores that restart": (lambda words: words.update(base=True), "stores restart by an admin's run only"),
}


TEN = (
    "a folder of the host",
    "a right of root",
    "privileged",
    "the host's network",
    "the Docker socket",
    "another stack's volume",
    "another registry",
    "a cron job as a file",
    "the policy as a file",
    "a library for root's commands",
)


def refused(site: Site, asked: Words, verb: str, name: str) -> None:
    """Hold an escape to its refusal."""
    change, said = ESCAPES[name]
    words = copy.deepcopy(asked)
    change(words)
    run = as_deployer(site, f"sudo -n /usr/local/sbin/slipway {verb} {words['stack']['name']}", words=words)
    assert run.returncode == 5, f"{name}: {run.stdout}{run.stderr}"
    assert said in answer(run)["error"], f"{name}: {run.stdout}"
    assert "next: " in answer(run)["error"], name


def test_ten_escapes_of_a_deployer_are_refused_and_nothing_changes(site: Site, asked: Words, untouched: None) -> None:
    for name in TEN:
        refused(site, asked, "submit", name)
    entries = [json.loads(line) for line in site.shell("cat /var/lib/slipway/demo/journal.jsonl").splitlines()]
    assert {entry["who"] for entry in entries if entry.get("why") == "an escape"} == {f"lab as deploy ({CLAIM})"}


@pytest.mark.usefixtures("untouched")
def test_a_preview_refuses_every_escape_too(site: Site, asked: Words) -> None:
    for name in set(ESCAPES) - set(TEN):
        refused(site, asked, "plan", name)


@pytest.mark.sweep
@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("verb", ["plan", "submit"])
@pytest.mark.parametrize("name", ESCAPES)
def test_each_escape_is_refused_in_preview_and_run(site: Site, asked: Words, verb: str, name: str) -> None:
    refused(site, asked, verb, name)


COMMANDS = (
    "",
    "id",
    "sudo -n id",
    "sudo -n -u root sh -c 'touch /root/owned'",
    "sudo -n /usr/local/sbin/slipway run demo",
    "sudo -n /usr/local/sbin/slipway resume",
    "sudo -n /usr/local/sbin/slipway-deploy root status",
    "sudo -n PATH=/home/deploy /usr/local/sbin/slipway status",
    "sudo -n -E /usr/local/sbin/slipway status",
    "PATH=/home/deploy slipway status",
    "PYTHONPATH=/home/deploy slipway status",
    "slipway status; touch /home/deploy/owned",
    "slipway status $(touch /home/deploy/owned)",
    "slipway status `touch /home/deploy/owned`",
    "slipway logs demo --tail '$(touch /root/owned)'",
    "slipway logs demo --since=--help --service beat --tail=-1x",
    "slipway logs ../demo",
    "slipway journal ../../../etc",
    "slipway journal demo-r1",
    "slipway submit ../demo",
    "slipway plan /etc",
    "slipway --help",
    "slipway -- run demo",
    "tee /etc/slipway/policy.json",
    "scp -t /etc/slipway/policy.json",
    "/usr/lib/openssh/sftp-server",
    "bash -i",
    "docker ps",
)


@pytest.mark.usefixtures("untouched")
def test_the_deploy_users_session_takes_its_verbs_and_nothing_else(site: Site) -> None:
    assert as_deployer(site, "slipway status --json").returncode == 0
    assert "demo: release" in as_deployer(site, "sudo -n /usr/local/sbin/slipway status").stdout
    for command in COMMANDS:
        run = as_deployer(site, command)
        assert run.returncode != 0, f"{command}: {run.stdout}"
        assert "uid=" not in run.stdout
        assert "Traceback" not in run.stderr, f"{command}: {run.stderr}"
    forwarded = as_deployer(site, "", "-W", "127.0.0.1:22")
    assert forwarded.returncode != 0
    assert "SSH-2.0" not in forwarded.stdout
    inherited = as_deployer(site, "slipway status --json", "-o", "SetEnv=LD_PRELOAD=/x PYTHONPATH=/home/deploy LC_ALL=../../x")
    assert inherited.returncode == 0
    assert "ERROR" not in inherited.stderr
    listed = site.shell("sudo -l -U deploy").rpartition("NOPASSWD:")[2]
    assert listed.strip() == "/usr/local/sbin/slipway-deploy"


def test_an_account_of_the_deploy_user_without_its_key_gets_no_further(site: Site) -> None:
    """Whoever is that user already, by whatever way, has the same one command and its environment goes nowhere."""
    tries = (
        "sudo -n id",
        "sudo -n /usr/local/sbin/slipway status",
        "sudo -n /usr/local/sbin/slipway-deploy x run demo",
        "sudo -n LD_PRELOAD=/x /usr/local/sbin/slipway-deploy x status",
        "sudo -n -E /usr/local/sbin/slipway-deploy x status",
        "sudo -n -u ops id",
        "sudo -n -D /home/deploy /usr/local/sbin/slipway-deploy x status",
        "cat /etc/slipway/secrets/demo/*/values.json",
        "cat /var/lib/slipway/demo/journal.jsonl",
        "docker ps",
        "echo x >>/etc/slipway/policy.json",
        "echo x >>/etc/ssh/authorized_keys.d/deploy",
        "ln -sf /home/deploy /usr/local/lib/slipway/current",
    )
    for command in tries:
        assert by_deploy(site, f"{command} >/dev/null 2>&1; echo $?").strip() != "0", command
    script = "#!/bin/sh\\ntouch /root/owned\\n"
    by_deploy(site, f"mkdir -p bin; printf '{script}' >bin/docker; chmod +x bin/docker")
    tried = "PATH=/home/deploy/bin:$PATH sudo -n /usr/local/sbin/slipway-deploy x logs demo --tail 1"
    by_deploy(site, f"{tried} || true")  # refused or not
    site.shell("rm -r /home/deploy/bin; ! test -e /root/owned")


def by_deploy(site: Site, command: str) -> str:
    """Run a shell command as the deploy user, past SSH."""
    return site.shell(f"cd /home/deploy && su -s /bin/sh deploy -c {shlex.quote(command)}")


def test_a_link_that_lies_in_the_way_is_not_followed(site: Site, asked: Words) -> None:
    text = "* * * * * root touch /root/owned\n"
    place = f"/var/lib/slipway/demo/base/files/{hashlib.sha256(f'conf/owned{chr(0)}{text}'.encode()).hexdigest()[:12]}"
    words = copy.deepcopy(asked) | {"verb": "deploy"}
    store = {**words["stack"]["services"]["redis"], "name": "extra", "mounts": [], "networks": {"data": []}}
    store["mounts"] = [{"type": "bind", "target": "/conf", "source": "conf", "read_only": True}]
    words["stack"]["services"]["extra"] = store
    words["stack"]["files"] = {"conf/owned": text}
    site.shell(f"mkdir -p {place} && ln -s /etc/cron.d {place}/conf")
    before = site.serving()["current"]
    run = as_deployer(site, "slipway submit demo", words=words)
    site.shell(f"rm -r {place}")
    assert run.returncode == 3, run.stdout
    assert "is no folder" in answer(run)["error"]
    assert site.shell("ls /etc/cron.d /root").count("owned") == 0
    assert site.serving()["current"] == before
    assert not [name for name in site.containers() if "extra" in name]


def test_the_policy_is_what_an_admins_run_wrote_and_only_root_changes_it(site: Site) -> None:
    stacks = load_environment(site.inventory, ROOT / "compose").stacks
    assert json.loads(site.shell("cat /etc/slipway/policy.json")) == to_json(policy_of(stacks))
    assert site.shell("stat -c '%U %a' /etc/slipway /etc/slipway/policy.json /usr/local/sbin/slipway-deploy").split() == [
        *("root", "755"),
        *("root", "644"),
        *("root", "755"),
    ]


def test_a_deployer_deploys_and_goes_back_and_the_journal_knows_who(baseline: Site, asked: Words, tmp_path: Path) -> None:
    changed = baseline.varied(tmp_path)
    number = baseline.serving()["current"]
    person = {"SLIPWAY_USER": "deploy", "SLIPWAY_KEY": str(lab.folder() / "id_ed25519")}
    argv = [str(ROOT / ".venv/bin/fab"), "deploy", "demo", "1.1.0", "--env", str(changed.inventory)]
    run = subprocess.run(argv, cwd=ROOT, env={**os.environ, **person}, capture_output=True, text=True, check=False, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    assert baseline.client().get("/").json()["release"] == "1.1.0"
    assert baseline.status()["who"].startswith("lab as deploy (")

    words = {name: value for name, value in asked.items() if name != "stack"} | {"why": "back"}
    policy = baseline.shell("cat /etc/slipway/policy.json")
    narrow = policy.replace("slipway-demo/app", "slipway-demo/other")
    baseline.shell(f"cp -p /etc/slipway/policy.json /root/policy.kept; cat >/etc/slipway/policy.json <<'E'\n{narrow}\nE")
    back = as_deployer(baseline, "slipway rollback demo", words=words)
    baseline.shell("mv /root/policy.kept /etc/slipway/policy.json")
    assert back.returncode == 5, back.stdout
    assert "granted are postgres, redis, slipway-demo/other" in answer(back)["error"]

    back = as_deployer(baseline, "slipway rollback demo", words=words)
    assert back.returncode == 0, back.stdout + back.stderr
    assert baseline.client().get("/").json()["release"] == "1.0.0"
    assert baseline.serving()["current"] > number + 1
    assert json.loads(as_deployer(baseline, "slipway releases demo").stdout)
    put_files_in_charge(baseline, tmp_path)
