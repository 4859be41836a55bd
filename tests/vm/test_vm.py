"""A real Debian 13 VM: what only its own kernel can show. Slow without KVM, so only `make test-all` runs it."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway import lab
from slipway.lab import vm

ROOT = Path(__file__).parents[2]
# An emulated processor is ten times slower.
PATIENCE = '"1.0.0"\n      START_SECONDS: 600\n      CHECK_SECONDS: 60\n      TASK_SECONDS: 600'
SWAPS = {
    '"1.0.0"': PATIENCE,
    "test.localhost": "vm.localhost",
    "    test:": "    vm:",
    "2202": str(vm.SSH_PORT),
    "8442": str(vm.HTTPS_PORT),
    "8082": str(vm.HTTP_PORT),
}


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - progress of a slow machine


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    copy = tmp_path_factory.mktemp("inventory") / "vm"
    shutil.copytree(ROOT / "molecule/inventory/test", copy)
    for path in copy.rglob("*.yml"):
        text = path.read_text()
        for old, new in SWAPS.items():
            text = text.replace(old, new)
        path.write_text(text)
    lab.up([], _say)
    lab.push(_say)
    vm.up(_say)
    yield copy
    vm.down(_say)


def playbook(inventory: Path) -> str:
    argv = [ROOT / ".venv/bin/ansible-playbook", "-i", inventory, "site.yml"]
    patient = {**os.environ, "ANSIBLE_TIMEOUT": "120"}
    run = subprocess.run(argv, cwd=ROOT, env=patient, capture_output=True, text=True, check=False, timeout=2400)
    assert run.returncode == 0, (run.stdout + run.stderr)[-4000:]
    return run.stdout


def asked(name: str, path: str) -> str:
    url = f"https://{name}:{vm.HTTPS_PORT}{path}"
    resolve = f"{name}:{vm.HTTPS_PORT}:127.0.0.1"
    argv = ["curl", "-sS", "--max-time", "30", "--cacert", str(lab.folder() / "ca.pem"), "--resolve", resolve, url]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def shell(command: str) -> str:
    ssh = ["ssh", "-i", str(lab.ssh_key()), "-o", f"UserKnownHostsFile={lab.known_hosts()}", "-p", str(vm.SSH_PORT)]
    return subprocess.run([*ssh, "ops@127.0.0.1", f"sudo {command}"], capture_output=True, text=True, check=False).stdout


def healthy() -> bool:
    answer = asked("api.vm.localhost", "/health")
    # While the application starts, the edge answers for it, in JSON too.
    return answer.startswith("{") and bool(json.loads(answer).get("status") == "healthy")


def wait_until(so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline
        time.sleep(3)


@pytest.mark.timeout(3600)
def test_a_real_vm_converges_serves_and_serves_again_after_reboot_and_power_cut(inventory: Path) -> None:
    playbook(inventory)
    assert healthy()
    assert "changed=0" in playbook(inventory)
    boot = shell("cat /proc/sys/kernel/random/boot_id")
    shell("systemctl reboot")
    wait_until(lambda: shell("cat /proc/sys/kernel/random/boot_id") not in ("", boot), 600)
    wait_until(healthy, 600)
    vm.kill(_say)
    vm.up(_say)
    wait_until(healthy, 600)
    assert "docker-default" in shell("cat /sys/kernel/security/apparmor/profiles")
