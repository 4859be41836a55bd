"""The five systems' folders on a host with Docker: Compose's own CLI accepts them; what needs no image of a team runs."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from slipway import lab

from .demo_site import ROOT, Site

SYSTEMS = ("epu", "palmistry", "policy", "propflow", "ps-labs-agent")
NEEDED = "docker compose version || { apt-get update -q && apt-get install -y -q docker-cli docker-compose; }"
REDISES = ("redis", "redis-replica", "sentinel-1", "sentinel-2", "sentinel-3")
STAND_INS = "".join(f"  {name}: {{image: 'redis:8'}}\n" for name in REDISES)


@dataclass(frozen=True, slots=True)
class Folders:
    """The systems' folders on a host, as git would bring them to a laptop."""

    container: str
    home: str

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        argv = ["docker", "exec", self.container, *command]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)

    def said(self, *command: str) -> str:
        run = self.run(*command)
        assert run.returncode == 0, run.stderr
        return run.stdout


def brought_to(container: str) -> Folders:
    paths = [f"compose/{system}" for system in SYSTEMS]
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *paths]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    packed = subprocess.run(["tar", "-c", "--null", "-T", "-"], cwd=ROOT, input=files, capture_output=True, check=True).stdout
    home = Folders(container, "").said("mktemp", "-d").strip()
    subprocess.run(["docker", "exec", "-i", container, "tar", "-x", "-C", home], input=packed, check=True)
    return Folders(container, f"{home}/compose")


@pytest.fixture(scope="module")
def laptop() -> Iterator[Folders]:
    """Return the folders on a host with the CLI; its daemon is not asked."""
    lab.up(["probe"], lambda _: None)
    folders = brought_to(lab.HOSTS["probe"].container)
    folders.said("sh", "-c", NEEDED)
    yield folders
    folders.said("rm", "-rf", folders.home)


@pytest.mark.parametrize("files", ["compose.yml compose.override.yml", "compose.yml"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_compose_accepts_the_folder_beside_its_env_without_a_word(laptop: Folders, system: str, files: str) -> None:
    chosen = [word for name in files.split() for word in ("--file", f"{laptop.home}/{system}/{name}")]
    home = ("--project-directory", f"{laptop.home}/{system}")
    run = laptop.run("docker", "compose", *home, *chosen, "--profile", "*", "config", "--quiet")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_its_env_compose_names_what_is_missing(laptop: Folders, system: str) -> None:
    stack_file = f"{laptop.home}/{system}/compose.yml"
    run = laptop.run("docker", "compose", "--env-file", "/dev/null", "--file", stack_file, "config", "--quiet")
    assert run.returncode != 0
    assert "required variable" in run.stderr


@dataclass(frozen=True, slots=True)
class Redises:
    """The Redis servers and sentinels of palmistry, on stand-in images."""

    folders: Folders

    def compose(self, *words: str) -> str:
        home = f"{self.folders.home}/palmistry"
        files = ("--file", f"{home}/compose.yml", "--file", f"{home}/stand-ins.yml")
        return self.folders.said("docker", "compose", "--project-name", "failover", *files, *words)

    def ask(self, name: str, *words: str) -> str:
        port = ("-p", "26379") if name.startswith("sentinel") else ()
        return self.compose("exec", "--no-TTY", name, "redis-cli", *port, *words)

    def primary(self) -> str:
        return self.ask("sentinel-2", "sentinel", "get-master-addr-by-name", "palmistry").split()[0]

    def wait_until(self, name: str, expected: str, *words: str) -> None:
        deadline = time.monotonic() + 60
        while expected not in (answer := self.ask(name, *words)):
            assert time.monotonic() < deadline, answer
            time.sleep(0.5)


@pytest.fixture
def redises(site: Site) -> Iterator[Redises]:
    """Return them running, and leave nothing behind."""
    folders = brought_to(site.host.container)
    folders.said("sh", "-c", f'printf "%s" "$1" > {folders.home}/palmistry/stand-ins.yml', "sh", f"services:\n{STAND_INS}")
    found = Redises(folders)
    found.compose("up", "--detach", "--wait", *REDISES)
    yield found
    found.compose("down", "--volumes")
    folders.said("rm", "-rf", folders.home)


@pytest.mark.sweep
def test_no_job_is_lost_with_the_primary_redis_and_roles_outlive_a_restart(redises: Redises) -> None:
    redises.wait_until("redis-replica", "master_link_status:up", "info", "replication")
    redises.wait_until("sentinel-2", "slaves=1,sentinels=3", "info", "sentinel")
    redises.ask("redis", "rpush", "celery", "one", "two", "three")
    redises.ask("redis", "wait", "1", "5000")
    redises.compose("kill", "redis")
    redises.wait_until("sentinel-2", "redis-replica", "sentinel", "get-master-addr-by-name", "palmistry")
    redises.wait_until("redis-replica", "role:master", "info", "replication")
    assert redises.ask("redis-replica", "rpush", "celery", "four").strip() == "4"
    redises.compose("up", "--detach", "--wait", "redis")
    redises.wait_until("redis", "master_link_status:up", "info", "replication")
    redises.compose("restart", *REDISES)
    redises.wait_until("redis", "master_link_status:up", "info", "replication")
    assert redises.primary() == "redis-replica"
    assert {redises.ask(name, "llen", "celery").strip() for name in ("redis", "redis-replica")} == {"4"}
