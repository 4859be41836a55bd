"""What a check prints, what the play's door answers, and what loading costs."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slipway import check
from slipway.codec import from_json, to_json
from slipway.model import Stack
from tests.unit.load.project import Project

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "inventory/lab"
COST = """
import sys, time
from pathlib import Path
started = time.process_time()
from slipway.load import load_environment
load_environment(Path("inventory/lab"), Path("compose"))
cost = time.process_time() - started
print(cost, *sorted({name.split(".")[0] for name in sys.modules} & {"ansible", "jinja2", "fabric"}))
"""


def test_a_check_says_what_is_accepted(project: Project) -> None:
    project.base({"services/api/build": ".", "services/api/x-slipway/assets": {"directory": "/a", "path": "/b/"}}, {})
    environment = project.load()
    text = check.as_text(environment)
    assert text.startswith("shop: accepted (1 web, 1 worker, 1 task, 1 store) for shop.example.org\nleft aside:\n")
    assert "\n  assets: compose/shop/compose.yml:" in text
    found = check.as_json(environment)
    assert json.loads(json.dumps(found))["stacks"]["shop"]["services"]["store"] == ["db"]
    assert [note["path"] for note in found["ignored"]] == ["services.api.build"]


def test_a_stack_travels_as_json(project: Project) -> None:
    project.base({"services/api/environment": {"A": "$$x"}}, {})
    stack = project.stack()
    assert from_json(Stack, json.loads(json.dumps(to_json(stack)))) == stack


def play(project: Project, *options: str) -> "subprocess.CompletedProcess[str]":
    project.write("hosts.yml", "all: {hosts: {one: {ansible_host: 192.0.2.1}, two: {ansible_host: 192.0.2.2}}}")
    task = f"check_stacks: {{inventory: {project.root}/inventory/test, compose: {project.root}/compose}}"
    tasks = f"[{{name: Check, {task}, run_once: true, delegate_to: localhost}}]"
    book = f"- {{name: Check, hosts: all, gather_facts: false, tasks: {tasks}}}"
    project.write("book.yml", book)
    return ansible(project, "-i", "hosts.yml", "book.yml", *options)


def ansible(project: Project, *options: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("ansible-playbook")
    env = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "HOME": str(project.root), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run([str(program), *options], cwd=project.root, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "options",
    [[], ["--limit", "two"], ["--tags", "users"], ["--limit", "one", "--tags", "docker,stack", "--check"]],
    ids=" ".join,
)
def test_no_limit_and_no_tag_leads_past_the_check_to_a_host(project: Project, options: list[str]) -> None:
    text = (ROOT / "inventory/lab/group_vars/all/stacks.yml").read_text()
    project.inventory(text.replace('RELEASE: "1.0.0"', "RELEASE: stable"))
    project.inventory((ROOT / "inventory/lab/group_vars/all/ssh.yml").read_text(), "ssh.yml")
    nowhere = "{ansible_host: 127.0.0.1, ansible_port: 9}"
    project.write("inventory/test/hosts.yml", f"all: {{hosts: {{one: {nowhere}, two: {nowhere}}}}}")
    done = ansible(project, "-i", "inventory/test", str(ROOT / "site.yml"), *options)
    assert done.returncode == 2
    assert "services.api.image: `:stable` is a floating tag" in done.stdout
    assert "`RELEASE` is `stable` in inventory/test/group_vars/all/stacks.yml:" in done.stdout
    assert "no host was touched" in done.stdout
    assert "UNREACHABLE" not in done.stdout
    assert "unreachable=1" not in done.stdout


def test_a_play_needs_the_keys_that_the_inventory_names(project: Project) -> None:
    project.base({}, {"admins": {"ann": {"keys": ["~/ann.pub"]}}, "acme": {"server": "https://a.b/dir", "ca_file": "ca.pem"}})
    assert project.faults() == []
    done = play(project)
    assert done.returncode == 2
    assert "admins.ann.keys[0]: ~/ann.pub: No such file or directory" in done.stdout
    assert "acme.ca_file: `ca.pem` is not there" in done.stdout
    project.write("ann.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ann")
    project.write("ca.pem", "x")
    assert play(project).returncode == 0


def test_a_play_shows_all_faults_and_no_traceback(project: Project) -> None:
    project.base({"services/api/image": "acme/api:latest", "services/worker/image": "acme/api"}, {})
    done = play(project, "--check", "--limit", "one")
    assert done.returncode == 2
    assert "floating tag" in done.stdout
    assert "has no tag" in done.stdout
    assert "2 faults; no host was touched" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_play_passes_what_is_right_in_check_mode_too(project: Project) -> None:
    project.base({}, {"admins": {"ann": {"keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ann"]}}})
    done = play(project, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=0" in done.stdout


@pytest.mark.skipif(not DEMO.is_dir(), reason="the lab's inventory is not there")
def test_the_demo_loads_without_ansible_and_at_once() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", COST], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(3)
    ]
    assert all(run[1:] == [] for run in runs)
    assert min(float(run[0]) for run in runs) < 0.5


def test_a_large_stack_loads_at_once(project: Project) -> None:
    service = "{image: 'a:1', healthcheck: {test: x}, mem_limit: 1g, environment: {A: '${A}'}}"
    project.stack_file("services:\n" + "\n".join(f"  s{n}: {service}" for n in range(120)))
    project.inventory("stacks: {shop: {compose: shop, variables: {A: x}}}")
    started = time.process_time()
    assert len(project.stack().services) == 120
    assert time.process_time() - started < 1
